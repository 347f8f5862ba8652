package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// typist is a client that types words nobody else types, and remembers of each
// whether it was told that the word is saved.
type typist struct {
	name  int
	ready chan struct{} // closed once the server's state is here

	mu       sync.Mutex // guards what follows
	doc      *yjs.Doc
	conn     *websocket.Conn
	frames   uint64 // sync messages sent over conn
	pending  [][]byte
	words    []*word
	acks     []time.Duration
	unsaved  int    // times the server said that it cannot save
	reason   string // why, the last time
	live     bool
	readDone chan struct{}
}

type word struct {
	text  string
	frame uint64 // number of the message on its socket, 0 = not sent on this one
	sent  time.Time
	again bool // sent on a second socket: the time says nothing
	saved bool
}

func newTypist(name int) *typist {
	t := &typist{name: name, doc: yjs.NewDoc(yjs.Options{})}
	t.doc.OnUpdate(func(update []byte, origin any, _ *yjs.Transaction) {
		if origin == "typed" {
			t.pending = append(t.pending, update)
		}
	})
	return t
}

// connect opens a socket and keeps both documents the same.
func (t *typist) connect(ctx context.Context, s *server, user, record string) error {
	conn, _, err := websocket.Dial(ctx, s.Realtime+"/realtime/records/"+record, &websocket.DialOptions{
		Subprotocols: []string{"civicpress.realtime.v1", "auth." + s.Users[user].Token},
	})
	if err != nil {
		return err
	}
	conn.SetReadLimit(32 << 20)
	t.mu.Lock()
	t.conn, t.frames, t.live = conn, 0, true
	t.ready, t.readDone = make(chan struct{}), make(chan struct{})
	for _, w := range t.words {
		w.frame = 0
	}
	err = conn.Write(ctx, websocket.MessageBinary, protocol.AppendSyncStep1(nil, t.doc.EncodeStateVector()))
	t.mu.Unlock()
	go t.read(conn, t.ready, t.readDone)
	if err != nil {
		return err
	}
	select {
	case <-t.ready:
		return nil
	case <-t.readDone:
		return fmt.Errorf("typist %d: the socket closed before the document came", t.name)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drop lets go of the socket.
func (t *typist) drop() {
	t.mu.Lock()
	conn, done := t.conn, t.readDone
	t.conn, t.live = nil, false
	t.mu.Unlock()
	if conn != nil {
		_ = conn.CloseNow()
		<-done
	}
}

func (t *typist) read(conn *websocket.Conn, ready, done chan struct{}) {
	defer close(done)
	synced := false
	for {
		kind, b, err := conn.Read(context.Background())
		if err != nil {
			t.mu.Lock()
			if t.conn == conn {
				t.live = false
			}
			t.mu.Unlock()
			return
		}
		if kind == websocket.MessageText {
			t.control(b)
			continue
		}
		m, err := protocol.Decode(b)
		if err != nil || m.Type != protocol.MessageSync {
			continue
		}
		t.mu.Lock()
		switch m.Sync {
		case protocol.SyncStep1:
			if diff, err := t.doc.EncodeStateAsUpdate(m.Payload); err == nil {
				t.frames++
				// What was typed on an earlier socket travels in this message.
				for _, w := range t.words {
					if !w.saved && w.frame == 0 {
						w.frame, w.again = t.frames, true
					}
				}
				_ = conn.Write(context.Background(), websocket.MessageBinary, protocol.AppendSyncStep2(nil, diff))
			}
		case protocol.SyncStep2, protocol.SyncUpdate:
			if err := t.doc.ApplyUpdate(m.Payload, "server"); err != nil {
				panic(fmt.Sprintf("typist %d: the server sent a bad update: %v", t.name, err))
			}
		}
		t.mu.Unlock()
		if m.Sync == protocol.SyncStep2 && !synced {
			synced = true
			close(ready)
		}
	}
}

// control hears what is saved.
func (t *typist) control(b []byte) {
	var c struct {
		Event, Reason string
		Updates       uint64
	}
	if json.Unmarshal(b, &c) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch c.Event {
	case "unsaved":
		t.unsaved++
		t.reason = c.Reason
	case "saved":
		for _, w := range t.words {
			if !w.saved && w.frame > 0 && w.frame <= c.Updates {
				w.saved = true
				if !w.again {
					t.acks = append(t.acks, time.Since(w.sent))
				}
			}
		}
	}
}

// typing types one word and sends it.
func (t *typist) typing(ctx context.Context, rnd *rand.Rand) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.live {
		return
	}
	w := t.word(rnd)
	for _, u := range t.pending {
		t.frames++
		w.frame = t.frames
		if t.conn.Write(ctx, websocket.MessageBinary, protocol.AppendUpdate(nil, u)) != nil {
			t.live = false // the server is gone; the next socket carries it
		}
	}
	t.pending = t.pending[:0]
}

// word inserts a new word at a place between words. t.mu is held.
func (t *typist) word(rnd *rand.Rand) *word {
	text := paragraph(t.doc)
	units := utf16.Encode([]rune(text.String()))
	w := &word{text: fmt.Sprintf("c%dn%dz", t.name, len(t.words)), sent: time.Now()}
	places := []int{0, len(units)}
	for i := 2; i < len(units); i++ {
		if units[i-1] == ' ' && units[i-2] == 'z' {
			places = append(places, i)
		}
	}
	at := places[rnd.IntN(len(places))]
	err := t.doc.Transact("typed", func(tx *yjs.Transaction) error {
		return text.Insert(tx, at, w.text+" ", nil)
	})
	if err != nil {
		panic(err)
	}
	t.words = append(t.words, w)
	return w
}

// paragraph is the paragraph that everybody types into.
func paragraph(doc *yjs.Doc) *yjs.XMLText {
	for n := range doc.XMLFragment(markdown.FragmentName).Children() {
		if e, ok := n.(*yjs.XMLElement); ok && e.NodeName() == "paragraph" && e.Len() > 0 {
			if text, ok := e.Get(0).(*yjs.XMLText); ok {
				return text
			}
		}
	}
	return nil
}

// view is what a client sees: the paragraph and the whole document.
func (t *typist) view() (para, whole string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := paragraph(t.doc); p != nil {
		para = p.String()
	}
	return para, string(markdown.Canonical(markdown.Read(t.doc.XMLFragment(markdown.FragmentName))))
}

// tally returns the words that were sent and those that are known to be saved.
func (t *typist) tally() (sent, saved []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.words {
		sent = append(sent, w.text)
		if w.saved {
			saved = append(saved, w.text)
		}
	}
	return sent, saved
}

var anyWord = regexp.MustCompile(`c\d+n\d+z `)

// withoutWords is the paragraph as it was before anybody typed; what is torn
// remains in it.
func withoutWords(s string) string { return anyWord.ReplaceAllString(s, "") }

// count is how often a word stands in a text.
func count(text, word string) int { return strings.Count(text, word+" ") }

package realtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// client is a Yjs client over a real socket, as y-websocket is one.
type client struct {
	t      testing.TB
	ws     *websocket.Conn
	doc    *yjs.Doc
	synced chan struct{} // closed at the first step 2
	done   chan struct{} // closed when the reader ends
	v1     bool

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each message
	texts   []map[string]any
	states  map[uint64]awareness.Entry
	binary  int  // messages
	muted   bool // answers no step 1
	err     error
}

type dial struct {
	user   int64
	token  string // instead of a login of user
	room   string // default "r1"
	v1     bool
	header bool
	id     uint64 // Yjs client id; 0 = random
	doc    []byte // what it holds already
	quiet  bool   // sends no step 1
	h      http.Header
	path   string
}

func (s *stand) dial(d dial) *client {
	s.t.Helper()
	c, err := s.tryDial(d)
	must(s.t, err)
	return c
}

func (s *stand) tryDial(d dial) (*client, error) {
	if d.token == "" && d.user != 0 {
		d.token = s.host.Login(d.user, 0)
	}
	if d.room == "" {
		d.room = "r1"
	}
	if d.path == "" {
		d.path = "/realtime/records/" + d.room
	}
	o := &websocket.DialOptions{HTTPHeader: d.h}
	if o.HTTPHeader == nil {
		o.HTTPHeader = http.Header{}
	}
	switch {
	case d.header:
		o.HTTPHeader.Set("Authorization", "Bearer "+d.token)
	case d.token != "":
		o.Subprotocols = []string{"auth." + d.token}
	}
	if d.v1 {
		o.Subprotocols = append([]string{"civicpress.realtime.v1"}, o.Subprotocols...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, s.url(d.path), o)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	c := &client{t: s.t, ws: ws, v1: d.v1, synced: make(chan struct{}), done: make(chan struct{}),
		changed: make(chan struct{}), states: map[uint64]awareness.Entry{}}
	c.doc = yjs.NewDoc(yjs.Options{ClientID: d.id})
	if d.doc != nil {
		must(s.t, c.doc.ApplyUpdate(d.doc, nil))
	}
	go c.read()
	s.t.Cleanup(func() { ws.CloseNow(); <-c.done })
	if !d.quiet {
		c.mu.Lock()
		sv := c.doc.EncodeStateVector()
		c.mu.Unlock()
		c.write(protocol.AppendSyncStep1(nil, sv))
	}
	return c, nil
}

func (c *client) read() {
	defer close(c.done)
	for {
		typ, b, err := c.ws.Read(context.Background())
		c.mu.Lock()
		if err != nil {
			c.err = err
		} else if typ == websocket.MessageText {
			var m map[string]any
			if json.Unmarshal(b, &m) == nil {
				c.texts = append(c.texts, m)
			}
		} else {
			c.binary++
			c.receive(b)
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// receive runs under the lock.
func (c *client) receive(b []byte) {
	m, err := protocol.Decode(b)
	if err != nil {
		c.t.Errorf("server sent %x: %v", b, err)
		return
	}
	switch {
	case m.Type == protocol.MessageAwareness:
		entries, err := awareness.DecodeUpdate(m.Payload)
		if err != nil {
			c.t.Errorf("server sent awareness %x: %v", m.Payload, err)
		}
		for _, e := range entries {
			if e.Gone() {
				delete(c.states, e.Client)
			} else {
				e.State = bytes.Clone(e.State)
				c.states[e.Client] = e
			}
		}
	case m.Sync == protocol.SyncStep1:
		diff, err := c.doc.EncodeStateAsUpdate(m.Payload)
		if err != nil {
			c.t.Errorf("server's state vector %x: %v", m.Payload, err)
			return
		}
		if !c.muted {
			go c.write(protocol.AppendSyncStep2(nil, diff))
		}
	default:
		if err := c.doc.ApplyUpdate(m.Payload, "remote"); err != nil {
			c.t.Errorf("server sent update %x: %v", m.Payload, err)
		}
		if m.Sync == protocol.SyncStep2 {
			select {
			case <-c.synced:
			default:
				close(c.synced)
			}
		}
	}
}

// mute makes the client answer no step 1 any more.
func (c *client) mute() {
	c.mu.Lock()
	c.muted = true
	c.mu.Unlock()
}

func (c *client) write(b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageBinary, b)
}

func (c *client) writeText(s string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, []byte(s))
}

func (c *client) sync() *client {
	c.t.Helper()
	select {
	case <-c.synced:
	case <-c.done:
		c.t.Fatalf("closed before the sync: %v", c.err)
	case <-time.After(patience):
		c.t.Fatal("no step 2")
	}
	return c
}

// edit makes a local change and returns the update that it sent.
func (c *client) edit(fn func(tx *yjs.Transaction, t *yjs.Text) error) []byte {
	c.t.Helper()
	update := c.change(fn)
	if err := c.write(protocol.AppendUpdate(nil, update)); err != nil {
		c.t.Fatalf("send an edit: %v", err)
	}
	return update
}

func (c *client) change(fn func(tx *yjs.Transaction, t *yjs.Text) error) []byte {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var update []byte
	cancel := c.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })
	defer cancel()
	must(c.t, c.doc.Transact("local", func(tx *yjs.Transaction) error { return fn(tx, c.doc.Text("t")) }))
	return update
}

func (c *client) insert(i int, s string) {
	c.t.Helper()
	c.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, i, s, nil) })
}

// state is what the client holds.
func (c *client) state() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.doc.EncodeStateAsUpdate(nil)
	must(c.t, err)
	return b
}

func (c *client) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doc.Text("t").String()
}

// until waits until cond holds; cond runs under the lock after each message.
func (c *client) until(what string, cond func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		ok, changed := cond(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("%s: not within %v; text %q, %d texts %v, %d binary, err %v", what, patience, c.doc.Text("t").String(), len(c.texts), c.texts, c.binary, c.err)
		}
	}
}

func (c *client) untilText(want string) {
	c.t.Helper()
	c.until("text "+want, func() bool { return c.doc.Text("t").String() == want })
}

// untilEvent waits for a control frame and returns it.
func (c *client) untilEvent(event string) (found map[string]any) {
	c.t.Helper()
	c.until("event "+event, func() bool {
		for _, m := range c.texts {
			if m["event"] == event || event == "pong" && m["type"] == "pong" {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// closed waits for the end and returns code and reason.
func (c *client) closed() (int, string) {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatal("the socket was not closed")
	}
	var ce websocket.CloseError
	if errors.As(c.err, &ce) {
		return int(ce.Code), ce.Reason
	}
	return 1006, c.err.Error()
}

// alive reports whether the server has neither closed nor said an error.
func (c *client) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.texts {
		if m["event"] == "error" {
			return false
		}
	}
	return c.err == nil
}

// say sends a presence state.
func (c *client) say(id, clock uint64, state string) {
	c.t.Helper()
	u := awareness.AppendUpdate(nil, []awareness.Entry{{Client: id, Clock: clock, State: json.RawMessage(state)}})
	must(c.t, c.write(protocol.AppendAwareness(nil, u)))
}

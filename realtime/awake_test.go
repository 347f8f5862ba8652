package realtime

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// watcher is a client with the presence of y-protocols: it renews its own
// state every 15 s, and forgets who was not heard of for 30 s.
type watcher struct {
	b    *bubble
	id   uint64
	user int64
	sv   []byte

	mu   sync.Mutex
	ws   *websocket.Conn
	here *awareness.Awareness
	lost []uint64 // who was there and then was not
}

func (w *watcher) connect() {
	w.ws = w.b.connect(w.user)
	_ = w.ws.Write(w.b.t.Context(), websocket.MessageBinary, protocol.AppendSyncStep1(nil, w.sv))
	w.say()
	go w.read(w.ws)
}

func (w *watcher) say() {
	_ = w.ws.Write(w.b.t.Context(), websocket.MessageBinary, protocol.AppendAwareness(nil, w.here.Encode([]uint64{w.id})))
}

func (w *watcher) read(ws *websocket.Conn) {
	for {
		typ, b, err := ws.Read(w.b.t.Context())
		if err != nil {
			return
		}
		m, err := protocol.Decode(b)
		if typ != websocket.MessageBinary || err != nil || m.Type != protocol.MessageAwareness {
			continue
		}
		w.mu.Lock()
		ch, _ := w.here.Apply(m.Payload, time.Now())
		w.lost = append(w.lost, ch.Removed...)
		if !ch.Empty() { // as stock clients do: what they hear they send on
			_ = w.ws.Write(w.b.t.Context(), websocket.MessageBinary, protocol.AppendAwareness(nil, w.here.Encode(ch.All())))
		}
		w.mu.Unlock()
	}
}

// tick is the timer of y-protocols.
func (w *watcher) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.here.Renew(time.Now()) {
		w.say()
	}
	w.lost = append(w.lost, w.here.RemoveOutdated(time.Now())...)
}

// drop loses the connection, and with it sight of the others.
func (w *watcher) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.ws.CloseNow()
	for _, id := range w.here.Clients() {
		if id != w.id {
			w.here.Remove([]uint64{id}, time.Now())
		}
	}
}

// Nobody who is here, however idle, is forgotten by anybody else: not when all
// are idle for minutes, and not because of the clocks that somebody's
// reconnect brought forward.
func TestIdlePeopleStayVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, stop := newBubble(t, Options{})
		defer stop()
		doc := yjs.NewDoc(yjs.Options{ClientID: 77})
		must(t, doc.Transact(nil, func(tx *yjs.Transaction) error { return doc.Text("t").Insert(tx, 0, "x", nil) }))
		var all []*watcher
		for i := range 3 {
			w := &watcher{b: b, id: uint64(11 * (i + 1)), user: []int64{1, 2, 4}[i], sv: doc.EncodeStateVector(), here: awareness.New()}
			_, err := w.here.SetLocal(w.id, json.RawMessage(`{"n":1}`), time.Now())
			must(t, err)
			w.connect()
			defer func() { w.ws.CloseNow() }()
			all = append(all, w)
		}
		visible := func(when string) {
			t.Helper()
			synctest.Wait()
			for _, w := range all {
				w.mu.Lock()
				if n := len(w.here.Clients()); n != len(all) {
					t.Errorf("%s: %d sees %d", when, w.id, n)
				}
				w.lost = nil
				w.mu.Unlock()
			}
		}
		idle := func(d time.Duration) {
			for until := time.Now().Add(d); time.Now().Before(until); {
				time.Sleep(awareness.CheckInterval)
				for _, w := range all {
					w.tick()
				}
			}
			synctest.Wait()
			for _, w := range all {
				if len(w.lost) > 0 {
					t.Errorf("%d lost sight of %d", w.id, w.lost)
				}
			}
		}
		visible("at first")
		idle(2 * time.Minute)
		for i, w := range all {
			w.drop()
			synctest.Wait()
			time.Sleep(time.Duration(i*7) * time.Second)
			w.connect()
			visible("after a reconnect")
			idle(2 * time.Minute)
		}
	})
}

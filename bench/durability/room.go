package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// room is one record with a writer, who hears what is saved, and a reader.
type room struct {
	name           string
	doc            *yjs.Doc // the writer's; used by edit only, once synced
	text           *yjs.XMLText
	updates        [][]byte // of the transaction under way
	writer, reader *websocket.Conn
	loops          sync.WaitGroup

	mu     sync.Mutex // guards what follows
	frames uint64     // the last one sent
	unread []edit     // sent, and not yet seen by the reader
	unkept []edit     // sent, and not yet reported saved
	took   result
	broken error
	moved  chan struct{} // has room for one; something was seen or saved
}

// edit is one edit under way.
type edit struct {
	frame uint64 // number of its message on the writer's socket
	clock uint64 // the writer's next clock after it
	sent  time.Time
}

const answerLimit = 30 * time.Second

func openRoom(ctx context.Context, s *side, record string) (*room, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	r := &room{name: record, doc: yjs.NewDoc(yjs.Options{}), moved: make(chan struct{}, 1)}
	var err error
	if r.writer, err = join(ctx, s, record, "alice", r.doc, "civicpress.realtime.v1"); err != nil {
		return nil, err
	}
	// Stock: no control frames, which are no part of the fan-out.
	if r.reader, err = join(ctx, s, record, "bob", yjs.NewDoc(yjs.Options{})); err != nil {
		return nil, errors.Join(err, r.writer.CloseNow())
	}
	r.frames = 1 // the answer to the server's step 1
	for n := range r.doc.XMLFragment(markdown.FragmentName).Children() {
		if e, ok := n.(*yjs.XMLElement); ok && e.NodeName() == "paragraph" && e.Len() > 0 {
			if r.text, ok = e.Get(0).(*yjs.XMLText); ok {
				break
			}
		}
	}
	if r.text == nil {
		return nil, fmt.Errorf("%s has no paragraph to type into", record)
	}
	r.doc.OnUpdate(func(update []byte, _ any, _ *yjs.Transaction) { r.updates = append(r.updates, update) })
	r.loops.Go(func() { r.fail(r.hear(r.writer, r.control, nil)) })
	r.loops.Go(func() { r.fail(r.hear(r.reader, nil, r.update)) })
	return r, nil
}

// join opens a socket and waits for the document.
func join(ctx context.Context, s *side, record, user string, doc *yjs.Doc, protocols ...string) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, s.Realtime+"/realtime/records/"+record, &websocket.DialOptions{
		Subprotocols: append(protocols, "auth."+s.Users[user].Token),
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", record, err)
	}
	conn.SetReadLimit(32 << 20)
	if err := conn.Write(ctx, websocket.MessageBinary, protocol.AppendSyncStep1(nil, doc.EncodeStateVector())); err != nil {
		return nil, fmt.Errorf("open %s: %w", record, err)
	}
	answered, there := false, false
	for !answered || !there {
		kind, b, err := conn.Read(ctx)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", record, err)
		}
		m, err := protocol.Decode(b)
		if kind != websocket.MessageBinary || err != nil || m.Type != protocol.MessageSync {
			continue
		}
		if m.Sync == protocol.SyncStep1 {
			answered = true
			err = conn.Write(ctx, websocket.MessageBinary, protocol.AppendSyncStep2(nil, []byte{0, 0}))
		} else {
			there = there || m.Sync == protocol.SyncStep2
			err = doc.ApplyUpdate(m.Payload, "server")
		}
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", record, err)
		}
	}
	return conn, nil
}

// edit types a letter and sends it.
func (r *room) edit(ctx context.Context) error {
	err := r.doc.Transact("typed", func(tx *yjs.Transaction) error { return r.text.Insert(tx, r.text.Len(), "x", nil) })
	if err != nil || len(r.updates) != 1 {
		return fmt.Errorf("%s: type a letter: %d updates, %w", r.name, len(r.updates), err)
	}
	frame := protocol.AppendUpdate(nil, r.updates[0])
	r.updates = r.updates[:0]
	r.mu.Lock()
	r.frames++
	e := edit{frame: r.frames, clock: uint64(r.doc.StateVector()[r.doc.ClientID()]), sent: time.Now()}
	r.unread, r.unkept = append(r.unread, e), append(r.unkept, e)
	r.mu.Unlock()
	return r.writer.Write(ctx, websocket.MessageBinary, frame)
}

func (r *room) hear(conn *websocket.Conn, text func([]byte) error, binary func([]byte) error) error {
	for {
		kind, b, err := conn.Read(context.Background())
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		switch {
		case kind == websocket.MessageText && text != nil:
			err = text(b)
		case kind == websocket.MessageBinary && binary != nil:
			err = binary(b)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
}

// control hears what is saved.
func (r *room) control(b []byte) error {
	now := time.Now()
	var c struct {
		Event   string
		Updates uint64
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("control frame: %w", err)
	}
	switch c.Event {
	case "unsaved":
		return errors.New("the server cannot save")
	case "saved":
		r.mu.Lock()
		defer r.mu.Unlock()
		for len(r.unkept) > 0 && r.unkept[0].frame <= c.Updates {
			r.took.saved = append(r.took.saved, now.Sub(r.unkept[0].sent))
			r.unkept = r.unkept[1:]
		}
		r.wake()
	}
	return nil
}

// update takes the time of the edits that a message brings to the reader.
func (r *room) update(b []byte) error {
	now := time.Now()
	m, err := protocol.Decode(b)
	if err != nil {
		return fmt.Errorf("message to the reader: %w", err)
	}
	if m.Type != protocol.MessageSync || m.Sync == protocol.SyncStep1 {
		return nil
	}
	_, to, err := yjs.UpdateMeta(m.Payload)
	if err != nil {
		return fmt.Errorf("update to the reader: %w", err)
	}
	clock := uint64(to[r.doc.ClientID()])
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.unread) > 0 && r.unread[0].clock <= clock {
		r.took.seen = append(r.took.seen, now.Sub(r.unread[0].sent))
		r.unread = r.unread[1:]
	}
	r.wake()
	return nil
}

// wake is called with r.mu held.
func (r *room) wake() {
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

func (r *room) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = err
	r.wake()
}

// settled waits until everything sent was seen and saved.
func (r *room) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	for {
		r.mu.Lock()
		left, broken := len(r.unread)+len(r.unkept), r.broken
		unread, unkept := len(r.unread), len(r.unkept)
		r.mu.Unlock()
		if left == 0 || broken != nil {
			return broken
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			return fmt.Errorf("%s: %d edits do not reach the reader, %d are not reported saved: %w", r.name, unread, unkept, ctx.Err())
		}
	}
}

func (r *room) harvest() (saved, seen delays) {
	r.mu.Lock()
	defer r.mu.Unlock()
	saved, seen = r.took.saved, r.took.seen
	r.took = result{}
	return saved, seen
}

func (r *room) close() {
	_ = r.writer.CloseNow()
	_ = r.reader.CloseNow()
	r.loops.Wait()
}

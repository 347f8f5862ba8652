package main

import (
	"context"
	"net"
	"sync"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// queueLimit is how many bytes may wait for a member: who has more waiting when
// the next frame comes is thrown out.
const queueLimit = 16 << 20

// member is one socket. Its reader is the goroutine that member runs in, its
// writer one more.
type member struct {
	ws   *websocket.Conn
	conn net.Conn // to write to when everything that waits goes at once; else nil

	mu     sync.Mutex // guards what follows
	ready  sync.Cond  // there is something to write
	frames []frame
	bytes  int
	gone   bool
}

func (h *hub) member(ws *websocket.Conn, conn net.Conn, room *room) {
	m := &member{ws: ws, conn: conn}
	m.ready.L = &m.mu
	var writer sync.WaitGroup
	writer.Go(m.write)
	room.add(m)
	h.read(m, room)
	room.remove(m)
	m.end()
	writer.Wait()
}

// read passes on what the member sends.
func (h *hub) read(m *member, room *room) {
	for {
		kind, message, err := m.ws.Read(context.Background())
		if err != nil {
			return
		}
		switch {
		case kind != websocket.MessageBinary || len(message) < 2:
		case message[0] == protocol.MessageSync && message[1] == protocol.SyncStep1:
			m.queue(*room.blob.Load())
		case message[0] == protocol.MessageSync && message[1] == protocol.SyncUpdate, message[0] == protocol.MessageAwareness:
			if h.lose == 0 || h.frames.Add(1)%h.lose != 0 {
				room.pass(m, newFrame(message))
			}
		}
	}
}

// queue never waits.
func (m *member) queue(f frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return
	}
	if m.bytes > queueLimit {
		m.gone = true
		go func() { _ = m.ws.CloseNow() }()
	} else {
		m.frames = append(m.frames, f)
		m.bytes += len(f.bytes)
	}
	m.ready.Signal()
}

func (m *member) end() {
	m.mu.Lock()
	m.gone = true
	m.ready.Signal()
	m.mu.Unlock()
	_ = m.ws.CloseNow()
}

// largeFrame is not copied to be written with others.
const largeFrame = 16 << 10

// write writes what waits until the member is gone.
func (m *member) write() {
	var taken []frame
	var all []byte
	for {
		if taken = m.take(taken[:0]); taken == nil {
			return
		}
		var err error
		if m.conn == nil {
			err = m.oneByOne(taken)
		} else {
			all, err = m.together(taken, all)
		}
		if err != nil {
			m.end()
			return
		}
		clear(taken)
	}
}

func (m *member) oneByOne(frames []frame) error {
	for _, f := range frames {
		if err := m.ws.Write(context.Background(), websocket.MessageBinary, f.message()); err != nil {
			return err
		}
	}
	return nil
}

// together writes as few times as it can, with a buffer that it returns empty.
func (m *member) together(frames []frame, all []byte) ([]byte, error) {
	for _, f := range frames {
		if len(f.bytes) < largeFrame {
			all = append(all, f.bytes...)
			continue
		}
		for _, b := range [][]byte{all, f.bytes} {
			if _, err := m.conn.Write(b); err != nil {
				return nil, err
			}
		}
		all = all[:0]
	}
	if len(all) > 0 {
		if _, err := m.conn.Write(all); err != nil {
			return nil, err
		}
	}
	if cap(all) > 64<<10 {
		all = nil
	}
	return all[:0], nil
}

// take waits for frames and returns them, nil at the end. What it is given is
// the slice to collect into from then on.
func (m *member) take(empty []frame) []frame {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.frames) == 0 && !m.gone {
		m.ready.Wait()
	}
	if m.gone {
		return nil
	}
	taken := m.frames
	m.frames, m.bytes = empty, 0
	return taken
}

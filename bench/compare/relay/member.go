package main

import (
	"bufio"
	"net"
	"sync"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// queueLimit is how many bytes may wait for a member: who has more waiting when
// the next frame comes is thrown out.
const queueLimit = 16 << 20

// member is one socket. Its reader is the goroutine that serve runs in, its
// writer one more.
type member struct {
	conn net.Conn

	mu     sync.Mutex // guards what follows
	ready  sync.Cond  // there is something to write
	frames [][]byte
	bytes  int
	gone   bool
}

func (h *hub) member(conn net.Conn, r *bufio.Reader, room *room) {
	m := &member{conn: conn}
	m.ready.L = &m.mu
	var writer sync.WaitGroup
	writer.Go(func() { m.write(h.drained) })
	room.add(m)
	h.read(r, m, room)
	room.remove(m)
	m.end()
	writer.Wait()
}

// read passes on what the member sends.
func (h *hub) read(r *bufio.Reader, m *member, room *room) {
	var buf []byte
	for {
		op, payload, err := readFrame(r, buf)
		if err != nil || op == opClose {
			return
		}
		if cap(payload) <= 64<<10 {
			buf = payload
		}
		switch {
		case op == opPing:
			m.queue(appendFrame(nil, opPong, payload))
		case op != opBinary || len(payload) < 2:
		case payload[0] == protocol.MessageSync && payload[1] == protocol.SyncStep1:
			m.queue(*room.blob.Load())
		case payload[0] == protocol.MessageSync && payload[1] == protocol.SyncUpdate, payload[0] == protocol.MessageAwareness:
			if h.lose == 0 || h.frames.Add(1)%h.lose != 0 {
				room.pass(m, appendFrame(make([]byte, 0, len(payload)+10), opBinary, payload))
			}
		}
	}
}

// queue never waits.
func (m *member) queue(frame []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return
	}
	if m.bytes > queueLimit {
		m.gone = true
		_ = m.conn.Close()
	} else {
		m.frames = append(m.frames, frame)
		m.bytes += len(frame)
	}
	m.ready.Signal()
}

func (m *member) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone = true
	_ = m.conn.Close()
	m.ready.Signal()
}

// largeFrame is not copied to be written with others.
const largeFrame = 16 << 10

func (m *member) write(drained bool) {
	var taken [][]byte
	var all []byte
	for {
		if taken = m.take(taken[:0]); taken == nil {
			return
		}
		for i, f := range taken {
			taken[i] = nil
			if drained && len(f) < largeFrame {
				all = append(all, f...)
				continue
			}
			if !m.send(all) || !m.send(f) {
				return
			}
			all = all[:0]
		}
		if !m.send(all) {
			return
		}
		if all = all[:0]; cap(all) > 64<<10 {
			all = nil
		}
	}
}

func (m *member) send(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if _, err := m.conn.Write(b); err != nil {
		m.end()
		return false
	}
	return true
}

// take waits for frames and returns them, nil at the end. What it is given is
// the slice to collect into from then on.
func (m *member) take(empty [][]byte) [][]byte {
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

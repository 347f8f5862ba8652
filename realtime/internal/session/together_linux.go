package session

import (
	"bytes"
	"errors"
	"syscall"

	"github.com/civicpress/realtimefx/realtime/internal/uring"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// together writes to several sockets with one system call. With one for each, those
// that are written to first are read before the last are written to, when the
// kernel gives the processor to the reader in between.
type together struct {
	ring  *uring.Ring // nil = there is none, or none was needed
	asked bool
	parts [share]part
}

// part is what goes to one socket. It holds the locks of its connection.
type part struct {
	at    int // which socket it is
	conn  *conn
	bare  *bare
	bytes []byte
	cork  *[]byte // where bytes are; nil = in a frame
}

// usable reports whether there is a ring.
func (t *together) usable() bool {
	if !t.asked {
		t.asked = true
		t.ring, _ = uring.New(share, false) // one system call for each does
	}
	return t.ring != nil && !t.ring.Broken()
}

func (t *together) close() {
	if t.ring != nil {
		t.ring.Close()
	}
}

// deliver writes what waits for some sockets, of which there are at most share, as
// far as their peers take it at once. What is left it leaves to others; then it sets
// the session to nil.
func (t *together) deliver(some []*Session) {
	if len(some) < 2 || !t.usable() {
		return
	}
	n := 0
	for i, s := range some {
		p := &t.parts[n]
		switch p.begin(s) {
		case joined:
			p.at = i
			t.ring.Send(p.bare.fd, p.bytes)
			n++
		case settled:
			some[i] = nil
		}
	}
	if n == 0 {
		return
	}
	t.ring.Submit()
	for i := range n {
		p := &t.parts[i]
		sent, err := t.ring.Result(i)
		if p.end(some[p.at], sent, err) == settled {
			some[p.at] = nil
		}
		*p = part{}
	}
}

// outcome is what becomes of a session.
type outcome int

const (
	alone   outcome = iota // it is written to as if there were no others
	joined                 // it is written to with the others
	settled                // there is nothing more to do
)

// begin takes what waits for a session. It waits for no lock: whoever holds one
// may wait for another that we hold.
func (p *part) begin(s *Session) outcome {
	c := s.sock.conn
	b, ok := c.Conn.(*bare)
	if !ok || !c.writeMu.TryLock() {
		return alone
	}
	if c.closed || !b.using.TryRLock() {
		c.writeMu.Unlock()
		return alone
	}
	frames := s.Member.Take(nil)
	if b.fd >= 0 && len(frames) > 0 && p.join(frames) {
		p.conn, p.bare = c, b
		return joined
	}
	b.using.RUnlock()
	c.writeMu.Unlock()
	if len(frames) == 0 || !s.write(frames) {
		return settled
	}
	return alone
}

// join reports whether the frames can be written at once.
func (p *part) join(frames []wire.Frame) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	switch {
	case size == 0 || size > corkSize:
		return false
	case len(frames) == 1:
		p.bytes = frames[0]
		return true
	}
	p.cork = corkBuffers.Get().(*[]byte)
	p.bytes = (*p.cork)[:0]
	for _, f := range frames {
		p.bytes = append(p.bytes, f...)
	}
	return true
}

// end takes what became of it.
func (p *part) end(s *Session, n int, err error) outcome {
	p.bare.using.RUnlock()
	p.conn.sent.Add(uint64(n))
	var rest []byte
	switch {
	case errors.Is(err, uring.ErrNotTaken):
		n, rest, err = p.conn.flush(p.bytes, false)
	case err == nil && n < len(p.bytes), errors.Is(err, syscall.EAGAIN):
		rest, err = p.bytes[n:], nil
	}
	if p.cork != nil {
		rest = bytes.Clone(rest)
		corkBuffers.Put(p.cork)
	}
	if left := leave(rest, nil); left != nil {
		s.goOn(n, left)
		return settled
	}
	p.conn.writeMu.Unlock()
	if !s.wrote(n, err) {
		return settled
	}
	return alone // until nothing waits any more
}

package session

import (
	"bytes"
	"errors"
	"slices"
	"sync"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

const (
	// writeChunk bounds one write, so that progress can be seen from outside.
	writeChunk = 256 << 10
	// corkSize is up to where small frames are copied together.
	corkSize = 32 << 10

	opClose = 0x88
)

var corkBuffers = sync.Pool{New: func() any { b := make([]byte, 0, corkSize); return &b }}

var errClosing = errors.New("the close frame is out")

// Write implements net.Conn for coder/websocket: one control frame. After a
// close frame it writes nothing: the library answers the peer's, also when that
// is the answer to ours.
func (c *conn) Write(p []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if c.closed {
		return len(p), nil
	}
	if len(p) > 0 && p[0] == opClose {
		c.closed = true
	}
	return c.write(p)
}

// write waits until everything is written.
func (c *conn) write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = c.Conn.Write(p[n:min(len(p), n+writeChunk)])
		n += k
		c.sent.Add(uint64(k))
	}
	return n, err
}

// writeNow writes what the socket takes without waiting.
func (c *conn) writeNow(p []byte) (n int, err error) {
	c.out, c.outN, c.outErr = p, 0, nil
	err = c.raw.Write(c.pour)
	n, c.out = c.outN, nil
	c.sent.Add(uint64(n))
	if err == nil {
		err = c.outErr
	}
	return n, err
}

// pourInto writes c.out once; true means: do not wait until there is room.
func (c *conn) pourInto(fd uintptr) bool {
	c.outN, c.outErr = writeSocket(fd, c.out)
	if errors.Is(c.outErr, errWouldBlock) {
		c.outErr = nil
	}
	return true
}

// leftover is what could not be written without waiting. The connection stays
// locked until finish.
type leftover struct {
	part   []byte // the rest of frames that were begun
	frames []wire.Frame
}

// writeFrames writes whole frames in as few system calls as it can.
func (c *conn) writeFrames(frames []wire.Frame) (n int, err error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	n, _, err = c.put(frames, true)
	return n, err
}

// tryFrames is writeFrames without waiting for the peer. If it returns a
// leftover, finish must be called.
func (c *conn) tryFrames(frames []wire.Frame) (n int, left *leftover, err error) {
	c.writeMu.Lock()
	n, left, err = c.put(frames, c.raw == nil)
	if left == nil {
		c.writeMu.Unlock()
	}
	return n, left, err
}

// finish writes a leftover.
func (c *conn) finish(left *leftover) (n int, err error) {
	defer c.writeMu.Unlock()
	if n, err = c.write(left.part); err != nil {
		return n, err
	}
	k, _, err := c.put(left.frames, true)
	return n + k, err
}

// put writes frames, small ones together. Without wait it stops where the
// socket takes no more. The caller holds writeMu.
func (c *conn) put(frames []wire.Frame, wait bool) (n int, left *leftover, err error) {
	if c.closed {
		return 0, nil, errClosing
	}
	if len(frames) == 1 {
		n, part, err := c.flush(frames[0], wait)
		return n, leave(part, nil), err
	}
	cork := corkBuffers.Get().(*[]byte)
	defer corkBuffers.Put(cork)
	buf := (*cork)[:0]
	for i, f := range frames {
		if len(buf)+len(f) > corkSize {
			k, part, err := c.flush(buf, wait)
			if n += k; err != nil || part != nil {
				return n, leave(bytes.Clone(part), frames[i:]), err // part lies in the cork
			}
			buf = buf[:0]
		}
		if len(f) <= corkSize {
			buf = append(buf, f...)
			continue
		}
		k, part, err := c.flush(f, wait)
		if n += k; err != nil || part != nil {
			return n, leave(part, frames[i+1:]), err
		}
	}
	k, part, err := c.flush(buf, wait)
	return n + k, leave(bytes.Clone(part), nil), err
}

// flush writes p and returns what was not written, if it was not to wait.
func (c *conn) flush(p []byte, wait bool) (n int, part []byte, err error) {
	if len(p) == 0 {
		return 0, nil, nil
	}
	if wait {
		n, err = c.write(p)
		return n, nil, err
	}
	if n, err = c.writeNow(p); err == nil && n < len(p) {
		part = p[n:]
	}
	return n, part, err
}

// leave makes a leftover of a part that stays as it is, and of frames whose
// slice will be used again. Without a part there is none.
func leave(part []byte, frames []wire.Frame) *leftover {
	if part == nil {
		return nil
	}
	return &leftover{part, slices.Clone(frames)}
}

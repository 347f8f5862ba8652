package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is the connection under coder/websocket. It holds no buffer while the
// client is silent, and lets the session write frames that are encoded already
// beside the control frames of the library.
//
// One goroutine reads. Any number may write; each Write is one or more whole
// frames, which writeMu keeps apart. coder/websocket writes a control frame in
// one Write, because its buffer is larger than any of them.
type conn struct {
	net.Conn
	raw  syscall.RawConn // nil if not a socket of the operating system
	fill func(fd uintptr) bool
	br   *bufio.Reader // the library's, which reads from here

	in       *[]byte // owned by the reader; nil while nothing is buffered
	from, to int     // what of *in is unread
	readErr  error   // of the last fill, which is the last one then
	quota    int     // bytes that may still be read; 0 = no bound; owned by the reader

	writeMu sync.Mutex
	closed  bool                  // guarded by writeMu: a close frame is out, nothing may follow
	pour    func(fd uintptr) bool // writes out, once
	out     []byte                // guarded by writeMu; what pour is to write
	outN    int                   // guarded by writeMu; what it wrote of it
	outErr  error                 // guarded by writeMu

	sent     atomic.Uint64 // bytes written
	received atomic.Uint64 // bytes read
}

const (
	// readChunk is how much is read at once; many small frames arrive in one.
	readChunk  = 16 << 10
	frameHead  = 128 // buffer of the library's reader: some frame headers
	controlBuf = 256 // buffer of the library's writer: one control frame
)

var readBuffers = sync.Pool{New: func() any { b := make([]byte, readChunk); return &b }}

var errQuota = errors.New("the peer sends more than is read of it")

// newConn takes over a connection, of which early was read already.
func newConn(nc net.Conn, early []byte) *conn {
	c := &conn{Conn: nc}
	if sc, ok := nc.(syscall.Conn); ok && canPoll {
		if raw, err := sc.SyscallConn(); err == nil {
			c.Conn, c.raw = takeOver(nc, raw)
			c.fill, c.pour = c.fillFrom, c.pourInto
		}
	}
	if len(early) > 0 {
		b := bytes.Clone(early)
		c.in, c.to = &b, len(b)
	}
	return c
}

// Read implements net.Conn. While it waits, the connection owns no buffer: one
// is taken from the pool when bytes are there. A read deadline holds between
// messages only; here it has no meaning any more.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		_ = c.SetReadDeadline(time.Time{})
		return c.read(p)
	}
	return n, err
}

func (c *conn) read(p []byte) (int, error) {
	if c.quota != 0 {
		if c.quota -= len(p); c.quota <= 0 {
			c.quota = -1
			return 0, errQuota
		}
	}
	if c.in == nil {
		if c.readErr != nil {
			return 0, c.readErr
		}
		if c.raw == nil || len(p) >= readChunk {
			n, err := c.Conn.Read(p)
			c.received.Add(uint64(n))
			return n, err
		}
		if err := c.raw.Read(c.fill); err != nil {
			return 0, err
		}
		if c.readErr != nil {
			return 0, c.readErr
		}
	}
	n := copy(p, (*c.in)[c.from:c.to])
	if c.from += n; c.from == c.to {
		c.recycle()
	}
	return n, nil
}

// fillFrom reads what the socket has; false means: nothing yet, wait.
func (c *conn) fillFrom(fd uintptr) bool {
	buf := readBuffers.Get().(*[]byte)
	n, err := readSocket(fd, *buf)
	if err != nil || n == 0 {
		readBuffers.Put(buf)
		if errors.Is(err, errWouldBlock) {
			return false
		}
		if c.readErr = err; err == nil {
			c.readErr = io.EOF
		}
		return true
	}
	c.in, c.from, c.to, c.readErr = buf, 0, n, nil
	c.received.Add(uint64(n))
	return true
}

// glimpse reads what the socket has, without waiting. It reports false if the
// connection is closed.
func (c *conn) glimpse() bool { return c.raw.Control(func(fd uintptr) { c.fillFrom(fd) }) == nil }

// silent reports whether neither bytes nor the end were read and not handled.
func (c *conn) silent() bool { return c.unread() == 0 && c.readErr == nil }

// ended reports whether only the end is left to be read.
func (c *conn) ended() bool { return c.unread() == 0 && c.readErr != nil }

// unread is how many bytes were read from the socket and not yet by those who
// handle messages. It counts nothing where the library waits for the socket.
func (c *conn) unread() int { return c.br.Buffered() + c.to - c.from }

// hangUp ends the connection for both sides. Its reader sees that, and closes
// it: a descriptor that was closed would tell nobody who waits for it.
func (c *conn) hangUp() {
	if c.raw == nil || c.raw.Control(shutdown) != nil {
		_ = c.Conn.Close()
	}
}

func (c *conn) recycle() {
	if cap(*c.in) == readChunk {
		readBuffers.Put(c.in)
	}
	c.in, c.from, c.to = nil, 0, 0
}

// hijack hands coder/websocket our connection instead of net/http's, with
// buffers that are small because conn does the work.
type hijack struct {
	http.ResponseWriter
	conn *conn
}

func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	h.conn = newConn(nc, early)
	h.conn.br = bufio.NewReaderSize(h.conn, frameHead)
	return h.conn, bufio.NewReadWriter(h.conn.br, bufio.NewWriterSize(h.conn, controlBuf)), nil
}

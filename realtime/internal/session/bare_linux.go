package session

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// bare is a TCP connection that Go's poller does not know. What the poller and
// package net keep of a connection is 900 bytes, two thirds of it for ever; and of
// most connections nobody ever waits for anything, but in the Lot, which has a set
// of its own. Whoever has to wait nevertheless gets a second descriptor of the same
// socket, which the poller knows.
//
// A bare must be closed: nothing closes one that is forgotten.
type bare struct {
	using sync.RWMutex // held for reading while the descriptor is used, which never waits
	fd    int          // guarded by using; -1 = closed

	mu      sync.Mutex
	second  *os.File        // guarded by mu; nil = nobody has to wait
	raw     syscall.RawConn // guarded by mu; of second
	waiting int             // guarded by mu; how many use second
	resting bool            // guarded by mu; second is closed when nobody uses it
	closed  bool            // guarded by mu
	writeBy time.Time       // guarded by mu
}

// takeOver makes a bare connection of one of package net, which it closes. What
// cannot be taken over is returned as it is.
func takeOver(nc net.Conn, raw syscall.RawConn) (net.Conn, syscall.RawConn) {
	b := &bare{fd: -1}
	if err := raw.Control(func(fd uintptr) { b.fd = again(fd) }); err != nil || b.fd < 0 {
		return nc, raw
	}
	_ = nc.Close() // the socket stays open
	return b, (*bareRaw)(b)
}

// again returns one more descriptor of a socket, -1 if there can be none.
func again(fd uintptr) int {
	n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return n
}

// use calls f with the descriptor, which is open until f returns. f must not wait.
func (b *bare) use(f func(fd uintptr)) error {
	b.using.RLock()
	defer b.using.RUnlock()
	if b.fd < 0 {
		return net.ErrClosed
	}
	f(uintptr(b.fd))
	return nil
}

// Read implements net.Conn.
func (b *bare) Read(p []byte) (int, error) {
	var n int
	var failed error
	if err := (*bareRaw)(b).Read(func(fd uintptr) bool {
		n, failed = readSocket(fd, p)
		return !errors.Is(failed, errWouldBlock)
	}); err != nil {
		return 0, err
	}
	if n == 0 && failed == nil && len(p) > 0 {
		return 0, io.EOF
	}
	return n, failed
}

// Write implements net.Conn: it waits until everything is written.
func (b *bare) Write(p []byte) (n int, err error) {
	for n < len(p) {
		k, err := b.writeSome(p[n:])
		if n += k; err == nil {
			continue
		}
		if !errors.Is(err, errWouldBlock) {
			return n, err
		}
		second, _, err := b.wait(false)
		if err == nil {
			k, err = second.Write(p[n:])
			b.waited()
			return n + k, err
		}
		if !errors.Is(err, errShort) {
			return n, err
		}
		time.Sleep(shortPause)
	}
	return n, nil
}

// writeSome writes what the socket takes now.
func (b *bare) writeSome(p []byte) (n int, err error) {
	if closed := b.use(func(fd uintptr) { n, err = writeSocket(fd, p) }); closed != nil {
		return 0, closed
	}
	return n, err
}

// bareRaw is a bare as a syscall.RawConn, whose Read and Write are others.
type bareRaw bare

// Control implements syscall.RawConn. f must not wait.
func (r *bareRaw) Control(f func(fd uintptr)) error { return (*bare)(r).use(f) }

// Read implements syscall.RawConn: it waits until f is done.
func (r *bareRaw) Read(f func(fd uintptr) (done bool)) error {
	return (*bare)(r).until(f, true, syscall.RawConn.Read)
}

// Write implements syscall.RawConn: it waits until f is done.
func (r *bareRaw) Write(f func(fd uintptr) (done bool)) error {
	return (*bare)(r).until(f, false, syscall.RawConn.Write)
}

// until returns when f is done; wait is what waits for the socket, and calls f
// before and after.
func (b *bare) until(f func(fd uintptr) (done bool), reader bool, wait func(syscall.RawConn, func(fd uintptr) bool) error) error {
	for {
		if !reader || !b.keeps() { // who waits often is spared a look
			done := false
			if err := b.use(func(fd uintptr) { done = f(fd) }); done || err != nil {
				return err
			}
		}
		_, raw, err := b.wait(reader)
		if err == nil {
			defer b.waited()
			return wait(raw, f)
		}
		if !errors.Is(err, errShort) {
			return err
		}
		time.Sleep(shortPause)
	}
}

// errShort: the process has as many descriptors as it may have. Who has to wait then
// looks again and again.
var errShort = errors.New("no descriptor is left to wait with")

const shortPause = 20 * time.Millisecond

// wait returns what to wait with; the caller must call waited. For a reader, who
// will wait again for the next message, it stays open until rest.
func (b *bare) wait(reader bool) (*os.File, syscall.RawConn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.second == nil {
		err := b.openLocked()
		if errors.Is(err, errShort) && !reader && !b.writeBy.IsZero() && time.Now().After(b.writeBy) {
			err = os.ErrDeadlineExceeded
		}
		if err != nil {
			return nil, nil, err
		}
		b.resting = true
	}
	if reader {
		b.resting = false
	}
	b.waiting++
	return b.second, b.raw, nil
}

func (b *bare) openLocked() error {
	if b.closed {
		return net.ErrClosed
	}
	fd := -1
	if err := b.use(func(first uintptr) { fd = again(first) }); err != nil {
		return err
	}
	if fd < 0 {
		return errShort
	}
	f := os.NewFile(uintptr(fd), "socket") // it does not block, so Go's poller takes it
	raw, err := f.SyscallConn()
	if err == nil {
		err = f.SetWriteDeadline(b.writeBy) // an error if the poller did not
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	b.second, b.raw = f, raw
	return nil
}

// keeps reports whether the reader has waited and does not rest.
func (b *bare) keeps() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.second != nil && !b.resting
}

// waited ends what wait began.
func (b *bare) waited() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting--
	b.letGoLocked()
}

// rest says that the reader waits no more.
func (b *bare) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resting = true
	b.letGoLocked()
}

func (b *bare) letGoLocked() {
	if b.second != nil && b.resting && b.waiting == 0 {
		_ = b.second.Close()
		b.second, b.raw = nil, nil
	}
}

// Close implements net.Conn. Who waits is woken with an error.
func (b *bare) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return net.ErrClosed
	}
	b.closed = true
	if b.second != nil {
		_ = b.second.Close()
		b.second, b.raw = nil, nil
	}
	b.mu.Unlock()
	b.using.Lock()
	defer b.using.Unlock()
	fd := b.fd
	b.fd = -1
	return os.NewSyscallError("close", unix.Close(fd))
}

// SetDeadline implements net.Conn.
func (b *bare) SetDeadline(t time.Time) error {
	return errors.Join(b.SetReadDeadline(t), b.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn, but for waits that are under way or
// follow them before rest.
func (b *bare) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.second == nil {
		return nil
	}
	return b.second.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn. It bounds waits; what can be written
// without one is written.
func (b *bare) SetWriteDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writeBy = t
	if b.second == nil {
		return nil
	}
	return b.second.SetWriteDeadline(t)
}

// LocalAddr implements net.Conn. Nobody asks.
func (b *bare) LocalAddr() net.Addr { return nil }

// RemoteAddr implements net.Conn. Nobody asks: the address of a client is that of
// its request.
func (b *bare) RemoteAddr() net.Addr { return nil }

package session

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func takenOver(t *testing.T) (b *bare, there net.Conn) {
	t.Helper()
	here, there := pipe(t)
	b, ok := newConn(here, nil).Conn.(*bare)
	if !ok {
		t.Fatal("a TCP connection was not taken over")
	}
	t.Cleanup(func() { b.Close() })
	return b, there
}

// whileWaiting calls f when somebody waits for the connection.
func whileWaiting(t *testing.T, b *bare, f func()) {
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		b.mu.Lock()
		waiting := b.waiting > 0
		b.mu.Unlock()
		if waiting {
			f()
			return
		}
		if time.Now().After(deadline) {
			t.Error("nobody waits")
			return
		}
	}
}

// Only who waits has a second descriptor; a reader keeps it until it rests.
func TestBareWaitsWithASecondDescriptor(t *testing.T) {
	b, there := takenOver(t)
	go whileWaiting(t, b, func() { _, _ = there.Write([]byte("a")) })
	p := make([]byte, 8)
	if n, err := b.Read(p); err != nil || string(p[:n]) != "a" {
		t.Fatalf("%q, %v", p[:n], err)
	}
	if b.second == nil {
		t.Error("the next wait would open another one")
	}
	b.rest()
	if b.second != nil {
		t.Error("it stays open")
	}
	if _, err := b.Write([]byte("b")); err != nil || b.second != nil {
		t.Errorf("to write what the socket takes needs none: %v", err)
	}
	if _, err := io.ReadFull(there, p[:1]); err != nil {
		t.Error(err)
	}
	there.Close()
	if _, err := b.Read(p); err != io.EOF {
		t.Errorf("the end is %v", err)
	}
}

// A writer waits for its peer, and lets go of the descriptor when it is done.
func TestBareWritesAll(t *testing.T) {
	b, there := takenOver(t)
	want := bytes.Repeat([]byte("0123456789"), 1<<20)
	go func() {
		if n, err := b.Write(want); n != len(want) || err != nil {
			t.Errorf("wrote %d: %v", n, err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.second != nil {
			t.Error("the descriptor stays open")
		}
		_ = b.use(shutdown)
	}()
	whileWaiting(t, b, func() {})
	if got, err := io.ReadAll(there); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes: %v", len(got), err)
	}
}

func TestBareDeadlines(t *testing.T) {
	b, _ := takenOver(t)
	go whileWaiting(t, b, func() { _ = b.SetReadDeadline(longAgo) })
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read ended with %v", err)
	}
	_ = b.SetWriteDeadline(longAgo)
	if _, err := b.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write to who does not read ended with %v", err)
	}
}

// Close wakes who waits, and after it nothing touches the number that the
// descriptor had: it may be another connection's.
func TestBareIsClosedOnce(t *testing.T) {
	b, there := takenOver(t)
	go whileWaiting(t, b, func() { _ = b.Close() })
	if _, err := b.Read(make([]byte, 1)); err == nil {
		t.Error("a read from a closed connection")
	}
	if _, err := there.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the peer reads %v", err)
	}
	if err := b.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	touched := func(uintptr) { t.Error("used after Close") }
	if err := b.use(touched); !errors.Is(err, net.ErrClosed) {
		t.Errorf("use: %v", err)
	}
	if err := (*bareRaw)(b).Write(func(fd uintptr) bool { touched(fd); return true }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("raw write: %v", err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

// A process that has used up its descriptors still serves those who are there.
func TestBareWaitsWithoutDescriptors(t *testing.T) {
	b, there := takenOver(t)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	less := old
	less.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &less); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old) }()
	if _, _, err := b.wait(true); !errors.Is(err, errShort) {
		t.Fatalf("wait: %v", err)
	}
	looked := make(chan bool)
	go func() {
		<-looked
		_, _ = there.Write([]byte("a"))
	}()
	first := true
	if err := (*bareRaw)(b).Read(func(fd uintptr) bool {
		if first {
			first = false
			close(looked)
		}
		_, err := readSocket(fd, make([]byte, 1))
		return !errors.Is(err, syscall.EAGAIN)
	}); err != nil {
		t.Error(err)
	}
	_ = b.SetWriteDeadline(longAgo)
	if _, err := b.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write to who does not read ended with %v", err)
	}
}

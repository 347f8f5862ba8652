package session

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// company is some sessions to which nobody writes but the test.
func company(t *testing.T, n int) (h *hand, sessions []*Session, clients []net.Conn) {
	t.Helper()
	for range n {
		s, client, _ := lonely(t, time.Hour)
		s.cfg.Writers.running = 1 // there is a writer, it may think
		sessions, clients = append(sessions, s), append(clients, client)
	}
	h = sessions[0].cfg.Writers.hand()
	t.Cleanup(h.together.close)
	if !h.together.usable() {
		t.Skip("the system has no io_uring for us")
	}
	h.some = append(h.some, sessions...)
	return h, sessions, clients
}

func hears(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatalf("after %d bytes: %v", len(got), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes are others", len(got))
	}
}

func frames(n, size int) (all []wire.Frame, together []byte) {
	for i := range n {
		f := wire.Frame(bytes.Repeat([]byte{byte('a' + i%26)}, size))
		all, together = append(all, f), append(together, f...)
	}
	return all, together
}

// What waits for some sockets comes to each of them whole and in order, however
// much it is, and whatever becomes of another.
func TestDeliverTogether(t *testing.T) {
	h, all, clients := company(t, 8)
	heaps := []struct{ n, size int }{{1, 40}, {3, 40}, {0, 0}, {40, 2000}, {1, 300_000}, {2, 20_000}, {1, 16_000_000}, {1, 40}}
	var want [8][]byte
	for i, heap := range heaps {
		var fs []wire.Frame
		fs, want[i] = frames(heap.n, heap.size)
		for _, f := range fs {
			all[i].Member.Send(f)
		}
	}
	locked := all[1].sock.conn // by who writes a control frame, who does not wait for us
	locked.writeMu.Lock()
	unlocked := make(chan struct{})
	go func() {
		defer close(unlocked)
		hears(t, clients[0], want[0]) // nobody waits for the lock before the others have theirs
		locked.writeMu.Unlock()
	}()
	h.deliver()
	<-unlocked
	for i := range all {
		if i > 0 {
			hears(t, clients[i], want[i])
		}
		all[i].Member.Drained()
	}
	for _, s := range all { // and they can be written to again
		s.Member.Send(wire.Frame("again"))
	}
	h.some = append(h.some, all...)
	h.deliver()
	for _, c := range clients {
		hears(t, c, []byte("again"))
	}
}

func TestDeliverTogetherWithSomeWhoAreGone(t *testing.T) {
	h, all, clients := company(t, 4)
	_ = all[0].sock.sayClose(wire.CloseRestart) // nothing may follow
	all[1].sock.Kill()
	_ = clients[2].(*net.TCPConn).SetLinger(0)
	clients[2].Close()
	for deadline := time.Now().Add(10 * time.Second); !all[2].sock.HungUp(); {
		if time.Now().After(deadline) {
			t.Fatal("the reset does not arrive")
		}
	}
	for _, s := range all {
		s.Member.Send(wire.Frame("hello"))
	}
	h.deliver()
	hears(t, clients[3], []byte("hello"))
	for i, s := range all {
		if s.Member.Drained(); s.Member.Queued() > 0 {
			t.Errorf("%d bytes wait for session %d", s.Member.Queued(), i)
		}
		c := s.sock.conn
		if !c.writeMu.TryLock() {
			t.Errorf("session %d stays locked", i)
			continue
		}
		c.writeMu.Unlock()
	}
	closing := wire.CloseFrame(wire.CloseRestart)
	hears(t, clients[0], closing)
	_ = clients[0].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if b, _ := io.ReadAll(clients[0]); len(b) > 0 {
		t.Errorf("%q follows the close", b)
	}
}

// Without io_uring each socket is written to by itself.
func TestDeliverWithoutRing(t *testing.T) {
	h, all, clients := company(t, 3)
	h.together.ring.Close()
	h.together.ring = nil
	for _, s := range all {
		s.Member.Send(wire.Frame("hello"))
	}
	h.deliver()
	for _, c := range clients {
		hears(t, c, []byte("hello"))
	}
}

// A peer that takes nothing keeps nobody waiting, and has everything in the end.
func TestDeliverTogetherWithOneWhoDoesNotRead(t *testing.T) {
	h, all, clients := company(t, 3)
	stuck := all[1].sock.conn
	stuck.writeMu.Lock()
	full := 0
	for {
		n, err := stuck.writeNow(make([]byte, 64<<10))
		if err != nil {
			t.Fatal(err)
		}
		if full += n; n == 0 {
			break
		}
	}
	stuck.writeMu.Unlock()
	for _, s := range all {
		s.Member.Send(wire.Frame("hello "))
		s.Member.Send(wire.Frame("world"))
	}
	h.deliver()
	hears(t, clients[0], []byte("hello world"))
	hears(t, clients[2], []byte("hello world"))
	if !all[1].Member.Draining() {
		t.Error("nobody writes to the one who did not read")
	}
	hears(t, clients[1], append(make([]byte, full), "hello world"...))
	all[1].Member.Drained()
}

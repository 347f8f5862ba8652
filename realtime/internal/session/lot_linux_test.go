package session

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// lonely returns a session without a room, and its client behind the upgrade.
// over gets the code with which the session ends.
func lonely(t *testing.T, linger time.Duration) (s *Session, client net.Conn, over chan int) {
	t.Helper()
	tasks := new(sync.WaitGroup)
	cfg := &Config{
		MaxMessage: 1 << 20, Ping: time.Hour, Stall: time.Hour, Linger: linger, Meter: new(meter.Meter), Logger: slog.New(slog.DiscardHandler),
		Tasks: tasks, Writers: &Writers{Tasks: tasks}, Lot: &Lot{Tasks: tasks}, Holding: new(atomic.Bool),
	}
	if err := cfg.Lot.Open(); err != nil {
		t.Fatal(err)
	}
	made := make(chan *Session, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sock, err := Accept(w, r, Request{})
		if err != nil {
			t.Error(err)
		}
		made <- New(sock, Request{}, room.MemberOptions{}, cfg)
	}))
	client, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = client.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for head := []byte(nil); !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		var b [1]byte // not one more: what follows is for the test
		if _, err := io.ReadFull(client, b[:]); err != nil {
			t.Fatal(err)
		}
		head = append(head, b[0])
	}
	s, over = <-made, make(chan int, 1)
	s.over = func(code int) { over <- code }
	t.Cleanup(func() {
		client.Close()
		server.Close()
		cfg.Lot.Close()
		tasks.Wait()
	})
	return s, client, over
}

// says sends a frame with a mask of zeros and reads as many bytes as it wants.
func says(t *testing.T, c net.Conn, first byte, payload string, want int) []byte {
	t.Helper()
	if _, err := c.Write(append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, want)
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	return got
}

func serving() bool {
	buf := make([]byte, 1<<20)
	return bytes.Contains(buf[:runtime.Stack(buf, true)], []byte(".(*Session).serve("))
}

// untilParked waits until a socket has no reader. tick helps.
func untilParked(t *testing.T, s *Session, tick func()) {
	t.Helper()
	parked := func() bool {
		s.cfg.Lot.mu.Lock()
		defer s.cfg.Lot.mu.Unlock()
		return slices.Contains(s.cfg.Lot.parked, s)
	}
	for deadline := time.Now().Add(10 * time.Second); !parked(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the goroutine of a silent client stays")
		}
		tick()
	}
}

// Whoever only answers pings, or asks with them, starts no goroutine: one would
// stay for an hour here.
func TestPingsStartNoReader(t *testing.T) {
	s, client, over := lonely(t, time.Hour)
	if !s.cfg.Lot.park(s) {
		t.Fatal("a socket cannot be parked")
	}
	for range 3 {
		says(t, client, opPong, "", 0)
		if got := says(t, client, opPing, "hello", 7); string(got[2:]) != "hello" {
			t.Errorf("pong %q", got)
		}
	}
	if serving() {
		t.Error("pings have started a reader")
	}
	for range talking {
		untilParked(t, s, func() {})
		says(t, client, 0x81, `{"type":"ping"}`, len(wire.Pong(time.Now())))
	}
	if !serving() {
		t.Error("who sends one message after the other is not waited for")
	}
	client.Close()
	if code := <-over; code != codeBroken {
		t.Errorf("ended with %d", code)
	}
}

// The ticker dismisses the goroutine of a client that sends nothing, and nothing
// is lost for that, also in the middle of a message.
func TestSilentReadersAreDismissed(t *testing.T) {
	s, client, over := lonely(t, 10*time.Second)
	s.Start(s.over)
	for range 3 {
		for range talking {
			untilParked(t, s, func() {}) // one message does not make a talk
			says(t, client, 0x81, `{"type":"ping"}`, len(wire.Pong(time.Now())))
		}
		s.Tick(time.Now())
		if !serving() {
			t.Error("who has just sent some messages is not waited for")
		}
		untilParked(t, s, func() { s.Tick(time.Now().Add(10 * time.Second)) })
	}
	s.Kill(wire.CloseRestart)
	if code := <-over; code != wire.CodeRestart {
		t.Errorf("ended with %d", code)
	}
}

// A Lot that is closed takes nobody; a socket then has its goroutine.
func TestClosedLotTakesNobody(t *testing.T) {
	s, client, over := lonely(t, 0)
	s.cfg.Lot.Close()
	if s.cfg.Lot.park(s) {
		t.Fatal("parked in a closed Lot")
	}
	s.Start(s.over)
	for range 3 {
		says(t, client, 0x81, `{"type":"ping"}`, len(wire.Pong(time.Now())))
	}
	s.Kill(wire.CloseRestart)
	if code := <-over; code != wire.CodeRestart {
		t.Errorf("ended with %d", code)
	}
}

package realtime

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// status tries to connect and returns the HTTP status of the answer.
func (s *stand) status(user int64, h http.Header) int {
	s.t.Helper()
	ws, resp, err := websocket.Dial(s.t.Context(), s.url("/realtime/records/r1"), &websocket.DialOptions{
		HTTPHeader: h, Subprotocols: []string{"auth." + s.host.Login(user, 0)},
	})
	if resp == nil {
		s.t.Fatal(err)
	}
	if ws != nil {
		s.t.Cleanup(func() { ws.CloseNow() })
	}
	return resp.StatusCode
}

func TestAllConnectionsAreLimited(t *testing.T) {
	s := newStand(t, standOptions{server: Options{MaxConnections: 2}})
	a := s.dial(dial{user: 1}).sync()
	s.dial(dial{user: 2}).sync()
	if got := s.status(4, nil); got != http.StatusServiceUnavailable {
		t.Errorf("third socket: %d, want 503", got)
	}
	a.ws.CloseNow()
	s.settled(1)
	s.dial(dial{user: 4}).sync()
}

// Behind a trusted proxy the limit counts the clients, not the proxy; what a
// client writes into the header itself does not count.
func TestLimitPerAddressBehindAProxy(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	from := func(s *stand, user int64, forwarded string) int {
		c := s.dial(dial{user: user, quiet: true, h: http.Header{"X-Forwarded-For": {forwarded}}})
		select {
		case <-c.done:
			code, _ := c.closed()
			return code
		case <-c.synced: // unasked, after a second; whoever is refused hears sooner
			return 0
		}
	}
	for _, c := range []struct {
		name      string
		trusted   []netip.Prefix
		forwarded []string
		want      []int
	}{
		{"two clients", loopback, []string{"192.0.2.1", "192.0.2.2"}, []int{0, 0}},
		{"one client", loopback, []string{"192.0.2.1", "192.0.2.1"}, []int{0, 4029}},
		{"one client that forges", loopback, []string{"203.0.113.1, 192.0.2.1", "203.0.113.2, 192.0.2.1"}, []int{0, 4029}},
		{"one office with IPv6", loopback, []string{"2001:db8::1", "2001:db8::2"}, []int{0, 4029}},
		{"no proxy is trusted", nil, []string{"192.0.2.1", "192.0.2.2"}, []int{0, 4029}},
	} {
		s := newStand(t, standOptions{server: Options{ConnectionsPerIP: 1, TrustedProxies: c.trusted}})
		for i, f := range c.forwarded {
			if got := from(s, int64(i+1), f); got != c.want[i] {
				t.Errorf("%s: socket %d ended with %d, want %d", c.name, i+1, got, c.want[i])
			}
		}
	}
}

// Who connects too fast is not even listened to. Through a proxy, which speaks
// for many, each client has a bound of its own and is told.
func TestConnectsOfAnAddressAreLimited(t *testing.T) {
	o := Options{ConnectRate: 0.001, ConnectionsPerIP: 2} // two at once, the next after a quarter of an hour
	s := newStand(t, standOptions{server: o})
	a := s.dial(dial{user: 1}).sync()
	s.dial(dial{user: 2}).sync()
	_, resp, err := websocket.Dial(t.Context(), s.url("/realtime/records/r1"), nil)
	if err == nil || resp != nil {
		t.Errorf("the third connect: %v, %v", resp, err)
	}
	s.untilHooked(hooks.NameSecurityLimitStorm, "")
	if e, _ := s.notes.find(hooks.NameSecurityLimitStorm); e.Data.(hooks.SecurityLimitStorm).Limit != "rate_limiting.connects_per_second" {
		t.Errorf("the hook says %+v", e.Data)
	}
	a.insert(0, "x") // whoever is there does not notice

	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	s = newStand(t, standOptions{server: o})
	from := func(addr string) http.Header { return http.Header{"X-Forwarded-For": {addr}} }
	for range 2 {
		if got := s.status(1, from("192.0.2.1")); got != http.StatusSwitchingProtocols {
			t.Fatalf("through a proxy: %d", got)
		}
	}
	if got := s.status(1, from("192.0.2.1")); got != http.StatusServiceUnavailable {
		t.Errorf("the third connect of a client through a proxy: %d, want 503", got)
	}
	if got := s.status(2, from("192.0.2.2")); got != http.StatusSwitchingProtocols {
		t.Errorf("another client of the proxy: %d", got)
	}
	for range 5 {
		if got := s.status(4, nil); got != http.StatusSwitchingProtocols {
			t.Errorf("through a proxy that does not say for whom: %d", got)
		}
	}
}

func TestMessageSizeIsLimited(t *testing.T) {
	const limit = 64 << 10
	s := newStand(t, standOptions{server: Options{MaxMessage: limit}})
	witness := s.dial(dial{user: 2}).sync()
	witness.untilText("seed")
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	a.insert(0, strings.Repeat("x", limit-1000)) // fits
	witness.until("what fits", func() bool { return witness.doc.Text("t").Len() == limit-1000+4 })
	_ = a.write(protocol.AppendUpdate(nil, make([]byte, limit)))
	if code, reason := a.closed(); code != 1009 || reasonID(reason) == "" {
		t.Errorf("closed with %d %s, want 1009 and a correlation id", code, reason)
	}
	witness.insert(0, "!")
	s.dial(dial{user: 4}).sync().until("the rest", func() bool { return witness.doc.Text("t").Len() == limit-1000+5 })
}

// Who goes on sending what is too large is cut off; it is not read to its end.
func TestEndlessMessageIsCutOff(t *testing.T) {
	s := newStand(t, standOptions{server: Options{MaxMessage: 64 << 10}})
	raw, _ := s.rawDial(1, "r1")
	heap := liveHeap()
	_, err := raw.Write([]byte{0x82, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0}) // a gigabyte
	must(t, err)
	if n, err := io.Copy(raw, io.LimitReader(zeros{}, 1<<30)); err == nil || n > 64<<20 {
		t.Errorf("the peer could send %d MB: %v", n>>20, err)
	}
	if now := liveHeap(); now > heap+4<<20 {
		t.Errorf("%d KB of heap, %d before", now>>10, heap>>10)
	}
	s.settled(0)
}

// Of a socket that is not admitted yet, nothing is read: what it sends waits in
// the kernel, whose buffers bound it, and goes with the socket.
func TestNothingIsReadBeforeAuthentication(t *testing.T) {
	s := newStand(t, standOptions{})
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	s.host.Gate(func(context.Context, memhost.Operation) error {
		asked <- struct{}{}
		<-answer
		return nil
	})
	raw, err := net.Dial("tcp", s.server.Addr().String())
	must(t, err)
	defer raw.Close()
	_, err = io.WriteString(raw, "GET /realtime/records/r1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: auth.wrong\r\n\r\n")
	must(t, err)
	<-asked
	sent := make(chan int64)
	go func() { // a frame of a gigabyte
		n, _ := raw.Write([]byte{0x82, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0})
		k, _ := io.Copy(raw, io.LimitReader(zeros{}, 1<<30))
		sent <- int64(n) + k
	}()
	heap := liveHeap()
	s.dialRefused(answer)
	if n := <-sent; n > 64<<20 {
		t.Errorf("the peer could send %d MB", n>>20)
	}
	if now := liveHeap(); now > heap+4<<20 {
		t.Errorf("%d KB of heap, %d before", now>>10, heap>>10)
	}
	s.host.Gate(nil)
	s.dial(dial{user: 1}).sync().untilText("seed")
}

// dialRefused lets the core answer, and waits until the refusal is done.
func (s *stand) dialRefused(answer chan struct{}) {
	s.t.Helper()
	close(answer)
	s.poll("a refusal", func() bool { return s.server.penalty.total() == 1 })
	s.poll("its end", func() bool {
		s.server.penalty.mu.Lock()
		defer s.server.penalty.mu.Unlock()
		return len(s.server.penalty.held) == 0
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

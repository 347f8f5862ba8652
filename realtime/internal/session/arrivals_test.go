package session

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// visitor is a connection from an address.
type visitor struct {
	net.Conn
	from   netip.Addr
	closed bool
}

func (v *visitor) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(v.from, 1))
}
func (v *visitor) Close() error { v.closed = true; return nil }

// queue is a listener to which everybody came at once.
type queue struct {
	net.Listener
	visitors []*visitor
}

func (q *queue) Accept() (net.Conn, error) {
	if len(q.visitors) == 0 {
		return nil, io.EOF
	}
	v := q.visitors[0]
	q.visitors = q.visitors[1:]
	return v, nil
}

func addrs(n int, from string) (list []*visitor) {
	for range n {
		list = append(list, &visitor{from: netip.MustParseAddr(from)})
	}
	return list
}

// in accepts everybody who is in the queue and returns who got in, by address.
func in(t *testing.T, l net.Listener) map[netip.Addr]int {
	t.Helper()
	got := make(map[netip.Addr]int)
	for {
		c, err := l.Accept()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		v := c.(*visitor)
		if v.closed {
			t.Error("one who got in was closed")
		}
		got[v.from]++
	}
}

func TestArrivalsFromOneAddressAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := make(map[netip.Addr]int)
		a := &Arrivals{Rate: 10, Burst: 20, Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, SentAway: func(addr netip.Addr) { away[addr]++ }}
		q := &queue{}
		l := a.Listen(q)
		mad, calm, proxy := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("10.1.1.1")
		mapped := addrs(1, "::ffff:192.0.2.2") // the same as calm
		q.visitors = append(append(append(addrs(50, mad.String()), addrs(5, calm.String())...), addrs(500, proxy.String())...), mapped...)
		crowd := q.visitors
		if got := in(t, l); got[mad] != 20 || got[calm] != 5 || got[mapped[0].from] != 1 || got[proxy] != 500 {
			t.Errorf("%v got in", got)
		}
		if away[mad] != 30 || len(away) != 1 {
			t.Errorf("%v were sent away", away)
		}
		if crowd[19].closed || !crowd[20].closed {
			t.Error("not those were closed who were sent away")
		}
		time.Sleep(time.Second) // who was sent away owes nothing
		q.visitors = addrs(50, mad.String())
		if got := in(t, l); got[mad] != 10 {
			t.Errorf("%v got in a second later", got)
		}
		for i := range 3 { // through the proxy each client has its own bound
			client := netip.MustParseAddr("198.51.100.7")
			for range 20 {
				if !a.Welcome(client) {
					t.Fatalf("a client of the proxy was sent away, round %d", i)
				}
			}
			if a.Welcome(client) {
				t.Error("a client of the proxy has no bound")
			}
			time.Sleep(2 * time.Second)
		}
	})
}

// What comes too fast in all is not refused, it waits.
func TestArrivalsAreTakenAtAnEvenPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queue{visitors: addrs(inOneGo+2000, "192.0.2.1")}
		l := (&Arrivals{All: 1000}).Listen(q)
		began := time.Now()
		if got := in(t, l); got[netip.MustParseAddr("192.0.2.1")] != inOneGo+2000 {
			t.Errorf("%v got in", got)
		}
		if took := time.Since(began).Round(10 * time.Millisecond); took != 2*time.Second {
			t.Errorf("2000 at 1000 a second took %v", took)
		}
	})
}

// However many addresses there are, few are remembered, and those that come
// too fast longest.
func TestArrivalsRememberBoundedly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Arrivals{Rate: 1, Burst: 2, SentAway: func(netip.Addr) {}}
		numbered := func(i int) netip.Addr {
			return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i))))
		}
		for i := range maxArrived {
			a.Welcome(numbered(i))
		}
		time.Sleep(time.Second)
		mad := numbered(1 << 30)
		for range 3 {
			a.Welcome(mad)
		}
		if len(a.seen) != 1 {
			t.Errorf("%d addresses are remembered, want that of who came just now", len(a.seen))
		}
		for i := range 3 * maxArrived {
			a.Welcome(numbered(i))
			if len(a.seen) > maxArrived {
				t.Fatalf("%d addresses are remembered", len(a.seen))
			}
		}
	})
}

package session

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Arrivals bounds how fast connections come in, so that those who are there
// keep the processor. Who comes too fast from one address is sent away with a
// reset, before anything is read or allocated for it. What comes too fast in
// all waits in the system's queue, which drops what it cannot hold.
type Arrivals struct {
	// Rate is how many connections a second one address may make, and Burst
	// how many at once. A Rate of 0 is no bound.
	Rate, Burst float64
	// All is how many are taken a second, whoever makes them; 0 = no bound.
	All float64
	// Trusted are proxies. They bring the connections of many; see Welcome.
	Trusted []netip.Prefix
	// SentAway is told of each that came too fast. It must be quick.
	SentAway func(netip.Addr)

	mu   sync.Mutex
	seen map[netip.Addr]bucket // guarded by mu
}

const (
	// inOneGo is how many are taken without a pause: what is typed meanwhile
	// waits for as many answers.
	inOneGo = 16
	// awayCost is what sending one away costs, of what an answer does.
	awayCost   = 0.1
	maxArrived = 8192 // addresses that are remembered
)

// Listen returns the listener behind which the bounds hold.
func (a *Arrivals) Listen(l net.Listener) net.Listener {
	return &arrivals{Listener: l, bounds: a, pace: newBucket(a.All, inOneGo, time.Now())}
}

type arrivals struct {
	net.Listener
	bounds *Arrivals
	pace   bucket // owned by Accept, which net/http calls from one goroutine
}

func (l *arrivals) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.welcome(c) {
			l.wait(1)
			return c, nil
		}
		reset(c)
		l.wait(awayCost)
	}
}

func (l *arrivals) wait(n float64) {
	if d := l.pace.take(time.Now(), n); d > 0 {
		time.Sleep(d)
	}
}

func (l *arrivals) welcome(c net.Conn) bool {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	return !ok || l.bounds.Welcome(tcp.AddrPort().Addr().Unmap())
}

// Welcome counts one more connection of a client. It is for those that came
// through a trusted proxy; the listener asks it for the others. A proxy itself,
// or one that does not say who comes, is always welcome.
func (a *Arrivals) Welcome(addr netip.Addr) bool {
	if a.Rate <= 0 || isTrusted(addr, a.Trusted) || a.take(AddrKey(addr), time.Now()) {
		return true
	}
	a.SentAway(addr)
	return false
}

func (a *Arrivals) take(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, known := a.seen[addr]
	if !known {
		if a.seen == nil {
			a.seen = make(map[netip.Addr]bucket)
		}
		if len(a.seen) >= maxArrived {
			a.forgetLocked(now)
		}
		b = newBucket(a.Rate, a.Burst, now)
	}
	ok := b.try(now)
	a.seen[addr] = b
	return ok
}

// forgetLocked makes room: first those whose bucket is full again, then any.
func (a *Arrivals) forgetLocked(now time.Time) {
	for addr, b := range a.seen {
		if b.have+now.Sub(b.last).Seconds()*b.rate >= b.burst {
			delete(a.seen, addr)
		}
	}
	for addr := range a.seen {
		if len(a.seen) < maxArrived*3/4 {
			return
		}
		delete(a.seen, addr)
	}
}

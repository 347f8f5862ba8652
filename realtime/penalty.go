package realtime

import (
	"hash/maphash"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/session"
)

// penalty makes clients that are refused again and again wait. It is bounded
// in what it remembers and in how many sockets it holds.
type penalty struct {
	mu   sync.Mutex
	seen map[offender]offence         // guarded by mu
	held map[*session.Socket]struct{} // guarded by mu; waiting for their close
	all  uint64                       // guarded by mu; refusals ever
}

// offender is an address with a token, so that one bad tab behind a town's
// gateway does not make its neighbours wait.
type offender struct {
	addr  netip.Addr
	token uint64
}

type offence struct {
	times int
	last  time.Time
}

const (
	penaltyStep   = 250 * time.Millisecond // the second time; then doubling
	penaltyMax    = 20 * time.Second       // below y-websocket's 30 s without a message
	penaltyForget = 2 * time.Minute
	maxOffenders  = 8192
	maxHeld       = 2048
)

var tokenSeed = maphash.MakeSeed()

func offenderOf(q session.Request) offender {
	return offender{session.AddrKey(q.Addr), maphash.String(tokenSeed, q.Token)}
}

// next counts a refusal and says how long to hold the socket. release must be
// called when it is closed.
func (p *penalty) next(q session.Request, sock *session.Socket, now time.Time) (wait time.Duration, release func()) {
	key := offenderOf(q)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all++
	if p.seen == nil {
		p.seen = make(map[offender]offence)
		p.held = make(map[*session.Socket]struct{})
	}
	if len(p.seen) >= maxOffenders {
		p.forgetLocked(now)
	}
	o := p.seen[key]
	if now.Sub(o.last) > penaltyForget {
		o.times = 0
	}
	o.times, o.last = o.times+1, now
	p.seen[key] = o
	if o.times > 1 {
		wait = min(penaltyStep<<min(o.times-2, 16), penaltyMax)
	}
	if len(p.held) >= maxHeld {
		wait = 0 // no room to hold more; closing at once costs less
	}
	p.held[sock] = struct{}{}
	return wait, func() {
		p.mu.Lock()
		delete(p.held, sock)
		p.mu.Unlock()
	}
}

// forgetLocked makes room: old offences first, then any.
func (p *penalty) forgetLocked(now time.Time) {
	for k, o := range p.seen {
		if now.Sub(o.last) > penaltyForget {
			delete(p.seen, k)
		}
	}
	for k := range p.seen {
		if len(p.seen) < maxOffenders*3/4 {
			return
		}
		delete(p.seen, k)
	}
}

// forgive forgets the refusals of a client that is admitted.
func (p *penalty) forgive(q session.Request) {
	p.mu.Lock()
	delete(p.seen, offenderOf(q))
	p.mu.Unlock()
}

// total is how many sockets were ever refused.
func (p *penalty) total() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// killHeld ends the sockets that wait for their close.
func (p *penalty) killHeld() {
	p.mu.Lock()
	held := slices.Collect(maps.Keys(p.held))
	p.mu.Unlock()
	for _, sock := range held {
		sock.Kill()
	}
}

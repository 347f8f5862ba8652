package realtime

import (
	"net/netip"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/session"
	"github.com/civicpress/realtimefx/realtime/room"
)

// guard reports suspicious patterns as log lines, hooks and figures. A pattern
// is reported the 1st, 2nd, 4th, 8th … time within its window, so that an
// attack does not flood whoever watches.
type guard struct {
	server *Server

	NoToken, BadSession meter.Counter
	Origins             meter.Counter
	Limits              meter.Counter

	mu     sync.Mutex
	counts map[pattern]*tally // guarded by mu
}

type pattern struct {
	what string
	addr netip.Addr
	user int64
}

type tally struct {
	n     int
	until time.Time
}

const (
	guardWindow = 10 * time.Minute
	maxPatterns = 8192
)

func (g *guard) init(s *Server) { g.server, g.counts = s, make(map[pattern]*tally) }

// count counts one more, and says whether it is worth a report.
func (g *guard) count(p pattern) (n int, report bool) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.counts[p]
	if t == nil || now.After(t.until) {
		if len(g.counts) >= maxPatterns {
			for k, old := range g.counts {
				if now.After(old.until) || len(g.counts) >= maxPatterns {
					delete(g.counts, k)
				}
			}
		}
		t = &tally{until: now.Add(guardWindow)}
		g.counts[p] = t
	}
	t.n++
	return t.n, t.n&(t.n-1) == 0
}

func (g *guard) authFailed(q session.Request, reason string) {
	if q.Token == "" {
		g.NoToken.Inc()
	} else {
		g.BadSession.Inc()
	}
	n, report := g.count(pattern{what: "auth", addr: session.AddrKey(q.Addr)})
	if !report {
		return
	}
	id := room.NewCorrelationID()
	g.server.logger.Warn("authentication failed", "op", "server.auth", "ip", q.Addr.String(), "reason", reason, "failures", n, "correlation_id", id)
	g.server.emit(id, hooks.SecurityAuthFailed{IP: q.Addr.String(), Reason: reason, Failures: n})
}

func (g *guard) originRefused(addr netip.Addr, origin string) {
	g.Origins.Inc()
	if len(origin) > 200 {
		origin = origin[:200]
	}
	if _, report := g.count(pattern{what: "origin", addr: session.AddrKey(addr)}); report {
		id := room.NewCorrelationID()
		g.server.logger.Warn("foreign origin refused; list it in allowed_origins if it is yours", "op", "server.origin", "ip", addr.String(), "origin", origin, "correlation_id", id)
		g.server.emit(id, hooks.SecurityOriginRefused{IP: addr.String(), Origin: origin})
	}
}

func (g *guard) limited(limit string, q session.Request, user int64) {
	g.Limits.Inc()
	n, report := g.count(pattern{what: limit, addr: session.AddrKey(q.Addr), user: user})
	if !report {
		return
	}
	id := room.NewCorrelationID()
	g.server.logger.Warn("limit reached", "op", "server.limit", "limit", limit, "ip", q.Addr.String(), "user", user, "count", n, "correlation_id", id)
	g.server.emit(id, hooks.SecurityLimitStorm{Limit: limit, IP: q.Addr.String(), UserID: user, Count: n})
}

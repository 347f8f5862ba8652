package realtime

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/session"
)

// guard reports suspicious patterns as log lines, hooks and figures. A pattern
// is reported the 1st, 2nd, 4th, 8th … time within its window, and only so many
// are in a second, so that an attack does not flood whoever watches. The
// figures count everything.
type guard struct {
	server *Server

	NoToken, BadSession meter.Counter
	Origins             meter.Counter
	Limits              meter.Counter

	mu     sync.Mutex
	counts map[pattern]*tally // guarded by mu
	second time.Time          // guarded by mu; when told began
	told   int                // guarded by mu; reports since then
	left   int                // guarded by mu; reports left out since the last one
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
	maxReports  = 20 // a second
)

func (g *guard) init(s *Server) { g.server, g.counts = s, make(map[pattern]*tally) }

// count counts one more, and says whether it is worth a report.
func (g *guard) count(p pattern) (n int, report bool) { return g.countAt(p, time.Now()) }

func (g *guard) countAt(p pattern, now time.Time) (n int, report bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.counts[p]
	if t == nil || now.After(t.until) {
		if len(g.counts) >= maxPatterns {
			g.forgetLocked(now)
		}
		t = &tally{until: now.Add(guardWindow)}
		g.counts[p] = t
	}
	t.n++
	if t.n&(t.n-1) != 0 {
		return t.n, false
	}
	if now.Sub(g.second) >= time.Second {
		g.second, g.told = now, 0
	}
	if g.told >= maxReports {
		g.left++
		return t.n, false
	}
	g.told++
	return t.n, true
}

// leftOut returns how many reports were left out since it was last asked.
func (g *guard) leftOut() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, g.left = g.left, 0
	return n
}

// forgetLocked makes room: first for what is over, then for any.
func (g *guard) forgetLocked(now time.Time) {
	for k, t := range g.counts {
		if now.After(t.until) {
			delete(g.counts, k)
		}
	}
	for k := range g.counts {
		if len(g.counts) < maxPatterns*3/4 {
			return
		}
		delete(g.counts, k)
	}
}

// tell logs a pattern, and hands it to the hooks when it is worth a report;
// between, the log has a line at level debug, so that each client's id is there.
func (g *guard) tell(report bool, id, msg string, p hooks.Payload, args ...any) {
	level := slog.LevelDebug
	if report {
		level = slog.LevelWarn
		if n := g.leftOut(); n > 0 {
			args = append(args, "left_out", n)
		}
		g.server.emit(id, p)
	}
	if g.server.logger.Enabled(g.server.base, level) {
		g.server.logger.Log(g.server.base, level, msg, append(args, "correlation_id", id)...)
	}
}

// authFailed counts a socket that is refused for its token, and returns the
// correlation id for the client.
func (g *guard) authFailed(q session.Request, reason string) (id string) {
	if q.Token == "" {
		g.NoToken.Inc()
	} else {
		g.BadSession.Inc()
	}
	id = host.NewCorrelationID()
	n, report := g.count(pattern{what: "auth", addr: session.AddrKey(q.Addr)})
	g.tell(report, id, "authentication failed", hooks.SecurityAuthFailed{IP: q.Addr.String(), Reason: reason, Failures: n},
		"op", "server.auth", "ip", q.Addr, "reason", reason, "failures", n)
	return id
}

// denied counts somebody known who may not see a record, at the door or from
// now on.
func (g *guard) denied(q session.Request, user int64, clientID string) (id string) {
	id = host.NewCorrelationID()
	n, report := g.count(pattern{what: "denied", user: user})
	name := q.RoomType + ":" + q.RoomID
	g.tell(report, id, "permission denied", hooks.SecurityPermissionDenied{UserID: user, ClientID: clientID, RoomID: name, Action: "view", Count: n},
		"op", "server.auth", "user", user, "room", name, "action", "view", "client", clientID, "count", n)
	return id
}

func (g *guard) originRefused(addr netip.Addr, origin string) {
	g.Origins.Inc()
	if len(origin) > 200 {
		origin = origin[:200]
	}
	_, report := g.count(pattern{what: "origin", addr: session.AddrKey(addr)})
	g.tell(report, host.NewCorrelationID(), "foreign origin refused; list it in allowed_origins if it is yours",
		hooks.SecurityOriginRefused{IP: addr.String(), Origin: origin}, "op", "server.origin", "ip", addr, "origin", origin)
}

// limited counts a socket that meets a limit.
func (g *guard) limited(limit string, q session.Request, user int64) (id string) {
	g.Limits.Inc()
	id = host.NewCorrelationID()
	n, report := g.count(pattern{what: limit, addr: session.AddrKey(q.Addr), user: user})
	g.tell(report, id, "limit reached", hooks.SecurityLimitStorm{Limit: limit, IP: q.Addr.String(), UserID: user, Count: n},
		"op", "server.limit", "limit", limit, "ip", q.Addr, "user", user, "count", n)
	return id
}

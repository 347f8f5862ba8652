package realtime

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/yjs"
)

// What looks like an attack is told three ways: a line of the log, a hook with
// the same correlation id, and a figure.
func TestSuspiciousPatternsAreToldThreeWays(t *testing.T) {
	s := newStand(t, standOptions{server: Options{ConnectionsPerUser: 1}})
	a := s.dial(dial{user: 1, id: 111}).sync()
	a.untilText("seed")
	a.insert(0, "a")
	s.dial(dial{token: "bad"}).closed()                                                 // auth-failed
	_, _ = s.tryDial(dial{user: 4, h: http.Header{"Origin": {"https://evil.example"}}}) // origin-refused
	s.dial(dial{user: 1}).closed()                                                      // limit-storm
	b := s.dial(dial{user: 2, v1: true}).sync()                                         // forged
	b.untilText("aseed")
	b.mu.Lock()
	b.doc.SetClientID(111)
	b.mu.Unlock()
	b.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, 0, "x", nil) })
	b.untilEvent("error")

	rec := newRecorder()
	req, err := http.NewRequest("GET", "/metrics", nil)
	must(t, err)
	s.server.Metrics().ServeHTTP(rec, req)
	for _, c := range []struct{ hook, log, figure string }{
		{hooks.NameSecurityAuthFailed, "authentication failed", `auth_failures_total{reason="bad_session"} 1`},
		{hooks.NameSecurityOriginRefused, "foreign origin refused", "origins_refused_total 1"},
		{hooks.NameSecurityLimitStorm, "limit reached", "limits_reached_total 1"},
		{hooks.NameSecurityForged, "speaks as somebody else", "forged_total 1"},
	} {
		e, ok := s.notes.find(c.hook)
		if !ok || e.CorrelationID == "" {
			t.Errorf("%s: %v, correlation id %q", c.hook, ok, e.CorrelationID)
			continue
		}
		logged := false
		for line := range strings.Lines(s.log.String()) {
			logged = logged || strings.Contains(line, e.CorrelationID) && strings.Contains(line, c.log) && strings.Contains(line, "level=WARN")
		}
		if !logged {
			t.Errorf("%s: the log has no line with correlation id %s; want one like %q", c.hook, e.CorrelationID, c.log)
		}
		if !strings.Contains(rec.body.String(), "civicpress_realtime_"+c.figure+"\n") {
			t.Errorf("%s: no figure %s", c.hook, c.figure)
		}
	}
}

// However many addresses an attack comes from, it does not flood the log and
// the hooks, and what is remembered of it is bounded.
func TestReportsAreBounded(t *testing.T) {
	var g guard
	g.init(nil)
	from := func(i int) pattern {
		return pattern{what: "auth", addr: netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i))))}
	}
	now := time.Now()
	reports := 0
	for i := range 30_000 {
		if _, report := g.countAt(from(i), now.Add(time.Duration(i)*100*time.Microsecond)); report {
			reports++
		}
		if len(g.counts) > maxPatterns {
			t.Fatalf("%d patterns are remembered", len(g.counts))
		}
	}
	if reports != 3*maxReports {
		t.Errorf("%d reports in three seconds, want %d", reports, 3*maxReports)
	}
	if left := g.leftOut(); left != 30_000-reports || g.leftOut() != 0 {
		t.Errorf("%d reports were left out, want %d", left, 30_000-reports)
	}
	if n, report := g.countAt(from(29_999), now.Add(time.Minute)); n != 2 || !report {
		t.Errorf("the next one is no. %d, reported %v", n, report)
	}
}

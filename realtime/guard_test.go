package realtime

import (
	"net/http"
	"strings"
	"testing"

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

package realtime

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host/memhost"
)

// figures returns what Prometheus would read.
func (s *stand) figures() string {
	s.t.Helper()
	rec := newRecorder()
	req, err := http.NewRequest("GET", "/metrics", nil)
	must(s.t, err)
	s.server.Metrics().ServeHTTP(rec, req)
	return rec.body.String()
}

// fussy is a hook bus that also says no.
type fussy struct{ *memhost.Host }

func (f fussy) Emit(ctx context.Context, event string, payload any) error {
	if event == hooks.NameRoomDestroyed {
		return errors.New("the bus is full")
	}
	return f.Host.Emit(ctx, event, payload)
}

// What becomes of the events is counted: subscribers that panic, that do not
// return, and a bus that fails.
func TestBadSubscribersAreCounted(t *testing.T) {
	h := newHost()
	release := make(chan struct{})
	h.Subscribe(hooks.NameClientConnected, func(context.Context, any) { panic("bad subscriber") })
	h.Subscribe(hooks.NameClientDisconnected, func(context.Context, any) { <-release })
	emitter := hooks.NewEmitter(fussy{h}, hooks.Options{Timeout: 20 * time.Millisecond})
	must(t, emitter.Start(t.Context()))
	s := newStand(t, standOptions{host: h, hookLoad: emitter.Stats})
	for _, p := range []hooks.Payload{hooks.RoomCreated{}, hooks.ClientConnected{}, hooks.ClientDisconnected{}, hooks.RoomDestroyed{}, hooks.RoomCreated{}} {
		emitter.Emit(hooks.Event{Data: p})
	}
	want := []string{
		`hook_calls_total{result="ok"} 2`, `hook_calls_total{result="panicked"} 1`, `hook_calls_total{result="timed_out"} 1`,
		`hook_calls_total{result="failed"} 1`, "hook_calls_overdue 1", "hook_queue_depth 0", "hook_drops_total 0",
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // polling what has no event
		text, missing := s.figures(), ""
		for _, w := range want {
			if !strings.Contains(text, "civicpress_realtime_"+w+"\n") {
				missing = w
			}
		}
		if missing == "" {
			problems, err := promlint.New(strings.NewReader(text)).Lint()
			must(t, err)
			for _, p := range problems {
				t.Errorf("%s: %s", p.Metric, p.Text)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no figure %s; %+v", missing, emitter.Stats())
		}
	}
	close(release)
	must(t, emitter.Stop(t.Context()))
}

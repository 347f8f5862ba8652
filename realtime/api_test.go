package realtime

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/civicpress/realtimefx/host"
)

func TestSnapshotEndpoint(t *testing.T) {
	s := newStand(t, standOptions{})
	for _, path := range []string{"/records/r1/snapshot", "/records/nope/snapshot"} {
		if code, body := s.get("POST", path, 1); code != 200 || body != `{"data":{"snapshotCreated":false,"timestamp":null,"version":null},"success":true}`+"\n" {
			t.Errorf("%s without a room: %d %s", path, code, body)
		}
	}
	a := s.dial(dial{user: 1, v1: true}).sync()
	a.untilText("seed")
	a.insert(0, "x")
	a.until("saved", func() bool { return a.texts[len(a.texts)-1]["updates"] == 2.0 })
	code, body := s.get("POST", "/records/r1/snapshot", 1)
	var got struct {
		Data struct {
			SnapshotCreated bool
			Version         int
			Timestamp       float64
		}
	}
	must(t, json.Unmarshal([]byte(body), &got))
	if code != 200 || !got.Data.SnapshotCreated || got.Data.Version < 1 || got.Data.Timestamp == 0 {
		t.Errorf("%d %s", code, body)
	}
	for user, want := range map[int64]int{0: 401, 3: 403, 4: 200} {
		if code, body := s.get("POST", "/records/r1/snapshot", user); code != want {
			t.Errorf("user %d: %d %s, want %d", user, code, body, want)
		}
	}
	if r := s.rooms.Rooms()[0].Info(); r.LastSnapshot.IsZero() || r.SnapshotSeq != r.Seq {
		t.Errorf("info %+v", r)
	}
}

func TestDashboardEndpoints(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	a.say(11, 1, `{"user":{},"n":1}`)
	b := s.dial(dial{user: 2}).sync()
	b.untilState(11, 1)
	for user, want := range map[int64]int{0: 401, 1: 403, 4: 200} {
		for _, path := range []string{"/realtime/stats", "/realtime/rooms"} {
			if code, body := s.get("GET", path, user); code != want {
				t.Errorf("%s as %d: %d %s, want %d", path, user, code, body, want)
			}
		}
	}
	_, body := s.get("GET", "/realtime/stats", 4)
	var got struct{ Data Stats }
	must(t, json.Unmarshal([]byte(body), &got))
	st := got.Data
	if st.Status != "healthy" || st.Connections.Open != 2 || len(st.Rooms) != 1 || st.Rooms[0].Clients != 2 ||
		strings.Join(st.Rooms[0].Users, ",") != "Alice Tremblay,Bob Singh" || st.Rooms[0].Bytes == 0 {
		t.Errorf("stats %s", body)
	}
	if len(st.Rooms[0].Idle) != 0 {
		t.Errorf("idle: %v", st.Rooms[0].Idle)
	}
	var later Stats
	s.server.fillRooms(&later, time.Now().Add(idleAfter))
	if idle := later.Rooms[0].Idle; len(idle) != 2 || time.Since(idle["Bob Singh"]) > patience {
		t.Errorf("idle a minute later: %v", idle)
	}
	code, body := s.get("GET", "/realtime/rooms/records:r1/presence", 3)
	if code != 200 || !strings.Contains(body, `"activeAt":"20`) || !strings.Contains(body, `"name":"Alice Tremblay"`) || !strings.Contains(body, `"n":1`) {
		t.Errorf("presence: %d %s", code, body)
	}
	if code, body := s.get("GET", "/realtime/rooms/records:r1/markdown", 3); code != 200 || body != "seed" {
		t.Errorf("markdown: %d %s", code, body)
	}
	for _, path := range []string{"/realtime/rooms/records:r2/markdown", "/realtime/rooms/records:nope/presence", "/realtime/rooms/x/presence"} {
		if code, body := s.get("GET", path, 1); code != 404 {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := s.get("GET", "/realtime/rooms/records:r1/markdown", 0); code != 401 {
		t.Errorf("markdown without a token: %d %s", code, body)
	}
}

func TestMetrics(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	a.insert(0, "x")
	s.dial(dial{user: 2}).sync().untilText("xseed")
	s.dial(dial{token: "bad"}).closed()
	rec := newRecorder()
	req, err := http.NewRequest("GET", "/metrics", nil)
	must(t, err)
	s.server.Metrics().ServeHTTP(rec, req)
	text := rec.body.String()
	for _, want := range []string{
		"civicpress_realtime_connections 2\n", "civicpress_realtime_rooms 1\n", "civicpress_realtime_ready 1\n",
		`civicpress_realtime_auth_failures_total{reason="bad_session"} 1`, `civicpress_realtime_closed_total{code="4001"} 1`,
		`civicpress_realtime_messages_total{direction="in",type="update"} 1`, "civicpress_realtime_durable_ack_seconds_bucket",
		"civicpress_realtime_journal_fsync_seconds_sum", "civicpress_realtime_writeback_failures_total 0",
		"civicpress_realtime_snapshot_age_seconds", "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "r1") || strings.Contains(text, "lice") {
		t.Error("a record or a person is in the metrics")
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	must(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestHealthNamesItsReasons(t *testing.T) {
	s := newStand(t, standOptions{})
	if h := s.server.Health(t.Context()); h.Status != host.Healthy || len(h.Reasons) != 0 {
		t.Errorf("%+v", h)
	}
	must(t, s.server.Stop(t.Context()))
	if h := s.server.Health(t.Context()); h.Status != host.Unhealthy || len(h.Reasons) == 0 {
		t.Errorf("after the stop %+v", h)
	}
}

package realtime

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
)

func TestRefusalsHaveTheDocumentedCloses(t *testing.T) {
	s := newStand(t, standOptions{})
	good := s.host.Login(1, 0)
	for _, c := range []struct {
		name   string
		dial   dial
		code   int
		reason string
		event  string // code of the error frame for a client with the header; "" = none
	}{
		{"no token", dial{}, 1005, ``, "AUTH_FAILED"},
		{"token in the query", dial{path: "/realtime/records/r1?token=" + good}, 1005, ``, "AUTH_FAILED"},
		{"bad token", dial{token: "bad"}, 4001, `{"code":"AUTH_FAILED"}`, "AUTH_FAILED"},
		{"unknown record", dial{user: 1, room: "nope"}, 4003, `{"code":"PERMISSION_DENIED"}`, "AUTH_FAILED"},
		{"escaped id", dial{user: 1, room: "r%31"}, 4003, `{"code":"PERMISSION_DENIED"}`, "AUTH_FAILED"},
		{"unknown type", dial{user: 1, path: "/realtime/devices/r1"}, 4004, `{"code":"ROOM_TYPE_NOT_REGISTERED","roomType":"device"}`, ""},
		{"no id", dial{user: 1, path: "/realtime/records/"}, 1005, ``, "UNKNOWN_ERROR"},
		{"other path", dial{user: 1, path: "/realtimeX/records/r1"}, 1005, ``, "UNKNOWN_ERROR"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stock := s.dial(c.dial)
			if code, reason := stock.closed(); code != c.code || reason != c.reason {
				t.Errorf("stock client: %d %s, want %d %s", code, reason, c.code, c.reason)
			}
			if len(stock.texts) != 0 {
				t.Errorf("stock client got %v", stock.texts)
			}
			if c.dial.token == "" && c.dial.user == 0 {
				return // without a token there is no header
			}
			c.dial.header = true
			h := s.dial(c.dial)
			if code, reason := h.closed(); code != c.code || reason != c.reason {
				t.Errorf("header client: %d %s, want %d %s", code, reason, c.code, c.reason)
			}
			switch {
			case c.event == "" && len(h.texts) != 0:
				t.Errorf("header client got %v", h.texts)
			case c.event != "" && (len(h.texts) != 1 || h.texts[0]["error"].(map[string]any)["code"] != c.event):
				t.Errorf("header client got %v, want %s", h.texts, c.event)
			}
		})
	}
	if !slices.Contains(s.notes.names(), hooks.NameSecurityAuthFailed) {
		t.Errorf("no hook about failed authentication: %v", s.notes.names())
	}
	if log := s.log.String(); strings.Contains(log, good) || strings.Contains(log, `"bad"`) {
		t.Error("a token is in the log")
	}
}

func TestOtherFormsOfTheURLWork(t *testing.T) {
	s := newStand(t, standOptions{})
	for _, path := range []string{
		"/realtime/record/r1", "/realtime/records/r1/", "/realtime//records//r1", "/realtime/records/r1/extra/more",
		"/realtime/records/r1?a=b", "/realtime/records/../records/r1",
	} {
		s.dial(dial{user: 1, path: path}).sync().untilText("seed")
	}
}

func TestSubprotocolIsEchoed(t *testing.T) {
	s := newStand(t, standOptions{})
	token := s.host.Login(1, 0)
	for _, c := range []struct {
		offer []string
		want  string
	}{
		{[]string{"auth." + token}, "auth." + token},
		{[]string{"yjs", "auth." + token}, "yjs"},
		{[]string{"auth." + token, "civicpress.realtime.v1"}, "civicpress.realtime.v1"},
		{[]string{token + "aaaaaaaaaaaaaaaaa"}, token + "aaaaaaaaaaaaaaaaa"},
	} {
		ws, _, err := websocket.Dial(t.Context(), s.url("/realtime/records/r1"), &websocket.DialOptions{Subprotocols: c.offer})
		must(t, err)
		if got := ws.Subprotocol(); got != c.want {
			t.Errorf("offer %q: got %q, want %q", c.offer, got, c.want)
		}
		ws.CloseNow()
	}
}

func TestRefusedBeforeTheUpgrade(t *testing.T) {
	s := newStand(t, standOptions{server: Options{AllowedOrigins: []string{"*.town.example", "https://other.example:8080"}}})
	for _, c := range []struct {
		path, origin string
		want         int
	}{
		{"/elsewhere", "", http.StatusUnauthorized},
		{"/realtime/records/r1", "https://evil.example", http.StatusForbidden},
		{"/realtime/records/r1", "null", http.StatusForbidden},
		{"/realtime/records/r1", "http://other.example:8080", http.StatusForbidden},
		{"/realtime/records/r1", "https://other.example:8080", http.StatusSwitchingProtocols},
		{"/realtime/records/r1", "http://clerk.town.example", http.StatusSwitchingProtocols},
		{"/realtime/records/r1", "http://" + s.server.Addr().String(), http.StatusSwitchingProtocols},
	} {
		h := http.Header{}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		ws, resp, err := websocket.Dial(t.Context(), s.url(c.path), &websocket.DialOptions{HTTPHeader: h, Subprotocols: []string{"auth." + s.host.Login(1, 0)}})
		if resp == nil || resp.StatusCode != c.want {
			t.Errorf("%s from %q: %v %v, want %d", c.path, c.origin, resp, err, c.want)
		}
		if ws != nil {
			ws.CloseNow()
		}
	}
	if !slices.Contains(s.notes.names(), hooks.NameSecurityOriginRefused) {
		t.Error("no hook about the refused origin")
	}
}

// Every page may come only where the star is written out.
func TestEveryPageOnlyByTheStar(t *testing.T) {
	for _, c := range []struct {
		allowed []string
		want    int
	}{
		{nil, http.StatusForbidden},
		{[]string{"*.town.example"}, http.StatusForbidden},
		{[]string{"*.town.example", "*"}, http.StatusSwitchingProtocols},
	} {
		s := newStand(t, standOptions{server: Options{AllowedOrigins: c.allowed}})
		for _, origin := range []string{"https://evil.example", "null", "https://town.example.evil.example"} {
			if got := s.status(1, http.Header{"Origin": {origin}}); got != c.want {
				t.Errorf("allowed %q, from %q: %d, want %d", c.allowed, origin, got, c.want)
			}
		}
	}
}

func TestTLSIsRequiredWhenAsked(t *testing.T) {
	s := newStand(t, standOptions{server: Options{RequireTLS: true}})
	_, resp, err := websocket.Dial(t.Context(), s.url("/realtime/records/r1"), nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("plain ws: %v %v, want 403", resp, err)
	}
}

func TestConnectionLimits(t *testing.T) {
	s := newStand(t, standOptions{server: Options{ConnectionsPerUser: 2, ConnectionsPerIP: 3}})
	one := s.dial(dial{user: 1}).sync()
	s.dial(dial{user: 1}).sync()
	if code, reason := s.dial(dial{user: 1}).closed(); code != 4029 || reason != `{"code":"CONNECTION_LIMIT_EXCEEDED","reason":"per-user connection limit reached (2)"}` {
		t.Errorf("third of a user: %d %s", code, reason)
	}
	s.dial(dial{user: 2}).sync()
	if code, reason := s.dial(dial{user: 2}).closed(); code != 4029 || reason != `{"code":"CONNECTION_LIMIT_EXCEEDED","reason":"per-ip connection limit reached (3)"}` {
		t.Errorf("fourth of an address: %d %s", code, reason)
	}
	one.ws.CloseNow()
	s.settled(2)
	s.dial(dial{user: 2}).sync()
}

// settled waits until the server has n sessions.
func (s *stand) settled(n int) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for s.server.sessions.count() != n {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d sessions, want %d", s.server.sessions.count(), n)
		}
		time.Sleep(time.Millisecond) // polling what has no event; not a measure of time
	}
}

func TestRoomLimit(t *testing.T) {
	s := newStand(t, standOptions{rooms: room.Options{MaxRooms: 2, MaxMembers: 2}})
	s.dial(dial{user: 1, room: "r1"}).sync()
	s.dial(dial{user: 1, room: "r2"}).sync()
	if code, reason := s.dial(dial{user: 1, room: "r3"}).closed(); code != 4013 || !strings.Contains(reason, "Room limit reached (2)") {
		t.Errorf("third room: %d %s", code, reason)
	}
	s.dial(dial{user: 2, room: "r1"}).sync()
	if code, _ := s.dial(dial{user: 4, room: "r1"}).closed(); code != 4029 {
		t.Errorf("third member: %d", code)
	}
}

func TestBackendDownIsNoRefusal(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, v1: true}).sync()
	restore := s.host.Down(errors.New("database is locked"))
	if code, reason := s.dial(dial{token: "any"}).closed(); code != 1013 || !strings.Contains(reason, "UNAVAILABLE") {
		t.Errorf("new socket: %d %s", code, reason)
	}
	s.server.Recheck(0, "")
	s.rechecked(1)
	a.insert(0, "x")
	restore()
	b := s.dial(dial{user: 2}).sync()
	b.untilText("xseed")
}

// rechecked waits until n rounds of rights have been read.
func (s *stand) rechecked(n uint64) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for s.server.meter.RegrantsDone.Load() < n {
		if time.Now().After(deadline) {
			s.t.Fatal("rights were not read again")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestSlowBackendEndsWithTheDeadline(t *testing.T) {
	s := newStand(t, standOptions{server: Options{AdmitTimeout: 20 * time.Millisecond}})
	s.host.Gate(func(ctx context.Context, op memhost.Operation) error { <-ctx.Done(); return ctx.Err() })
	if code, _ := s.dial(dial{token: "any"}).closed(); code != 1013 {
		t.Errorf("closed with %d, want 1013", code)
	}
	s.host.Gate(nil)
}

func TestFailedLoadClosesAndIsTriedAgain(t *testing.T) {
	h := newHost()
	fail := true
	s := newStand(t, standOptions{host: h, handlers: []room.Handler{textRooms{host: h, seeds: func(string) error {
		if fail {
			return errors.New("file is unreadable")
		}
		return nil
	}}}})
	if code, reason := s.dial(dial{user: 1}).closed(); code != 4500 || !strings.Contains(reason, "LOAD_FAILED") {
		t.Errorf("closed with %d %s, want 4500", code, reason)
	}
	fail = false
	s.dial(dial{user: 1}).sync().untilText("seed")
}

func TestRefusedClientsAreSlowedDown(t *testing.T) {
	s := newStand(t, standOptions{})
	began := time.Now()
	n := 0
	for time.Since(began) < 1500*time.Millisecond {
		s.dial(dial{token: "bad"}).closed()
		n++
	}
	// At once, then 250 ms, 500 ms, 1 s: a stock client that comes back
	// immediately gets four tries in this time, not fifteen.
	if n > 5 {
		t.Errorf("%d refusals in 1.5 s", n)
	}
}

package integration_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var correlation = regexp.MustCompile(`,"id":"[0-9a-f]{16}"`)

// Refused sockets are told why, by the documented close codes.
func TestRefusedSockets(t *testing.T) {
	s := startDemo(t, t.TempDir())
	alice := s.Users["alice"].Token
	tests := []struct {
		name, url, record, token string
		code                     int
		reason                   string
	}{
		{"wrong token", "/realtime/records", bylaw, alice[:len(alice)-1] + "x", 4001, `{"code":"AUTH_FAILED"}`},
		{"unsigned token", "/realtime/records", bylaw, strings.Repeat("ab", 32), 4001, `{"code":"AUTH_FAILED"}`},
		{"unknown record", "/realtime/records", "no-such-record", alice, 4003, `{"code":"PERMISSION_DENIED"}`},
		{"unknown room type", "/realtime/meetings", bylaw, alice, 4004, `{"code":"ROOM_TYPE_NOT_REGISTERED","roomType":"meetings"}`},
		{"unpublished draft for a viewer", "/realtime/records", "snow-policy", s.Users["carol"].Token, 4003, `{"code":"PERMISSION_DENIED"}`},
	}
	c := startClients(t)
	for _, tt := range tests {
		for _, v1 := range []bool{false, true} {
			c.do("open", do{"client": "x", "url": s.Realtime + tt.url, "room": tt.record, "token": tt.token, "v1": v1})
			got := c.closed("x")
			c.do("destroy", do{"client": "x"}) // or it comes back and is made to wait
			reason := got.Reason
			if v1 && tt.code != 4004 { // clients of the subprotocol learn what to ask the operator for
				reason = correlation.ReplaceAllString(reason, "")
				if reason == got.Reason {
					t.Errorf("%s: closed with %s, without a correlation id", tt.name, got.Reason)
				}
			}
			if got.Code != tt.code || reason != tt.reason {
				t.Errorf("%s (v1 %v): closed with %d %s, want %d %s", tt.name, v1, got.Code, got.Reason, tt.code, tt.reason)
			}
		}
	}
}

// What keeps the program from starting is one line that names it, and an exit
// code; never a stack trace.
func TestStartFailuresAreOneLine(t *testing.T) {
	dir := t.TempDir()
	startDemo(t, dir).kill()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	yml := filepath.Join(dir, ".system-data", "realtime.yml")
	serve := []string{"serve", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0"}

	tests := []struct {
		name   string
		config string
		args   []string
		want   []string
	}{
		{"taken realtime port", "", []string{"serve", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", busy}, []string{busy, "address already in use"}},
		{"taken API port", "", []string{"serve", "--dir", dir, "--api-addr", busy, "--realtime-addr", "127.0.0.1:0"}, []string{busy, "address already in use", "--api-addr"}},
		{"taken port of the demo", "", []string{"demo", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", busy}, []string{busy, "address already in use"}},
		{"bad value", "realtime:\n  rooms:\n    max_rooms: many\n", serve, []string{yml + ":3: rooms.max_rooms:", `"many" is not a whole number`}},
		{"unknown key", "prot: 3001\n", serve, []string{yml + ":1: prot: unknown key", `did you mean "port"?`}},
		{"not YAML", "rooms: [\n", serve, []string{yml + ":1: not valid YAML"}},
		{"no instance", "", []string{"serve", "--dir", t.TempDir()}, []string{"not a CivicPress instance"}},
		{"bad address", "", []string{"serve", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "here"}, []string{"--realtime-addr", "here"}},
	}
	for _, tt := range tests {
		if err := os.WriteFile(yml, []byte(tt.config), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := runOnce(t, nil, tt.args...)
		if code == 0 {
			t.Errorf("%s: it started", tt.name)
		}
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		last := lines[len(lines)-1]
		for _, want := range tt.want {
			if !strings.Contains(last, want) {
				t.Errorf("%s: the last line lacks %q:\n%s", tt.name, want, stderr)
			}
		}
		for _, line := range lines[:len(lines)-1] {
			if !strings.Contains(line, "level=") {
				t.Errorf("%s: more than one line:\n%s", tt.name, stderr)
				break
			}
		}
		if strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, ".go:") {
			t.Errorf("%s: a stack trace:\n%s", tt.name, stderr)
		}
	}
}

// enabled: false starts nothing, by file and by environment.
func TestDisabled(t *testing.T) {
	dir := t.TempDir()
	startDemo(t, dir).kill()
	if err := os.WriteFile(filepath.Join(dir, ".system-data", "realtime.yml"), []byte("enabled: \"False\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := freeAddr(t)
	s := startDemo(t, dir, "--realtime-addr", addr)
	if s.Realtime != "" {
		t.Errorf("the line names a socket: %q", s.Realtime)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Errorf("somebody listens on %s", addr)
	}
	status, body := s.request(t, "alice", "POST", "/api/v1/records/"+bylaw+"/snapshot", "")
	if want := `{"success":true,"data":{"snapshotCreated":false,"version":null,"timestamp":null}}`; status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("snapshot: %d %s", status, body)
	}
	if status, body := s.request(t, "", "GET", "/ready", ""); status != 200 {
		t.Errorf("ready: %d %s", status, body)
	}
}

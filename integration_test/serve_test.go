package integration_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A town points the binary at the directory it has: the logins that are there
// are valid, systemd is told, and the core's health names the plugin.
func TestServeExistingInstance(t *testing.T) {
	dir := t.TempDir()
	made := startDemo(t, dir) // stands for the core that made the instance
	made.kill()

	socket := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()

	free := freeAddr(t)
	api := freeAddr(t)
	cmd := exec.Command(binary(t), "serve", "--dir", dir, "--api-addr", api, "--realtime-addr", free)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=2000000")
	var stderr lockedBuffer
	var stdout bytes.Buffer
	cmd.Stderr, cmd.Stdout = &stderr, &stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{API: "http://" + api, Realtime: "ws://" + free, Dir: dir, Users: made.Users, cmd: cmd, log: &stderr, exited: make(chan struct{})}
	go func() { s.status = cmd.Wait(); close(s.exited) }()
	defer s.kill()

	if got := notice(t, systemd); !strings.HasPrefix(got, "READY=1") {
		t.Fatalf("systemd was told %q; log:\n%s", got, stderr.tail(4000))
	}
	if got := notice(t, systemd); got != "WATCHDOG=1" {
		t.Errorf("systemd was told %q", got)
	}

	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	status, body := s.request(t, "", "GET", "/api/v1/health/detailed", "")
	var health struct {
		Data struct {
			Status   string `json:"status"`
			Services map[string]struct {
				Status  string         `json:"status"`
				Details map[string]any `json:"details"`
			} `json:"services"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &health); err != nil || status != 200 || health.Data.Services["realtime"].Status != "healthy" {
		t.Errorf("health: %d %s", status, body)
	}
	if status, body := s.request(t, "", "GET", "/ready", ""); status != 200 {
		t.Errorf("ready: %d %s", status, body)
	}
	if status, body := s.request(t, "", "GET", "/metrics", ""); status != 200 || !strings.Contains(body, "civicpress_realtime_connections 1") {
		t.Errorf("metrics: %d, no civicpress_realtime_connections 1 in %d bytes", status, len(body))
	}
	for _, path := range []string{"/demo/users.json", "/realtime/records/" + bylaw} {
		if status, _ := s.request(t, "", "GET", path, ""); status != 404 {
			t.Errorf("GET %s: %d, want 404", path, status)
		}
	}

	if code := s.stop(t, syscall.SIGINT); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := c.closed("alice"); got.Code != 1012 {
		t.Errorf("closed with %d %s, want 1012", got.Code, got.Reason)
	}
	for {
		if got := notice(t, systemd); got == "STOPPING=1" {
			break
		} else if got != "WATCHDOG=1" {
			t.Fatalf("systemd was told %q", got)
		}
	}
}

// The demo gives its tokens to pages of this machine only.
func TestDemoEndpoints(t *testing.T) {
	s := startDemo(t, t.TempDir(), "--records", "3", "--unlimited")
	if got := s.Records[len(s.Records)-1]; got != "bench-3" {
		t.Errorf("the last record is %s, want bench-3", got)
	}
	status, body := s.request(t, "", "GET", "/demo/config.json", "")
	if want := `{"api":"` + s.API + `","demo":true,"realtime":"` + s.Realtime + `"}`; status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("config: %d %s, want %s", status, body, want)
	}
	status, body = s.request(t, "", "GET", "/demo/users.json", "")
	var users map[string]demoUser
	if err := json.Unmarshal([]byte(body), &users); err != nil || status != 200 || users["alice"] != s.Users["alice"] || len(users) != 4 {
		t.Errorf("users: %d %s", status, body)
	}

	r, err := http.NewRequestWithContext(t.Context(), "GET", s.API+"/demo/users.json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Close = "evil.example:3000", true
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 404 {
		t.Errorf("a page under a foreign name gets the tokens: %d", response.StatusCode)
	}
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
		if got := response.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
}

func notice(t *testing.T, systemd *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 1024)
	if err := systemd.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		t.Fatal(err)
	}
	n, err := systemd.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// freeAddr is an address that nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

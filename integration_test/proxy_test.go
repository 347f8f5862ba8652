package integration_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// configured starts the demo with a realtime.yml.
func configured(t *testing.T, yml string, args ...string) *server {
	t.Helper()
	dir := t.TempDir()
	startDemo(t, dir).kill()
	if err := os.WriteFile(filepath.Join(dir, ".system-data", "realtime.yml"), []byte(yml), 0o600); err != nil {
		t.Fatal(err)
	}
	return startDemo(t, dir, args...)
}

// knock asks for a socket with headers, and returns the status with the body
// of a refusal, or the close code of a socket that was closed before it got the
// document. 0 = it got it; the socket then stays open until the test ends.
func (s *server) knock(t *testing.T, user string, headers ...string) (status int, why string) {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, s.Realtime+"/realtime/records/"+bylaw, &websocket.DialOptions{
		HTTPHeader: h, Subprotocols: []string{"auth." + s.Users[user].Token},
	})
	if err != nil {
		if response == nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(-1)
	if _, _, err := conn.Read(ctx); err != nil {
		return int(websocket.CloseStatus(err)), err.Error()
	}
	return 0, ""
}

// Behind a proxy that realtime.yml names, what it forwards counts: the client's
// address for every limit, and whether the client came over TLS.
func TestBehindAProxy(t *testing.T) {
	s := configured(t, `trusted_proxies: [127.0.0.0/8]
require_tls: true
allowed_origins: ["https://*.town.example"]
rate_limiting: {connections_per_ip: 1}
`)
	status, body := s.knock(t, "alice", "X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "http")
	if status != 403 || !strings.Contains(body, "wss://") || !strings.Contains(body, "trusted_proxies") {
		t.Errorf("plain ws: %d %q", status, body)
	}
	if status, _ := s.knock(t, "alice", "X-Forwarded-For", "192.0.2.1"); status != 403 {
		t.Errorf("a proxy that says nothing of TLS: %d, want 403", status)
	}
	tests := []struct {
		forwarded string
		want      int
	}{
		{"192.0.2.1", 0},
		{"192.0.2.1", 4029},
		{"192.0.2.2", 0},
		{"203.0.113.9, 192.0.2.2", 4029}, // the client forged the first
		{"203.0.113.9", 0},
	}
	for _, tt := range tests {
		if status, why := s.knock(t, "alice", "X-Forwarded-For", tt.forwarded, "X-Forwarded-Proto", "https"); status != tt.want {
			t.Errorf("from %s: %d %s, want %d", tt.forwarded, status, why, tt.want)
		}
	}
	for origin, want := range map[string]int{"https://clerk.town.example": 0, "http://clerk.town.example": 403, "https://town.example.evil.example": 403} {
		if status, why := s.knock(t, "alice", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-Proto", "https", "Origin", origin); status != want {
			t.Errorf("origin %s: %d %s, want %d", origin, status, why, want)
		}
	}

	// The core counts failed logins by the same address.
	login := func(ip, origin string) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.API+"/api/v1/auth/password", strings.NewReader(`{"username":"alice","password":"wrong"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Close = true
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", ip)
		r.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode, response.Header
	}
	for range 5 {
		login("192.0.2.1", "")
	}
	if status, _ := login("192.0.2.1", ""); status != 429 {
		t.Errorf("sixth failed login of an address: %d, want 429", status)
	}
	status, h := login("192.0.2.2", "https://clerk.town.example")
	if status != 401 {
		t.Errorf("first failed login of another address: %d, want 401", status)
	}
	if got := h.Get("Access-Control-Allow-Origin"); got != "https://clerk.town.example" {
		t.Errorf("a page of an allowed origin may not read the API: %q", got)
	}
	if status, body := s.request(t, "dave", "GET", "/api/v1/realtime/stats", ""); status != 200 || strings.Contains(body, `"version":""`) {
		t.Errorf("the dashboard shows no version: %d %.200s", status, body)
	}
}

// Without trusted_proxies, forwarding headers are what anybody may write.
func TestForgedForwardingHeadersAreIgnored(t *testing.T) {
	s := configured(t, "rate_limiting: {connections_per_ip: 1}\n")
	if status, why := s.knock(t, "alice", "X-Forwarded-For", "192.0.2.1"); status != 0 {
		t.Fatalf("first: %d %s", status, why)
	}
	if status, why := s.knock(t, "bob", "X-Forwarded-For", "192.0.2.2"); status != 4029 || !strings.Contains(why, "per-ip") {
		t.Errorf("second of the same address under another name: %d %s, want 4029", status, why)
	}
	s = configured(t, "require_tls: true\n")
	if status, why := s.knock(t, "alice", "X-Forwarded-Proto", "https"); status != 403 || !strings.Contains(why, "trusted_proxies") {
		t.Errorf("plain ws that claims to be TLS: %d %s, want 403", status, why)
	}
}

// At the most talkative level and with everything going wrong, the log holds
// no token, no password and nothing of a document.
func TestLogHoldsNoSecrets(t *testing.T) {
	s := startDemo(t, t.TempDir(), "--log-level", "debug")
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	guests := []*typist{newTypist(71), newTypist(72)}
	for i, g := range guests {
		if err := g.connect(ctx, s, []string{"alice", "bob"}[i], bylaw); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			g.typing(ctx, rand.New(rand.NewPCG(1, uint64(i))))
		}
	}
	s.Users["stranger"] = demoUser{Token: "0123456789abcdef-stranger-token"}
	s.knock(t, "stranger")
	s.knock(t, "stranger", "Origin", "https://evil.example")
	s.request(t, "stranger", "GET", "/api/v1/auth/me", "")
	s.request(t, "", "POST", "/api/v1/auth/password", `{"username":"alice","password":"wrong-secret"}`)
	g := guests[0]
	for _, hostile := range [][]byte{
		appendUpdate([]byte("SECRETTEXT no update")), []byte("{\"type\":\"SECRETTEXT\""), {0}, []byte("\x01\x7fSECRETTEXT cut off"), []byte("\x01\x10SECRETTEXT state"),
	} {
		g.mu.Lock()
		err := g.conn.Write(ctx, websocket.MessageBinary, hostile)
		g.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	snapshot(t, s, "alice", bylaw)
	if status, body := s.request(t, "alice", "POST", "/api/v1/records/"+bylaw+"/publish", "{}"); status != 200 {
		t.Fatalf("publish: %d %s", status, body)
	}
	if status, body := s.request(t, "bob", "POST", "/api/v1/auth/logout", ""); status != 200 {
		t.Fatalf("logout: %d %s", status, body)
	}
	sent, _ := g.tally()
	title := strings.Fields(published(t, s, bylaw))
	for _, g := range guests {
		g.drop()
	}
	if code := s.stop(t, 15); code != 0 {
		t.Errorf("exit status %d", code)
	}
	secrets := append(sent, "SECRETTEXT", "wrong-secret", strings.Join(title[len(title)-5:], " "))
	for name, u := range s.Users {
		if u.Token == "" {
			t.Fatalf("no token for %s", name)
		}
		secrets = append(secrets, u.Token, u.Token[:16])
	}
	for _, secret := range secrets {
		if s.log.has(secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	for _, expected := range []string{"op=server.auth", "op=session.gate", "op=server.revoke"} {
		if !s.log.has(expected) {
			t.Errorf("the log lacks %s: the run was not what it should be", expected)
		}
	}
}

package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
)

func TestErrorsAreTheCores(t *testing.T) {
	s := newSite(t, Options{})
	bad := strings.Repeat("a", 64) + "." + strings.Repeat("b", 64)
	for _, c := range []struct {
		user, method, path string
		status             int
		body               string
	}{
		{"", "GET", "/auth/me", 401, `{"success":false,"error":{"message":"Authorization header required","code":"MISSING_AUTH"}}`},
		{bad, "GET", "/records", 401, `{"success":false,"error":"Invalid token","message":"The provided token is invalid or expired"}`},
		{bad, "POST", "/records/noise-bylaw/publish", 401, `{"success":false,"error":"Invalid token","message":"The provided token is invalid or expired"}`},
		{"alice", "GET", "/records/none", 404, `{"success":false,"error":{"message":"Record not found","code":"RECORD_NOT_FOUND"}}`},
		{"alice", "GET", "/records/snow-policy", 404, `{"success":false,"error":{"message":"Record not found","code":"RECORD_NOT_FOUND"}}`},
		{"carol", "PUT", "/records/noise-bylaw/draft", 403, fmt.Sprintf(`{"success":false,"error":{"message":"Permission denied: Cannot edit records","code":"INSUFFICIENT_PERMISSIONS","required":"records:edit","user":{"id":%d,"role":"public","username":"carol"}}}`, s.ids["carol"])},
	} {
		if code, got := s.do(t, c.user, c.method, c.path, ""); code != c.status || got != c.body {
			t.Errorf("%s %s: got %d %s\nwant %d %s", c.method, c.path, code, got, c.status, c.body)
		}
	}
	s.want(t, "", "POST", "/auth/logout", "", 403, `"code":"CSRF_TOKEN_MISSING"`)
	s.want(t, bad, "GET", "/auth/me", "", 401, `"code":"INVALID_TOKEN"`)
	s.want(t, "alice", "GET", "/nothing", "", 404, `"code":"NOT_FOUND"`)
	s.want(t, "alice", "PATCH", "/records/noise-bylaw", "", 404, `"success":false`)
	for _, id := range []string{"..%2f..%2fetc%2fpasswd", "%00", "a%20b", "%ff"} {
		s.want(t, "alice", "GET", "/records/"+id, "", 404, "RECORD_NOT_FOUND")
	}
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"title":`, 400, "INVALID_JSON")
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"title":1}`, 400, "INVALID_JSON")
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{}{}`, 400, "INVALID_JSON")
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"title":""}`, 400, "Title and type must not be empty")
	s.want(t, "alice", "PUT", "/records/noise-bylaw/draft", `{"metadata":[1]}`, 400, "Metadata must be JSON")
	s.want(t, "alice", "GET", "/records?limit=0", "", 400, "limit must be a number")
	s.want(t, "alice", "POST", "/records/noise-bylaw/publish", "", 404, "DRAFT_NOT_FOUND")
	s.want(t, "alice", "DELETE", "/records/noise-bylaw/draft", "", 404, "DRAFT_NOT_FOUND")
}

func TestLoginAndLogout(t *testing.T) {
	s := newSite(t, Options{})
	session := s.data(t, "", "POST", "/auth/password", `{"username":"alice","password":"alice-demo"}`)["session"].(map[string]any)
	token := session["token"].(string)
	if at, err := time.Parse(time.RFC3339, session["expiresAt"].(string)); err != nil || time.Until(at) < 23*time.Hour || time.Until(at) > 24*time.Hour {
		t.Errorf("expires at %v, want in 24 hours", session["expiresAt"])
	}
	me := s.data(t, token, "GET", "/auth/me", "")["user"].(map[string]any)
	if me["username"] != "alice" || me["role"] != "clerk" || me["name"] != "Alice Tremblay" || !strings.Contains(fmt.Sprint(me["permissions"]), "records:edit") {
		t.Errorf("got %v", me)
	}
	var ended []host.SessionEnded
	s.in.Subscribe(host.EventSessionEnded, func(_ context.Context, p any) { ended = append(ended, p.(host.SessionEnded)) })
	s.want(t, token, "POST", "/auth/logout", "", 200, "Logged out")
	s.want(t, token, "GET", "/auth/me", "", 401, "INVALID_TOKEN")
	s.want(t, "alice", "GET", "/auth/me", "", 200, "alice") // the other session lives
	if len(ended) != 1 || ended[0].UserID != s.ids["alice"] || ended[0].Reason != "logout" {
		t.Errorf("got %+v", ended)
	}

	// The scheme's case counts for /auth/me only.
	r := httptest.NewRequest("GET", Prefix+"/records/noise-bylaw", nil)
	r.Header.Set("Authorization", "bEARER "+s.tokens["alice"])
	if w := s.send(r); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
	r = httptest.NewRequest("GET", Prefix+"/auth/me", nil)
	r.Header.Set("Authorization", "bearer "+s.tokens["alice"])
	if w := s.send(r); w.Code != 401 {
		t.Errorf("got %d", w.Code)
	}
	if got := rows(t, s, `SELECT group_concat(action || ':' || COALESCE(user_id, '-'), ' ') FROM audit_logs`); got != fmt.Sprintf("password_login:%d logout:%[1]d", s.ids["alice"]) {
		t.Errorf("got audit rows %q", got)
	}
}

func rows(t *testing.T, s *site, query string) string {
	t.Helper()
	var text string
	if err := s.in.DB().QueryRowContext(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestFailedLoginsAreThrottled(t *testing.T) {
	ip := "192.0.2.1"
	s := newSite(t, Options{ClientIP: func(*http.Request) string { return ip }})
	s.want(t, "", "POST", "/auth/password", `{"username":"alice"}`, 400, "needed")
	s.want(t, "", "POST", "/auth/password", `{"username":"nobody","password":"x"}`, 401, "INVALID_CREDENTIALS")
	for range maxFailures {
		s.want(t, "", "POST", "/auth/password", `{"username":"alice","password":"wrong"}`, 401, "INVALID_CREDENTIALS")
	}
	s.want(t, "", "POST", "/auth/password", `{"username":"Alice","password":"alice-demo"}`, 429, "ACCOUNT_LOCKED")
	s.want(t, "", "POST", "/auth/password", `{"username":"bob","password":"bob-demo"}`, 200, "token")
	ip = "192.0.2.2"
	s.want(t, "", "POST", "/auth/password", `{"username":"alice","password":"alice-demo"}`, 200, "token")
	if got := rows(t, s, `SELECT COALESCE(ip_address, '') || count(*) FROM audit_logs WHERE action = 'password_login_failed'`); got != "192.0.2.16" {
		t.Errorf("got %q, want six rows with the address", got)
	}
}

func TestThrottleForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := throttle{now: time.Now}
		for range maxFailures {
			if th.wait("a") != 0 {
				t.Fatal("locked too early")
			}
			th.failed("a")
		}
		if th.wait("a") != failureWindow {
			t.Errorf("got %v", th.wait("a"))
		}
		time.Sleep(failureWindow)
		if th.wait("a") != 0 {
			t.Error("still locked after the window")
		}
		for i := range maxRemembered + 100 {
			th.failed(fmt.Sprint(i))
		}
		if len(th.byKey) > maxRemembered {
			t.Errorf("remembers %d", len(th.byKey))
		}
	})
}

func TestSetPassword(t *testing.T) {
	s := newSite(t, Options{})
	path := fmt.Sprintf("/users/%d/set-password", s.ids["bob"])
	var revoked []host.SessionsRevoked
	s.in.Subscribe(host.EventSessionsRevoked, func(_ context.Context, p any) { revoked = append(revoked, p.(host.SessionsRevoked)) })

	s.want(t, "alice", "POST", path, `{"newPassword":"long enough"}`, 403, `"required":"system:admin"`)
	s.want(t, "bob", "POST", path, `{"newPassword":"long enough"}`, 403, "INSUFFICIENT_PERMISSIONS")
	s.want(t, "dave", "POST", path, `{"newPassword":"short"}`, 400, "at least 8 characters")
	s.want(t, "dave", "POST", path, `{"newPassword":"`+strings.Repeat("é", 40)+`"}`, 400, "at most 72 bytes")
	s.want(t, "dave", "POST", "/users/x/set-password", `{"newPassword":"long enough"}`, 400, "must be a number")
	s.want(t, "dave", "POST", "/users/999/set-password", `{"newPassword":"long enough"}`, 404, "USER_NOT_FOUND")
	s.want(t, "bob", "GET", "/auth/me", "", 200, "bob")
	if len(revoked) > 0 {
		t.Errorf("refused requests revoked: %+v", revoked)
	}
	s.want(t, "dave", "POST", path, `{"newPassword":"long enough"}`, 200, "sessions")
	s.want(t, "bob", "GET", "/auth/me", "", 401, "INVALID_TOKEN")
	if len(revoked) != 1 || revoked[0].UserID != s.ids["bob"] {
		t.Errorf("got %+v", revoked)
	}
	s.want(t, "", "POST", "/auth/password", `{"username":"bob","password":"bob-demo"}`, 401, "INVALID_CREDENTIALS")
	s.want(t, "", "POST", "/auth/password", `{"username":"bob","password":"long enough"}`, 200, "token")

	if _, err := s.in.DB().ExecContext(t.Context(), `UPDATE users SET auth_provider = 'github' WHERE username = 'carol'`); err != nil {
		t.Fatal(err)
	}
	s.want(t, "dave", "POST", fmt.Sprintf("/users/%d/set-password", s.ids["carol"]), `{"newPassword":"long enough"}`, 400, "EXTERNAL_ACCOUNT")
}

// A hash that the Node core made ("$2b$", by its bcrypt) is accepted.
func TestPasswordHashOfTheNodeCore(t *testing.T) {
	s := newSite(t, Options{})
	var hash string
	if err := s.in.DB().QueryRowContext(t.Context(), `SELECT password_hash FROM users WHERE username = 'alice'`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$2a$") {
		t.Fatalf("got %.4s", hash)
	}
	if _, err := s.in.DB().ExecContext(t.Context(), `UPDATE users SET password_hash = ? WHERE username = 'alice'`, "$2b$"+hash[4:]); err != nil {
		t.Fatal(err)
	}
	s.want(t, "", "POST", "/auth/password", `{"username":"alice","password":"alice-demo"}`, 200, "token")
	if _, err := s.in.DB().ExecContext(t.Context(), `UPDATE users SET password_hash = '' WHERE username = 'alice'`); err != nil {
		t.Fatal(err)
	}
	s.want(t, "", "POST", "/auth/password", `{"username":"alice","password":"no such account"}`, 401, "INVALID_CREDENTIALS")
}

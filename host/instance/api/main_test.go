package api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/civicpress/realtimefx/host/instance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is the demo instance behind the API.
type site struct {
	*API
	in     *instance.Instance
	tokens map[string]string
	ids    map[string]int64
}

func newSite(t *testing.T, o Options) *site {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	in, content, err := instance.Demo(t.Context(), t.TempDir(), instance.Options{Logger: o.Logger, Getenv: func(string) string { return "" }, PasswordCost: bcrypt.MinCost}, instance.DemoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{API: New(in, o), in: in, tokens: map[string]string{}, ids: map[string]int64{}}
	for _, u := range content.Users {
		s.tokens[u.Username], s.ids[u.Username] = u.Token, u.ID
	}
	return s
}

// do sends a request as a user ("" = without a token) and returns the status
// and the answer's text.
func (s *site) do(t *testing.T, user, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, Prefix+path, strings.NewReader(body))
	if user != "" {
		token, known := s.tokens[user]
		if !known {
			token = user
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := s.send(r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// want checks a request's status and that its answer holds a text.
func (s *site) want(t *testing.T, user, method, path, body string, status int, holds string) {
	t.Helper()
	if code, got := s.do(t, user, method, path, body); code != status || !strings.Contains(got, holds) {
		t.Errorf("%s: %s %s: got %d %.300s, want %d with %s", user, method, path, code, got, status, holds)
	}
}

// data returns the data member of a successful answer.
func (s *site) data(t *testing.T, user, method, path, body string) map[string]any {
	t.Helper()
	code, text := s.do(t, user, method, path, body)
	var answer struct {
		Success bool
		Data    map[string]any
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&answer); err != nil || !answer.Success || code >= 300 {
		t.Fatalf("%s: %s %s: got %d %.300s", user, method, path, code, text)
	}
	return answer.Data
}

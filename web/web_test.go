package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		"dist/.gitkeep":            {},
		"dist/index.html":          {Data: []byte("<!doctype html><title>editor</title>")},
		"dist/dashboard.html":      {Data: []byte("<!doctype html><title>dashboard</title>")},
		"dist/assets/main-abc1.js": {Data: []byte(strings.Repeat("let x = 1;\n", 100))},
	}
}

func get(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFrontPageAndAssets(t *testing.T) {
	s := newSite(built(), "index.html", Options{Connect: []string{"ws://127.0.0.1:3001"}})

	res := get(t, s, "GET", "/")
	if body := text(t, res.Body); res.StatusCode != 200 || !strings.Contains(body, "editor") {
		t.Fatalf("front page: %d %q", res.StatusCode, body)
	}
	if p := res.Header.Get("Content-Security-Policy"); !strings.Contains(p, "connect-src 'self' ws://127.0.0.1:3001;") {
		t.Errorf("policy does not allow the socket: %s", p)
	}
	if c := res.Header.Get("Cache-Control"); c != "no-cache" {
		t.Errorf("the front page may be cached: %q", c)
	}

	res = get(t, s, "GET", "/assets/main-abc1.js", "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Fatalf("script: %v", res.Header)
	}
	if k := res.Header.Get("Content-Type"); !strings.HasPrefix(k, "text/javascript") {
		t.Errorf("script served as %q", k)
	}
	zr, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, zr); got != strings.Repeat("let x = 1;\n", 100) {
		t.Errorf("script unpacks to %q", got)
	}

	etag := get(t, s, "GET", "/").Header.Get("ETag")
	if res := get(t, s, "GET", "/", "If-None-Match", etag); res.StatusCode != http.StatusNotModified {
		t.Errorf("second visit: %d, want 304", res.StatusCode)
	}
	for _, target := range []string{"/nothing", "/.gitkeep", "/assets/../index.html", "/assets/"} {
		if res := get(t, s, "GET", target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", target, res.StatusCode)
		}
	}
	if res := get(t, s, "POST", "/"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", res.StatusCode)
	}
}

func TestNotBuilt(t *testing.T) {
	s := newSite(fstest.MapFS{"dist/.gitkeep": {}}, "index.html", Options{})
	res := get(t, s, "GET", "/")
	if body := text(t, res.Body); res.StatusCode != 503 || !strings.Contains(body, "npm run build") {
		t.Fatalf("%d %q", res.StatusCode, body)
	}
}

func TestDashboardUnderPrefix(t *testing.T) {
	h := Dashboard("/realtime/dashboard", Options{})
	res := get(t, h, "GET", "/realtime/dashboard")
	if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != "/realtime/dashboard/" {
		t.Fatalf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	want := 503
	if Built() {
		want = 200
	}
	if res := get(t, h, "GET", "/realtime/dashboard/"); res.StatusCode != want {
		t.Fatalf("%d, want %d", res.StatusCode, want)
	}
}

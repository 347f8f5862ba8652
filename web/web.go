package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

//go:embed fallback.html
var fallback []byte

// Options says what the pages may reach besides the origin that serves them.
type Options struct {
	// Connect lists the origins the page may open connections to, e.g. "ws://127.0.0.1:3001". The page's own origin
	// is always allowed.
	Connect []string
}

// Built reports whether the pages were built before this binary was compiled.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// Handler serves the editor at "/" and the dashboard at "/dashboard.html".
func Handler(o Options) http.Handler {
	return newSite(dist, "index.html", o)
}

// Dashboard serves the dashboard alone under prefix, e.g. "/realtime/dashboard". Mount it at both prefix and prefix+"/".
// The page is a shell: its figures come from an endpoint that asks for the admin right.
func Dashboard(prefix string, o Options) http.Handler {
	prefix = strings.TrimRight(prefix, "/")
	pages := http.StripPrefix(prefix, newSite(dist, "dashboard.html", o))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == prefix { // the page names its scripts relative to itself
			http.Redirect(w, r, prefix+"/", http.StatusPermanentRedirect)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// A file is one thing to serve, ready in both encodings.
type file struct {
	plain, gzip []byte // gzip is nil where it would not be smaller
	kind, etag  string
	immutable   bool // the name holds a hash of the content
}

type site struct {
	files  map[string]file // by path without leading slash; "" is the front page
	policy string
}

func newSite(built fs.FS, front string, o Options) *site {
	s := &site{files: map[string]file{}, policy: policy(o.Connect)}
	root, err := fs.Sub(built, "dist")
	if err == nil {
		err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
				return err
			}
			body, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			s.files[name] = newFile(name, body)
			return nil
		})
	}
	if err != nil {
		panic(fmt.Sprintf("web: embedded files: %v", err)) // cannot happen: the files are part of the binary
	}
	if page, ok := s.files[front]; ok {
		s.files[""] = page
	}
	return s
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	f := file{
		plain:     body,
		kind:      mime.TypeByExtension(path.Ext(name)),
		etag:      `"` + hex.EncodeToString(sum[:12]) + `"`,
		immutable: strings.HasPrefix(name, "assets/"),
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	var buf bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is valid
	_, _ = zw.Write(body)                                    // a bytes.Buffer does not fail
	_ = zw.Close()
	if buf.Len() < len(body) {
		f.gzip = buf.Bytes()
	}
	return f
}

func policy(connect []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
		"img-src 'self' data: https:; " + // records may show pictures from the town's own web site
		"connect-src " + strings.Join(append([]string{"'self'"}, connect...), " ") +
		"; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this address only serves pages: use GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	f, ok := s.files[name]
	switch {
	case !ok && name == "": // no build: say so, in a page
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		if r.Method == http.MethodGet {
			_, _ = w.Write(fallback)
		}
		return
	case !ok:
		http.NotFound(w, r)
		return
	case f.immutable:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	default:
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gz"`)
		body = f.gzip
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

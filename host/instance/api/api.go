package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/host/instance"
)

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// Options of New. The zero value is good.
type Options struct {
	// Logger; nil = slog.Default.
	Logger *slog.Logger
	// AllowedOrigins are the origins of pages on other hosts or ports that may
	// call the API ("http://localhost:3030", "https://*.town.example"); "*"
	// allows any. Tokens travel in a header, never in a cookie. None = same
	// origin only.
	AllowedOrigins []string
	// MaxBody limits request bodies in bytes; 0 = 8 MiB.
	MaxBody int64
	// BeforePublish is called before a draft is published, so that the open
	// document can be written to the draft first. An error stops the publish.
	BeforePublish func(ctx context.Context, recordID string) error
	// ClientIP finds the client's address for the audit log and the login
	// throttle; nil = the peer of the TCP connection.
	ClientIP func(*http.Request) string
	// Version is shown by /health/detailed; "" = "dev".
	Version string
}

// API serves Prefix and everything below it.
type API struct {
	in      *instance.Instance
	o       Options
	log     *slog.Logger
	mux     *http.ServeMux
	started time.Time
	logins  throttle
	hashing chan struct{} // a slot for each password being compared: it is costly on purpose
}

// New returns the API of an instance.
func New(in *instance.Instance, o Options) *API {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	if o.ClientIP == nil {
		o.ClientIP = peer
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	a := &API{
		in: in, o: o, log: o.Logger, mux: http.NewServeMux(), started: time.Now(),
		logins: throttle{now: time.Now}, hashing: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /health":          a.health,
		"GET /health/detailed": a.healthDetailed,

		"POST /auth/password":           a.login,
		"POST /auth/logout":             a.withSession(a.logout),
		"GET /auth/me":                  a.me,
		"POST /users/{id}/set-password": a.withSession(a.setPassword),
		"GET /records":                  a.listRecords,
		"POST /records":                 a.withSession(a.createDraft),
		"GET /records/{id}":             a.getRecord,
		"PUT /records/{id}/draft":       a.withSession(a.putDraft),
		"DELETE /records/{id}/draft":    a.withSession(a.deleteDraft),
		"POST /records/{id}/publish":    a.withSession(a.publish),
		"/":                             a.notFound,
	} {
		a.mux.HandleFunc(pattern, handler)
	}
	return a
}

// Mount adds a plugin's handler under a pattern of http.ServeMux without the
// prefix, like "POST /records/{id}/snapshot" or "/realtime/"; the handler sees
// paths without the prefix, too. A pattern that is malformed or conflicts with
// one that is there is an error. Mount everything before the first request.
func (a *API) Mount(pattern string, h http.Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("mount %q: %v", pattern, p)
		}
	}()
	a.mux.Handle(pattern, h)
	return nil
}

// ServeHTTP serves a request with or without the prefix.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.cors(w, r) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			a.internal(w, r, fmt.Errorf("handler panicked: %v", p))
		}
	}()
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, a.o.MaxBody)
	}
	if len(r.URL.Path) > len(Prefix) && r.URL.Path[:len(Prefix)+1] == Prefix+"/" {
		http.StripPrefix(Prefix, a.mux).ServeHTTP(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// cors answers preflight requests and marks answers that a page of an allowed
// origin may read. It reports whether the request is answered.
func (a *API) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if len(a.o.AllowedOrigins) > 0 {
		w.Header().Add("Vary", "Origin")
	}
	if origin == "" || !slices.ContainsFunc(a.o.AllowedOrigins, func(p string) bool { return allows(p, origin) }) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-CSRF-Token")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allows reports whether an entry of AllowedOrigins covers an origin.
func allows(entry, origin string) bool {
	if entry == "*" {
		return true
	}
	ok, err := path.Match(strings.ToLower(strings.TrimSuffix(entry, "/")), strings.ToLower(origin))
	return ok && err == nil
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, "NOT_FOUND", "There is no such endpoint: "+r.Method+" "+r.URL.Path)
}

func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

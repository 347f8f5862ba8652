package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/host/instance"
	"github.com/civicpress/realtimefx/host/instance/api"
	"github.com/civicpress/realtimefx/web"
)

// site is what the core serves over HTTP: its API with the plugin's endpoints,
// the pages, and in demo mode the demo users.
type site struct {
	mux      *http.ServeMux
	listener net.Listener
	plugin   *realtimefx.Plugin
	demo     *instance.DemoContent // nil = a real instance
}

// mounts are the plugin's endpoints below the API's prefix.
var mounts = []string{
	"POST /records/{id}/snapshot",
	"/records/{id}/collab-snapshot",
	"/realtime/",
}

func newSite(in *instance.Instance, p *realtimefx.Plugin, o coreOptions) (*site, error) {
	s := &site{mux: http.NewServeMux(), listener: o.api, plugin: p, demo: o.demo}
	core := api.New(in, api.Options{
		Logger: o.logger, Version: version(), BeforePublish: p.BeforePublish,
		ClientIP: p.ClientIP, AllowedOrigins: p.Config.AllowedOrigins,
	})
	plugin := p.API()
	for _, pattern := range mounts {
		if err := core.Mount(pattern, plugin); err != nil {
			return nil, err
		}
	}
	s.mux.Handle(api.Prefix+"/", core)
	s.mux.HandleFunc("GET /ready", s.ready)
	s.mux.HandleFunc("GET /demo/config.json", s.config)
	if o.demo != nil {
		s.mux.HandleFunc("GET /demo/users.json", s.users)
	}
	if p.Server != nil {
		s.mux.Handle("GET /metrics", p.Server.Metrics())
	}
	s.mux.Handle("/", s.late(web.Handler))
	dashboard := s.late(func(o web.Options) http.Handler { return web.Dashboard("/realtime/dashboard", o) })
	s.mux.Handle("/realtime/dashboard", dashboard)
	s.mux.Handle("/realtime/dashboard/", dashboard)
	return s, nil
}

// late makes pages on the first request: they must name the socket's port,
// which is known once the plugin listens.
func (s *site) late(pages func(web.Options) http.Handler) http.Handler {
	handler := sync.OnceValue(func() http.Handler { return pages(web.Options{Connect: s.connect()}) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}

// ServeHTTP sets what every answer has; the pages replace the policy by their
// own.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	s.mux.ServeHTTP(w, r)
}

// ready is for load balancers: 503 before the plugin accepts sockets and as
// soon as it stops.
func (s *site) ready(w http.ResponseWriter, _ *http.Request) {
	if p := s.plugin.Server; p != nil && !p.Ready() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ready\n"))
}

// port is the socket's port, "" when there is none.
func (s *site) port() string {
	p := s.plugin.Server
	if p == nil || p.Addr() == nil {
		return ""
	}
	t, ok := p.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	return strconv.Itoa(t.Port)
}

// connect lists where the pages may open sockets besides their own origin.
func (s *site) connect() []string {
	port := s.port()
	if port == "" {
		return nil
	}
	if s.demo == nil {
		return []string{"ws://*:" + port}
	}
	out := []string{"ws://" + reachable(s.plugin.Server.Addr()), "ws://" + net.JoinHostPort("localhost", port)}
	return out
}

// config tells the pages where socket and API are. It knows only for requests
// that come straight to this port; behind a proxy both have the page's own
// origin, and the answer is 404.
func (s *site) config(w http.ResponseWriter, r *http.Request) {
	name, port, err := net.SplitHostPort(r.Host)
	own, ok := s.listener.Addr().(*net.TCPAddr)
	if err != nil || !ok || port != strconv.Itoa(own.Port) || s.port() == "" {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, map[string]any{
		"realtime": "ws://" + net.JoinHostPort(name, s.port()),
		"api":      "http://" + r.Host,
		"demo":     s.demo != nil,
	})
}

// demoUser is what the page and the JSON line say of a demo user.
type demoUser struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Token string `json:"token"`
}

func demoUsers(d *instance.DemoContent) map[string]demoUser {
	out := make(map[string]demoUser, len(d.Users))
	for _, u := range d.Users {
		out[u.Username] = demoUser{ID: u.ID, Name: u.Name, Role: u.Role, Token: u.Token}
	}
	return out
}

// users gives the page the tokens of the demo. A foreign page that points a
// name of its own at this address (DNS rebinding) gets nothing.
func (s *site) users(w http.ResponseWriter, r *http.Request) {
	if !isLocalName(r.Host) {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, demoUsers(s.demo))
}

// isLocalName reports whether a Host header is an address or localhost.
func isLocalName(hostport string) bool {
	name := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		name = h
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil || name == "localhost"
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}

package realtime

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Options of a Server. The zero value means the defaults. A limit that is
// negative is off.
type Options struct {
	Addr string // default ":3001"
	Path string // prefix of the request URI; default "/realtime"

	// AllowedOrigins are the hosts ("clerk.town.example", "*.town.example",
	// "https://town.example:8080") whose pages may connect besides the
	// server's own. "*" allows every page.
	AllowedOrigins []string
	// TrustedProxies are whose X-Forwarded-For and X-Forwarded-Proto count.
	TrustedProxies []netip.Prefix
	// RequireTLS refuses sockets that did not come over TLS, as far as the
	// listener or a trusted proxy can tell.
	RequireTLS bool

	ConnectionsPerIP   int // default 100; an IPv6 client counts by its /64
	ConnectionsPerUser int // default 10
	// MaxConnections bounds all sockets. Default 20,000.
	MaxConnections int
	// ConnectRate is how many connections a second one client address may
	// make; twice as many at once, and at least as many as it may have.
	// Default 100.
	ConnectRate float64
	// AcceptRate is how many connections a second are taken in all; more wait
	// in the system's queue. Default 1000 for each processor.
	AcceptRate float64
	// MaxStrangers bounds the connections whose request is not complete; the
	// one that has taken longest gives way. Default 2048.
	MaxStrangers int
	// MaxPending bounds the upgrades that are being admitted at one time;
	// more are answered 503. Default 1024.
	MaxPending int

	MessagesPerSecond float64       // that a client may sustain; default 50
	MessageBurst      float64       // at once; default 500
	Flood             time.Duration // above the rate without a pause until the close; default 60 s
	MaxMessage        int64         // bytes; default 10 MiB

	UpgradeTimeout time.Duration // for the whole upgrade request; default 5 s
	AdmitTimeout   time.Duration // for the core's answers at the door; default 10 s
	Ping           time.Duration // silence after which a peer is pinged; default 28 s
	Stall          time.Duration // a peer that takes nothing for so long is cut off; default 60 s
	QueueBytes     int           // that may wait for a client before it counts as behind; default 1 MiB
	// Regrant is how often rights are read again without a reason. Default 60 s.
	Regrant time.Duration
	// AuthOutage is how long a socket may stay when the core does not answer
	// questions about it. Default 5 minutes.
	AuthOutage time.Duration

	Version string // for the dashboard
	Node    string // for the dashboard; default the host name
}

func (o *Options) setDefaults() {
	def(&o.Addr, ":3001")
	def(&o.Path, "/realtime")
	def(&o.ConnectionsPerIP, 100)
	def(&o.ConnectionsPerUser, 10)
	def(&o.MaxConnections, 20_000)
	def(&o.ConnectRate, 100)
	def(&o.AcceptRate, float64(1000*runtime.GOMAXPROCS(0)))
	def(&o.MaxStrangers, 2048)
	def(&o.MaxPending, 1024)
	def(&o.MessagesPerSecond, 50)
	def(&o.MessageBurst, 500)
	def(&o.Flood, time.Minute)
	def(&o.MaxMessage, 10<<20)
	def(&o.UpgradeTimeout, 5*time.Second)
	def(&o.AdmitTimeout, 10*time.Second)
	def(&o.Ping, 28*time.Second)
	def(&o.Stall, time.Minute)
	def(&o.QueueBytes, 1<<20)
	def(&o.Regrant, time.Minute)
	def(&o.AuthOutage, 5*time.Minute)
	if o.MaxStrangers < 0 {
		o.MaxStrangers = 1 << 20
	}
	if o.MaxPending < 0 {
		o.MaxPending = 1 << 20
	}
	o.MessagesPerSecond = max(o.MessagesPerSecond, 0)
	o.ConnectionsPerIP = max(o.ConnectionsPerIP, 0)
	o.ConnectionsPerUser = max(o.ConnectionsPerUser, 0)
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o *Options) check() error {
	var errs []error
	if !strings.HasPrefix(o.Path, "/") {
		errs = append(errs, fmt.Errorf("path %q does not begin with a slash", o.Path))
	}
	for _, p := range o.AllowedOrigins {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			errs = append(errs, fmt.Errorf("allowed origin %q is not a host pattern", p))
		} else if u, err := url.Parse(p); strings.Contains(p, "://") && (err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "") {
			errs = append(errs, fmt.Errorf("allowed origin %q is not scheme://host", p))
		}
	}
	return errors.Join(errs...)
}

// Deps are what a Server needs. Auth and Rooms are required.
type Deps struct {
	Auth   host.Auth
	Rooms  *room.Manager
	Hooks  hooks.Sink          // nil = nobody listens
	Health host.HealthRegistry // nil = nobody asks
	Logger *slog.Logger        // nil = slog.Default()

	// Snapshots serves GET and POST /records/{id}/collab-snapshot, for other
	// servers that keep their snapshots here. It checks its own credentials;
	// nil = not offered.
	Snapshots http.Handler

	// For figures only; each may be nil.
	Journal  *store.Journal
	Keeper   *store.Keeper
	Observer *room.Observer
	HookLoad func() hooks.Stats
}

package realtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/session"
	"github.com/civicpress/realtimefx/realtime/internal/uring"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Server accepts sockets and admits them to rooms.
type Server struct {
	deps   Deps
	opts   Options
	logger *slog.Logger
	meter  *meter.Meter

	sessions registry
	limits   session.Limits
	penalty  penalty
	arrivals session.Arrivals
	strange  session.Strangers
	door     chan struct{} // one token for each socket being admitted
	config   session.Config
	guard    guard
	grants   grants
	closes   closes
	history  history

	started time.Time
	http    *http.Server
	addr    net.Addr // set by Start

	tasks   sync.WaitGroup // goroutines of the server and of its sessions; Start holds one
	mu      sync.Mutex
	closed  bool // guarded by mu; no admission may begin
	ready   atomic.Bool
	holding atomic.Bool   // final save: what sockets send is not taken
	stop    chan struct{} // closed by Stop
	base    context.Context
	cancel  context.CancelFunc // ends base: questions to the core are given up

	unregister func() // of the health check
}

// linger is for how long a goroutine waits for what a client sends next: longer
// than from one letter to the next.
const linger = time.Second

// New checks the options. It listens to nothing and starts nothing.
func New(d Deps, o Options) (*Server, error) {
	if d.Auth == nil || d.Rooms == nil {
		return nil, errors.New("realtime: a server needs an auth service and a room manager")
	}
	if d.Hooks == nil {
		d.Hooks = hooks.Discard
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	o.setDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("realtime: %w", err)
	}
	if o.Node == "" {
		o.Node, _ = os.Hostname()
	}
	s := &Server{
		deps: d, opts: o, logger: d.Logger, meter: d.Rooms.Meter(),
		door: make(chan struct{}, o.MaxPending),
		stop: make(chan struct{}),
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.limits.PerIP, s.limits.PerUser = o.ConnectionsPerIP, o.ConnectionsPerUser
	s.arrivals = session.Arrivals{
		Rate: o.ConnectRate, Burst: max(2*o.ConnectRate, float64(o.ConnectionsPerIP)), All: o.AcceptRate, Trusted: o.TrustedProxies,
		SentAway: func(addr netip.Addr) {
			s.guard.limited("rate_limiting.connects_per_second", session.Request{Addr: addr}, 0)
		},
	}
	s.strange.Max = o.MaxStrangers
	s.config = session.Config{
		MaxMessage: o.MaxMessage, Rate: o.MessagesPerSecond, Burst: o.MessageBurst, Flood: o.Flood,
		Ping: o.Ping, Stall: o.Stall, Queue: o.QueueBytes,
		Meter: s.meter, Logger: d.Logger, Tasks: &s.tasks, Holding: &s.holding,
		Writers: &session.Writers{Tasks: &s.tasks}, Lot: &session.Lot{Tasks: &s.tasks}, Linger: linger,
		Exceeded: func(l *session.Session, limit string) string {
			return s.guard.limited(limit, l.Request, l.Member.UserID())
		},
	}
	s.guard.init(s)
	s.grants.every, s.grants.wake = o.Regrant, make(chan struct{}, 1)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.upgrade),
		ReadHeaderTimeout: o.UpgradeTimeout,
		IdleTimeout:       o.UpgradeTimeout,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.strange.Watch,
		// Its complaints are about peers, not about us, and name addresses
		// that anybody can produce by the thousand.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.http.SetKeepAlivesEnabled(false) // as many requests as connections were counted
	return s, nil
}

// Start listens and serves. ctx bounds only the start. A port that is taken is
// an error that names it.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("realtime: cannot listen on %s: %w", s.opts.Addr, err)
	}
	if err := s.config.Lot.Open(); err != nil {
		l.Close()
		return fmt.Errorf("realtime: cannot watch sockets: %w", err)
	}
	if err := s.serve(l); err != nil {
		s.config.Lot.Close()
		l.Close()
		return err
	}
	s.logger.Info("realtime server listens", "op", "server.start", "addr", s.addr.String(), "path", s.opts.Path, "io_uring", uring.Usable() == nil)
	return nil
}

// serve serves a listener; tests bring their own.
func (s *Server) serve(l net.Listener) error {
	if h := s.deps.Health; h != nil {
		unregister, err := h.RegisterHealth("realtime", s.Health)
		if err != nil {
			return fmt.Errorf("realtime: register health check: %w", err)
		}
		s.unregister = unregister
	}
	s.started, s.addr = time.Now(), l.Addr()
	s.tasks.Add(1) // Stop gives it back when nothing can begin any more
	s.tasks.Go(func() {
		if err := s.http.Serve(s.arrivals.Listen(l)); !errors.Is(err, http.ErrServerClosed) {
			s.ready.Store(false)
			s.logger.Error("realtime server no longer accepts connections", "op", "server.serve", "error", err)
		}
	})
	s.tasks.Go(s.tick)
	s.ready.Store(true)
	return nil
}

// Addr is where the server listens, nil before Start.
func (s *Server) Addr() net.Addr { return s.addr }

// Ready reports whether new sockets are welcome.
func (s *Server) Ready() bool { return s.ready.Load() }

// Stop saves every room and closes every socket, within ctx. Then it stops the
// room manager, which it owns from Start on.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again || s.addr == nil {
		return nil
	}
	s.ready.Store(false)
	if s.unregister != nil {
		s.unregister()
	}
	began := time.Now()
	_ = s.http.Close() // the listener and what is not upgraded; sockets live on

	// From here on nothing that arrives is taken. Clients hold what they
	// typed and bring it back after the restart.
	s.holding.Store(true)
	err := s.deps.Rooms.FlushAll(ctx, store.ReasonStop)
	if err != nil {
		s.logger.Error("not every room could be saved; the journal has their edits", "op", "server.stop", "error", err)
	}
	close(s.stop)
	s.cancel()
	s.sessions.each(func(l *live) { l.Farewell(wire.CloseRestart, wire.Restart(restartDelay())) })
	defer context.AfterFunc(ctx, func() { // no more time for farewells
		s.sessions.each(func(l *live) { l.Kill(wire.CloseRestart) })
		s.penalty.killHeld()
	})()
	s.sessions.wait()
	if e := s.deps.Rooms.Stop(ctx); e != nil && err == nil {
		err = e
	}
	s.config.Lot.Close()
	s.tasks.Done()
	s.tasks.Wait()
	s.config.Writers.Close()
	s.logger.Info("realtime server stopped", "op", "server.stop", "took", time.Since(began).Round(time.Millisecond))
	return err
}

// begin counts an admission, unless the server stops.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.tasks.Add(1)
	return true
}

// emit hands a security or lifecycle event to the hooks.
func (s *Server) emit(correlationID string, p hooks.Payload) {
	s.deps.Hooks.Emit(hooks.Event{CorrelationID: correlationID, Data: p})
}

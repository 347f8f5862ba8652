package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/cmd/civicpress/internal/sdnotify"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/instance"
)

// The budgets of a start and of an orderly stop. A stop writes every open
// record back; systemd waits 90 s by default.
const (
	startBudget = 60 * time.Second
	stopBudget  = 60 * time.Second
)

// core is the CivicPress core over one instance with the plugin compiled in.
type core struct {
	in     *instance.Instance
	plugin *realtimefx.Plugin
	site   *site
	log    *slog.Logger
	app    *fx.App
	failed chan error // a listener that died; has room for one
}

// coreOptions say what to run.
type coreOptions struct {
	api      net.Listener // nil = no core API and no pages
	realtime string       // host:port instead of realtime.yml's; "" = as there
	profiles profileFlag
	adjust   func(*config.Config)
	demo     *instance.DemoContent // nil = a real instance
	logger   *slog.Logger
}

// newCore puts everything together. It takes over in and o.api: both are
// closed when the core stops, or at once on an error.
func newCore(in *instance.Instance, o coreOptions) (*core, error) {
	c := &core{in: in, log: o.logger, failed: make(chan error, 1)}
	c.app = fx.New(
		fx.NopLogger, // fx returns its errors, too
		fx.StartTimeout(startBudget),
		fx.StopTimeout(stopBudget),
		fx.Supply(
			o.logger,
			fx.Annotate(in, fx.As(new(host.Auth)), fx.As(new(host.Records)), fx.As(new(host.DraftStore)),
				fx.As(new(host.Database)), fx.As(new(host.HookEmitter)), fx.As(new(host.HealthRegistry))),
		),
		realtimefx.Module,
		fx.Replace(realtimefx.SystemDir(in.Layout().SystemDir), realtimefx.Version(version())),
		fx.Decorate(func(cfg config.Config) (config.Config, error) { return o.configure(cfg) }),
		fx.Populate(&c.plugin),
		fx.Invoke(func(lc fx.Lifecycle, p *realtimefx.Plugin) error { return c.serveSite(lc, p, o) }),
		fx.Invoke(c.watchOthers),
		fx.Invoke(paceHeap, trimMemory),
		fx.Invoke(func(lc fx.Lifecycle) error { return serveProfiles(lc, o.profiles, o.logger) }),
	)
	if err := c.app.Err(); err != nil {
		if o.api != nil {
			_ = o.api.Close()
		}
		return nil, errors.Join(dig.RootCause(err), in.Close())
	}
	return c, nil
}

// configure lays the command line over realtime.yml.
func (o coreOptions) configure(c config.Config) (config.Config, error) {
	if o.realtime != "" {
		h, p, err := net.SplitHostPort(o.realtime)
		if err != nil {
			return c, usage("--realtime-addr %q is not host:port", o.realtime)
		}
		if c.Port, err = strconv.Atoi(p); err != nil || c.Port < 0 || c.Port > 65535 {
			return c, usage("--realtime-addr %q has no port number", o.realtime)
		}
		c.Host = h
	}
	if o.api != nil {
		// The pages come from the API's port, the socket has another one.
		c.AllowedOrigins = append(c.AllowedOrigins[:len(c.AllowedOrigins):len(c.AllowedOrigins)], localOrigins(o.api.Addr())...)
	}
	if o.adjust != nil {
		o.adjust(&c)
	}
	return c, nil
}

// watchInterval is how soon changes of others - the Node core on the same
// database, a git pull - take effect on open documents and sockets.
const watchInterval = time.Second

// watchOthers appends the watch to the lifecycle.
func (c *core) watchOthers(lc fx.Lifecycle) {
	var stop func()
	lc.Append(fx.StartStopHook(func() (err error) {
		stop, err = c.in.Watch(watchInterval)
		return err
	}, func() { stop() }))
}

// serveSite appends the HTTP server to the lifecycle, after the plugin: it
// stops first, and the plugin's endpoints are there when it starts.
func (c *core) serveSite(lc fx.Lifecycle, p *realtimefx.Plugin, o coreOptions) error {
	if o.api == nil {
		return nil
	}
	var err error
	if c.site, err = newSite(c.in, p, o); err != nil {
		return err
	}
	server := &http.Server{
		Handler:           c.site,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(o.logger.Handler(), slog.LevelDebug),
	}
	lc.Append(fx.StartStopHook(
		func() {
			go func() { // ends with Shutdown or Close
				if err := server.Serve(o.api); !errors.Is(err, http.ErrServerClosed) {
					c.failed <- fmt.Errorf("the API stopped serving: %w", err)
				}
			}()
		},
		func(ctx context.Context) error {
			if err := server.Shutdown(ctx); err != nil {
				return errors.Join(fmt.Errorf("stop the API: %w", err), server.Close())
			}
			return nil
		},
	))
	return nil
}

// run starts everything, says so, and waits until ctx ends. Then it stops
// everything, writing open records back.
func (c *core) run(ctx context.Context, notify sdnotify.Notifier, started func() error) error {
	err := c.app.Start(ctx)
	if err == nil {
		err = c.serve(ctx, notify, started)
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopBudget)
		defer cancel()
		err = errors.Join(err, c.app.Stop(stopping))
	} else if c.site != nil {
		_ = c.site.listener.Close() // again, if the site had been started
	}
	return errors.Join(err, c.in.Close())
}

func (c *core) serve(ctx context.Context, notify sdnotify.Notifier, started func() error) error {
	if err := started(); err != nil {
		return err
	}
	if err := notify.Send(sdnotify.Ready, "STATUS=serving "+c.in.Layout().Root); err != nil {
		c.log.Warn("systemd was not told that the service is ready", "op", "serve", "error", err)
	}
	defer notify.Watch(ctx, c.alive)()
	select {
	case <-ctx.Done():
		c.log.Info("stopping", "op", "serve")
	case err := <-c.failed:
		return err
	}
	_ = notify.Send(sdnotify.Stopping) // systemd sees the end anyhow
	return nil
}

// alive is what the systemd watchdog asks: the database answers, and so does
// the plugin. A degraded service is alive.
func (c *core) alive(ctx context.Context) bool {
	if err := c.in.DB().PingContext(ctx); err != nil {
		c.log.Error("the database does not answer", "op", "watchdog", "error", err)
		return false
	}
	if s := c.plugin.Server; s != nil {
		s.Health(ctx)
	}
	return ctx.Err() == nil
}

// realtimeURL is where the socket is, "" when the plugin is switched off.
func (c *core) realtimeURL() string {
	if c.plugin.Server == nil || c.plugin.Server.Addr() == nil {
		return ""
	}
	return "ws://" + reachable(c.plugin.Server.Addr())
}

// reachable is an address for people on this machine: listeners on all
// addresses are called by their loopback name.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port))
}

// localOrigins are the origins of pages served at the address, as browsers on
// this machine name them.
func localOrigins(a net.Addr) []string {
	out := []string{"http://" + reachable(a)}
	if t, ok := a.(*net.TCPAddr); ok && (t.IP.IsLoopback() || t.IP.IsUnspecified()) {
		out = append(out, "http://"+net.JoinHostPort("localhost", strconv.Itoa(t.Port)))
	}
	return out
}

// listen opens the port of the core API.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the core API cannot listen on %s: %w; choose another with --api-addr", addr, err)
	}
	return l, nil
}

// closing closes the instance on the way out with an error.
func closing(in *instance.Instance, err error) error { return errors.Join(err, in.Close()) }

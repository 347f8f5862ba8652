package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"time"

	"go.uber.org/fx"
)

// profileFlag is the address of Go's profiles, which are off unless asked for:
// they show what the program works on, so the address must be a loopback one.
type profileFlag string

func (f *profileFlag) define(fs *flag.FlagSet) {
	fs.StringVar((*string)(f), "pprof-addr", "", "loopback `ADDR` that serves Go's profiles under /debug/pprof/; none if empty")
}

// serveProfiles appends the server of the profiles to the lifecycle.
func serveProfiles(lc fx.Lifecycle, addr profileFlag, log *slog.Logger) error {
	if addr == "" {
		runtime.MemProfileRate = 0 // nobody can ask for what it would sample
		return nil
	}
	host, _, err := net.SplitHostPort(string(addr))
	if err != nil {
		return usage("--pprof-addr %q is not host:port", string(addr))
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usage("--pprof-addr %q is not a loopback address: profiles tell what is in memory; use 127.0.0.1:PORT and an SSH tunnel", string(addr))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	lc.Append(fx.StartStopHook(func(ctx context.Context) error {
		var listen net.ListenConfig
		l, err := listen.Listen(ctx, "tcp", string(addr))
		if err != nil {
			return fmt.Errorf("profiles cannot be served on %s: %w; choose another with --pprof-addr", string(addr), err)
		}
		log.Info("profiles are served", "op", "serve", "address", l.Addr().String())
		go func() { // ends with Close
			defer close(ended)
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				log.Error("profiles are not served any more", "op", "serve", "error", err)
			}
		}()
		return nil
	}, func() error {
		err := server.Close()
		<-ended
		return err
	}))
	return nil
}

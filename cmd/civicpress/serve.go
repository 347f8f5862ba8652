package main

import (
	"context"
	"flag"
	"fmt"
	"net"

	"github.com/civicpress/realtimefx/cmd/civicpress/internal/sdnotify"
	"github.com/civicpress/realtimefx/host/instance"
)

var serveCommand = command{
	name:  "serve",
	args:  "[--dir DIR] [--api-addr ADDR] [--realtime-addr ADDR]",
	short: "serve an existing CivicPress data directory",
	long: `Opens an existing CivicPress instance and serves realtime editing of its
records, with the part of the core's API that belongs to it. Users, sessions,
roles, records and drafts are those of the instance; logins made in the core are
valid here.

The socket listens where .system-data/realtime.yml says; the flag overrides it.
Beside a Node core that has the API's port, say --api-addr off.

SIGTERM and SIGINT stop it: open records are written back to their drafts, then
sockets are closed with code 1012, and the exit code is 0. Under systemd use
Type=notify; the watchdog is served.`,
	run: func(ctx context.Context, p program, c *invocation) error {
		var dir, apiAddr, realtimeAddr string
		var logs logFlags
		var profiles profileFlag
		if _, err := c.parse(func(fs *flag.FlagSet) {
			fs.StringVar(&dir, "dir", ".", "the instance: `DIR` holds .civicrc, or is its data directory")
			fs.StringVar(&apiAddr, "api-addr", "127.0.0.1:3000", "`ADDR` of the core API and the pages; off = none")
			fs.StringVar(&realtimeAddr, "realtime-addr", "", "`ADDR` of the socket instead of the one in realtime.yml")
			logs.define(fs)
			profiles.define(fs)
		}, 0); err != nil {
			return err
		}
		return serve(ctx, p, dir, apiAddr, coreOptions{realtime: realtimeAddr, profiles: profiles}, logs)
	},
}

func serve(ctx context.Context, p program, dir, apiAddr string, o coreOptions, logs logFlags) error {
	log, err := logs.logger(p.stderr)
	if err != nil {
		return err
	}
	notify, err := sdnotify.FromEnvironment(p.getenv)
	if err != nil {
		return err
	}
	in, err := instance.Open(dir, instance.Options{Logger: log, Getenv: p.getenv})
	if err != nil {
		return err
	}
	var l net.Listener
	if apiAddr != "off" {
		if l, err = listen(ctx, apiAddr); err != nil {
			return closing(in, err)
		}
	}
	o.api, o.logger = l, log
	c, err := newCore(in, o)
	if err != nil {
		return err
	}
	return c.run(ctx, notify, func() error {
		if l != nil {
			fmt.Fprintf(p.stdout, "core API and pages: http://%s/\n", reachable(l.Addr()))
		}
		if u := c.realtimeURL(); u != "" {
			fmt.Fprintf(p.stdout, "realtime:           %s%s/records/<id>\n", u, c.plugin.Config.Path)
		} else {
			fmt.Fprintln(p.stdout, "realtime:           switched off in realtime.yml")
		}
		return nil
	})
}

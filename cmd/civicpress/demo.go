package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/civicpress/realtimefx/cmd/civicpress/internal/sdnotify"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host/instance"
	"github.com/civicpress/realtimefx/web"
)

var demoCommand = command{
	name:  "demo",
	args:  "[--dir DIR] [--json] [--records N] [--unlimited]",
	short: "run a small town with four users and several records",
	long: `Makes a small CivicPress instance with records in English and French and the
users alice and bob (clerks), carol (public: may look) and dave (admin), serves
it, and prints links that log in as one of them. Open the first two links in two
windows and edit the same bylaw.

With --dir the data stays and a second start goes on with it, tokens included;
without it, the data is removed at the end. Passwords are the user's name and
"-demo", for example alice-demo.

Everybody who reaches the ports can act as the demo users: leave the addresses
on 127.0.0.1.`,
	run: func(ctx context.Context, p program, c *invocation) error {
		d := demo{logs: logFlags{level: slog.LevelWarn}}
		if _, err := c.parse(d.define, 0); err != nil {
			return err
		}
		if d.records < 0 {
			return usage("--records is %d, less than 0", d.records)
		}
		return d.run(ctx, p)
	},
}

// demo is one run of the demo.
type demo struct {
	dir, api, realtime string
	json, unlimited    bool
	records            int
	logs               logFlags
	profiles           profileFlag

	temporary bool // dir was made by us and goes away at the end
}

func (d *demo) define(fs *flag.FlagSet) {
	fs.StringVar(&d.dir, "dir", "", "keep the instance in `DIR`, and go on with the one that is there")
	fs.BoolVar(&d.json, "json", false, "print one line of JSON on stdout instead of links")
	fs.StringVar(&d.api, "api-addr", "127.0.0.1:3000", "`ADDR` of the core API and the pages; port 0 = a free one")
	fs.StringVar(&d.realtime, "realtime-addr", "127.0.0.1:3001", "`ADDR` of the socket; port 0 = a free one")
	fs.IntVar(&d.records, "records", 0, "add `N` records bench-1 … bench-N of 2 KB, for load tests")
	fs.BoolVar(&d.unlimited, "unlimited", false, "lift the limits of rate, connections and rooms, for load tests")
	d.logs.define(fs)
	d.profiles.define(fs)
}

func (d *demo) run(ctx context.Context, p program) (err error) {
	log, err := d.logs.logger(p.stderr)
	if err != nil {
		return err
	}
	notify, err := sdnotify.FromEnvironment(p.getenv)
	if err != nil {
		return err
	}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "civicpress-demo-"); err != nil {
			return fmt.Errorf("make a folder for the demo: %w", err)
		}
		d.temporary = true
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	l, err := listen(ctx, d.api) // before the data is touched: a taken port is the usual mistake
	if err != nil {
		return err
	}
	in, content, err := instance.Demo(ctx, d.dir, instance.Options{Logger: log, Getenv: p.getenv}, instance.DemoOptions{Records: d.records})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	o := coreOptions{api: l, realtime: d.realtime, profiles: d.profiles, demo: &content, logger: log}
	if d.unlimited {
		o.adjust = unlimited
	}
	c, err := newCore(in, o)
	if err != nil {
		return err
	}
	return c.run(ctx, notify, func() error {
		at := address{api: "http://" + reachable(l.Addr()), realtime: c.realtimeURL()}
		if d.json {
			return d.printJSON(p.stdout, at, in, content)
		}
		return d.printLinks(p.stdout, at, in, content)
	})
}

// unlimited lifts what a load test on one machine runs into.
func unlimited(c *config.Config) {
	c.RateLimiting = config.RateLimiting{
		MessagesPerSecond: -1, Burst: 1 << 30, ConnectionsPerIP: -1, ConnectionsPerUser: -1, ConnectsPerSecond: -1, MaxConnections: -1,
	}
	c.Rooms.MaxRooms, c.Rooms.MaxMembers = -1, -1
}

// address is where the demo can be reached.
type address struct {
	api, realtime string
}

func (d *demo) printJSON(w io.Writer, at address, in *instance.Instance, content instance.DemoContent) error {
	line := struct {
		API      string              `json:"api"`
		Realtime string              `json:"realtime"`
		Editor   string              `json:"editor"`
		Dir      string              `json:"dir"`
		Users    map[string]demoUser `json:"users"`
		Records  []string            `json:"records"`
	}{at.api, at.realtime, at.api + "/", in.Layout().Root, demoUsers(&content), content.Records}
	return json.NewEncoder(w).Encode(line)
}

func (d *demo) printLinks(w io.Writer, at address, in *instance.Instance, content instance.DemoContent) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nCivicPress demo. Open the first two links in two windows and edit the same bylaw:\n\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, u := range content.Users {
		link := fmt.Sprintf("%s/?as=%s#/records/%s", at.api, u.Username, showpiece(content.Records))
		what := "edits"
		switch u.Role {
		case "public":
			what = "may only look"
		case "admin":
			link, what = at.api+"/realtime/dashboard/?as="+u.Username, "watches"
		}
		fmt.Fprintf(t, "  %s\t%s, %s\t%s\n", u.Name, u.Role, what, link)
	}
	_ = t.Flush() // into a strings.Builder
	fmt.Fprintf(&b, "\n  All records: %s/\n", at.api)
	if at.realtime == "" {
		fmt.Fprintf(&b, "  Realtime is switched off in realtime.yml.\n")
	} else {
		fmt.Fprintf(&b, "  Socket:      %s/realtime/records/<id>, with a token as Bearer or as subprotocol auth.<token>:\n", at.realtime)
		for _, u := range content.Users {
			fmt.Fprintf(&b, "    %-6s %s\n", u.Username, u.Token)
		}
	}
	kept := ""
	if d.temporary {
		kept = " (removed at the end; --dir DIR keeps it)"
	}
	fmt.Fprintf(&b, "  Data:        %s%s\n", in.Layout().Root, kept)
	if !web.Built() {
		b.WriteString("\n  The pages are not part of this binary: npm was missing when it was built. Run \"make web\" and start again.\n")
	}
	b.WriteString("\nCtrl-C stops it and writes open records back to their drafts.\n\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// showpiece is the record that the links open: a bylaw, as the text says.
func showpiece(records []string) string {
	for _, id := range records {
		if strings.Contains(id, "bylaw") {
			return id
		}
	}
	return records[0]
}

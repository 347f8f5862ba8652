package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host/instance"
	"github.com/civicpress/realtimefx/realtime/records"
	"github.com/civicpress/realtimefx/web"
)

var doctorCommand = command{
	name:  "doctor",
	args:  "[--dir DIR] [--api-addr ADDR] [--realtime-addr ADDR]",
	short: "check configuration, server, data and drafts of an instance",
	long: `Looks at an instance and says in plain language what is wrong: realtime.yml, the
room on the disk, who answers on the socket's port, the instance itself, and for
every record that was ever edited together whether its stored document and
journal are intact and how draft or published text stand to it. With --api-addr
it asks the running server for its health besides. It changes nothing and may
run beside a server.

Exit code 3 when it found a problem. Notes do not count.`,
	run: func(ctx context.Context, p program, c *invocation) error {
		var dir, apiAddr, realtimeAddr string
		if _, err := c.parse(func(fs *flag.FlagSet) {
			fs.StringVar(&dir, "dir", ".", "the instance: `DIR` holds .civicrc, or is its data directory")
			fs.StringVar(&apiAddr, "api-addr", "", "`ADDR` that the running server was given; asks it for its health")
			fs.StringVar(&realtimeAddr, "realtime-addr", "", "`ADDR` of the socket instead of the one in realtime.yml")
		}, 0); err != nil {
			return err
		}
		return examine(ctx, p, dir, apiAddr, realtimeAddr)
	},
}

// diagnosis prints findings and remembers whether one is a problem.
type diagnosis struct {
	w     io.Writer
	worst records.Grade
}

func (d *diagnosis) say(g records.Grade, about, format string, args ...any) {
	d.worst = max(d.worst, g)
	if about != "" {
		about += ": "
	}
	fmt.Fprintf(d.w, "%-8s %s%s\n", g, about, fmt.Sprintf(format, args...))
}

func examine(ctx context.Context, p program, dir, apiAddr, realtimeAddr string) error {
	d := &diagnosis{w: p.stdout}
	log := slog.New(slog.DiscardHandler) // what matters is said here
	layout, err := instance.Locate(dir)
	if err != nil {
		return err
	}
	d.say(records.Fine, "", "instance in %s", layout.Root)
	c, good := d.configuration(p, filepath.Join(layout.SystemDir, config.FileName))
	d.disk(layout.SystemDir)
	if !web.Built() {
		d.say(records.Note, "", "this binary was built without the web pages")
	}
	if good && c.Enabled {
		d.socket(ctx, socketAddr(c, realtimeAddr))
	}
	if apiAddr != "" {
		d.running(ctx, apiAddr)
	}
	if good {
		if err := d.data(ctx, p, dir, log); err != nil {
			d.say(records.Problem, "", "%v", err)
		}
	}
	if d.worst >= records.Problem {
		return errProblems
	}
	return nil
}

// configuration reports whether realtime.yml can be used.
func (d *diagnosis) configuration(p program, file string) (config.Config, bool) {
	l, err := config.Load(file, p.getenv)
	if faults, ok := errors.AsType[config.Faults](err); ok {
		for _, f := range faults {
			d.say(records.Problem, "", "%s", f)
		}
		return config.Config{}, false
	}
	if err != nil {
		d.say(records.Problem, "", "%v", err)
		return config.Config{}, false
	}
	for _, w := range l.Warnings {
		d.say(records.Note, config.FileName, "%s", w)
	}
	switch {
	case !l.Enabled:
		d.say(records.Note, config.FileName, "realtime editing is switched off")
	case !l.Found:
		d.say(records.Fine, config.FileName, "there is none: the defaults apply")
	default:
		d.say(records.Fine, config.FileName, "can be used")
	}
	return l.Config, true
}

func (d *diagnosis) data(ctx context.Context, p program, dir string, log *slog.Logger) error {
	s, err := openStored(ctx, p, dir, log)
	if err != nil {
		return err
	}
	findings, err := s.records.Examine(ctx, s.store)
	for _, f := range findings {
		d.say(f.Grade, f.Record, "%s", f.Text)
	}
	return errors.Join(err, s.close())
}

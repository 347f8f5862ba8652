package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/civicpress/realtimefx/realtime/records"
	"github.com/civicpress/realtimefx/realtime/room"
)

var exportCommand = command{
	name:  "export",
	args:  "[--dir DIR] [--out FOLDER] RECORD",
	short: "write a record's Markdown and Yjs state without a server",
	long: `Prints the Markdown of a record as it is stored for editing, everything that was
ever reported saved included; of a deleted record for 30 days what was put away. With --out it writes RECORD.md and RECORD.update,
the Yjs state as one update (V1), into that folder instead.

It changes nothing in the instance and may run beside a server.`,
	run: func(ctx context.Context, p program, c *invocation) error {
		var dir, out string
		logs := logFlags{level: slog.LevelWarn}
		ids, err := c.parse(func(fs *flag.FlagSet) {
			fs.StringVar(&dir, "dir", ".", "the instance: `DIR` holds .civicrc, or is its data directory")
			fs.StringVar(&out, "out", "", "write both files into `FOLDER`")
			logs.define(fs)
		}, 1)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return usage("name the record")
		}
		return export(ctx, p, dir, out, ids[0], logs)
	},
}

func export(ctx context.Context, p program, dir, out, id string, logs logFlags) error {
	log, err := logs.logger(p.stderr)
	if err != nil {
		return err
	}
	s, err := openStored(ctx, p, dir, log)
	if err != nil {
		return err
	}
	e, err := s.records.Export(ctx, s.store, id)
	err = errors.Join(err, s.close())
	if errors.Is(err, room.ErrRoomNotFound) {
		return fmt.Errorf("there is no record %q in %s", id, s.in.Layout().Root)
	}
	if err != nil {
		return err
	}
	for _, d := range e.Damage {
		fmt.Fprintf(p.stderr, "%s cannot be used: %s; what follows is the best intact state\n", d.What, d.Reason)
	}
	if out == "" {
		_, err := p.stdout.Write(e.Markdown)
		return err
	}
	return writeExport(p, out, id, e)
}

func writeExport(p program, out, id string, e *records.Exported) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	name := filepath.Join(out, url.PathEscape(id)) // an id is no path
	for _, f := range []struct {
		name string
		data []byte
	}{{name + ".md", e.Markdown}, {name + ".update", e.State}} {
		if err := os.WriteFile(f.name, f.data, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "wrote", f.name)
	}
	if !e.Stored {
		fmt.Fprintln(p.stdout, "the record was never opened for editing: this is what it would start from")
	}
	return nil
}

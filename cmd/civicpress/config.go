package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host/instance"
)

var configCheckCommand = command{
	name:  "config check",
	args:  "[--dir DIR | --file FILE]",
	short: "check realtime.yml and name every fault with its line",
	long: `Reads realtime.yml as the server would and reports every fault at once, with
file, line and key. A missing file is fine: it means the defaults.

Exit code 3 when there are faults. Warnings do not count.`,
	run: func(_ context.Context, p program, c *invocation) error {
		var where configFlags
		if _, err := c.parse(where.define, 0); err != nil {
			return err
		}
		file, err := where.file()
		if err != nil {
			return err
		}
		return checkConfig(p, file)
	},
}

var configInitCommand = command{
	name:  "config init",
	args:  "[--dir DIR | --file FILE] [--stdout] [--force]",
	short: "write a realtime.yml in which every key is explained",
	long: `Writes a realtime.yml in which every key stands as a comment with its default,
unit, range and effect. An existing file is kept unless --force is given.`,
	run: func(_ context.Context, p program, c *invocation) error {
		var where configFlags
		var stdout, force bool
		if _, err := c.parse(func(fs *flag.FlagSet) {
			where.define(fs)
			fs.BoolVar(&stdout, "stdout", false, "print it instead")
			fs.BoolVar(&force, "force", false, "replace an existing file")
		}, 0); err != nil {
			return err
		}
		if stdout {
			_, err := p.stdout.Write(config.Template())
			return err
		}
		file, err := where.file()
		if err != nil {
			return err
		}
		if err := writeTemplate(file, force); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "wrote", file)
		return nil
	},
}

// configFlags say which realtime.yml is meant.
type configFlags struct {
	dir, path string
}

func (f *configFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&f.dir, "dir", ".", "the instance: `DIR` holds .civicrc, or is its data directory")
	fs.StringVar(&f.path, "file", "", "this `FILE` instead of the instance's .system-data/realtime.yml")
}

func (f *configFlags) file() (string, error) {
	if f.path != "" {
		return f.path, nil
	}
	layout, err := instance.Locate(f.dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(layout.SystemDir, config.FileName), nil
}

func checkConfig(p program, file string) error {
	l, err := config.Load(file, p.getenv)
	if faults, ok := errors.AsType[config.Faults](err); ok {
		fmt.Fprintln(p.stdout, faults)
		fmt.Fprintf(p.stdout, "%d %s; the server would not start\n", len(faults), plural(len(faults), "fault", "faults"))
		return errProblems
	}
	if err != nil {
		return err
	}
	for _, w := range l.Warnings {
		fmt.Fprintln(p.stdout, "warning:", w)
	}
	switch {
	case !l.Found:
		fmt.Fprintf(p.stdout, "%s does not exist: the defaults apply\n", file)
	case !l.Enabled:
		fmt.Fprintf(p.stdout, "%s is good; realtime editing is switched off\n", file)
	default:
		fmt.Fprintf(p.stdout, "%s is good\n", file)
	}
	return nil
}

func writeTemplate(file string, force bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, mode, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; --force replaces it, --stdout prints the template", file)
	}
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	if _, err := f.Write(config.Template()); err != nil {
		_ = f.Close()
		return fmt.Errorf("write configuration: %w", err)
	}
	return f.Close()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

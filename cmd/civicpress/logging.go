package main

import (
	"flag"
	"io"
	"log/slog"
)

// logFlags choose what goes to stderr.
type logFlags struct {
	level  slog.Level
	format string
}

func (f *logFlags) define(fs *flag.FlagSet) {
	fs.TextVar(&f.level, "log-level", f.level, "`LEVEL` of the log on stderr: debug, info, warn or error")
	fs.StringVar(&f.format, "log-format", "text", "`FORMAT` of the log: text or json")
}

func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: f.level}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usage("--log-format is %q, not text or json", f.format)
}

// Command engine measures the document engine beside Yjs, ywasm (Yrs compiled to
// WebAssembly) and reearth/ygo, in one run. A process measures one thing of one
// engine for some seconds and gives its best; processes of all engines take turns,
// and what is shown is the median of them, with the lowest and highest beside it.
//
//	go -C bench/engine run .                              # all of it, some minutes
//	go -C bench/engine run . -only tiptap -engines ours,yjs -rounds 3
//
// It needs Node 20; the JavaScript engines come from the lock file of
// integration_test/js/engine. The data is made by Yjs from fixed seeds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench engine:", err)
		os.Exit(1)
	}
}

type options struct {
	engines []string
	only    string
	rounds  int
	limit   time.Duration
	data    string
	trace   string
	out     string
	one     oneRun // what a child process does
}

// A oneRun is one measurement in a process of its own.
type oneRun struct{ engine, kind, set string }

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	engines := flags.String("engines", "ours,yjs,ywasm,ygo", "engines to measure")
	flags.StringVar(&o.only, "only", "", "measure only workloads whose name contains this")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each is measured")
	flags.DurationVar(&o.limit, "limit", 30*time.Second, "stop a single measurement after this")
	flags.StringVar(&o.data, "data", "", "folder for the data; made if empty (default: a temporary one)")
	flags.StringVar(&o.trace, "trace", "", "editing trace for b4 (default: ../../shared/corpus/b4-editing-trace.json if there, else made up)")
	flags.StringVar(&o.out, "out", "", "write all figures to this JSON file")
	flags.StringVar(&o.one.engine, "run-engine", "", "internal: measure this engine once")
	flags.StringVar(&o.one.kind, "run-kind", "", "internal")
	flags.StringVar(&o.one.set, "run-set", "", "internal")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if o.one.engine != "" {
		return measure(os.Stdout, o.data, o.one, o.limit)
	}
	o.engines = strings.Split(*engines, ",")
	for _, e := range o.engines {
		if !slices.Contains(allEngines, e) {
			return fmt.Errorf("-engines %s: no such engine; there are %s", e, strings.Join(allEngines, ", "))
		}
	}
	if o.rounds < 1 {
		return fmt.Errorf("-rounds %d: must be at least 1", o.rounds)
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.measureAll(ctx); err != nil {
		return err
	}
	b.print(os.Stdout)
	if o.out == "" {
		return nil
	}
	text, err := json.MarshalIndent(b.report(), "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(o.out), append(text, '\n'), 0o644)
}

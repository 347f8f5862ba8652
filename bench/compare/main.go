// Command compare measures this server beside others: Hocuspocus, the server of
// y-websocket, and two relays that know no document, in one run, in turns.
// README.md says what each scenario is.
//
//	go run .                                         # all of it
//	go run . -only flat-one,paced -servers ours,relay -rounds 1 -short
//	go run . -json FILE                              # and write what was measured
//	go run . -charts DIR FILE…                       # draw it
//
// It needs Linux; without Node and npm the servers that need them are skipped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/civicpress/realtimefx/bench/compare/servers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // the generator's collections would show in the latencies
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	only, servers []string
	rounds        int
	short         bool
	json          string
	lose          int
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	only := flags.String("only", "", "scenarios to run, with commas between (default all: "+strings.Join(scenarioIDs(), ",")+")")
	names := flags.String("servers", "ours,relay-drained,relay,y-websocket,hocuspocus", "servers to run; there is ours-memory too")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each is measured")
	flags.BoolVar(&o.short, "short", false, "small sizes, to see whether it works")
	flags.StringVar(&o.json, "json", "", "write all figures to `FILE`")
	flags.IntVar(&o.lose, "lose", 0, "plant a fault: the relays drop each `N`th frame")
	charts := flags.String("charts", "", "measure nothing: draw what -json has written, the arguments, into `DIR`")
	figures := flags.String("quote", "", "with -charts: bring the figures in `FILE`, which pages quote, up to date")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *charts != "" {
		return publish(*charts, *figures, flags.Args())
	}
	if o.rounds < 1 || flags.NArg() > 0 {
		return errors.New("-rounds must be at least 1, and there are no arguments")
	}
	o.servers = strings.Split(*names, ",")
	for _, s := range o.servers {
		if !slices.Contains(servers.Names(), s) {
			return fmt.Errorf("-servers %s: no such server; there are %s", s, strings.Join(servers.Names(), ", "))
		}
	}
	o.only = scenarioIDs()
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, id := range o.only {
		if !slices.Contains(scenarioIDs(), id) {
			return fmt.Errorf("-only %s: no such scenario; there are %s", id, strings.Join(scenarioIDs(), ", "))
		}
	}
	return measureAll(ctx, o)
}

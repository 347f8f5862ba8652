// Command durability measures, through real sockets against the real program,
// how long an edit waits until it is reported saved, and whether other people
// see it later because it is kept: the same fan-out with the SQLite journal and
// with the memory store, in one run, in turns, so that a busy machine bends
// both.
//
//	go run ./bench/durability [-rate 1000] [-rooms 50] [-rounds 8] [-seconds 4]
//
// It builds civicpress, starts it twice on data directories of their own and
// stops both at the end. Before each round it measures what a bare fsync takes
// on this machine at this time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	var l load
	flag.IntVar(&l.rate, "rate", 1000, "edits a second, over all rooms")
	flag.IntVar(&l.rooms, "rooms", 50, "records that are edited, one writer and one reader each")
	flag.IntVar(&l.rounds, "rounds", 8, "rounds with each store")
	seconds := flag.Float64("seconds", 4, "length of a round")
	flag.Parse()
	l.length = time.Duration(*seconds * float64(time.Second))
	if l.rate < 1 || l.rooms < 1 || l.rounds < 1 || l.length <= 0 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "durability: rate, rooms, rounds and seconds must be above 0, and there are no arguments")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, l)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "durability:", err)
		os.Exit(1)
	}
}

// load is what is offered.
type load struct {
	rate, rooms, rounds int
	length              time.Duration
}

func run(ctx context.Context, l load) (err error) {
	dir, err := os.MkdirTemp("", "civicpress-durability-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "civicpress")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/civicpress").CombinedOutput(); err != nil {
		return fmt.Errorf("build civicpress (run this in the module's folder): %w\n%s", err, out)
	}
	var sides []*side
	for _, storage := range []string{"database", "memory"} {
		s, err := startSide(ctx, binary, filepath.Join(dir, storage), storage, l.rooms)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
		sides = append(sides, s)
	}
	fmt.Printf("%d edits/s in %d rooms, a writer and a reader each; %d rounds of %v with each store, in turns\n\n", l.rate, l.rooms, l.rounds, l.length)
	for _, s := range sides { // not counted: connections, caches, the first pages
		if _, err := s.round(ctx, l, time.Second); err != nil {
			return err
		}
	}
	var pairs []pair
	fmt.Println("| round | machine load | saved p50 | saved p99 | disk alone p50 | p99 | fan-out p50, journal | memory | ratio | fan-out p99, journal | memory |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|")
	for i := range l.rounds {
		var p pair
		if p.disk, err = diskAlone(ctx, filepath.Join(dir, "disk"), 100); err != nil {
			return err
		}
		for turn := range sides {
			which := (i + turn) % 2 // who goes first changes
			took, err := sides[which].round(ctx, l, l.length)
			if err != nil {
				return fmt.Errorf("%s: %w", sides[which].storage, err)
			}
			if which == 0 {
				p.journal = took
			} else {
				p.memory = took
			}
		}
		pairs = append(pairs, p)
		fmt.Printf("| %d | %s | %v | %v | %v | %v | %v | %v | %.3f | %v | %v |\n", i+1, loadAverage(),
			p.journal.saved.show(50), p.journal.saved.show(99), p.disk.show(50), p.disk.show(99), p.journal.seen.show(50), p.memory.seen.show(50), p.ratio(50), p.journal.seen.show(99), p.memory.seen.show(99))
	}
	report(pairs)
	return nil
}

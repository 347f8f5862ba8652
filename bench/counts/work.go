package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A piece of work is done over and over by one goroutine, so that it costs the
// same each time.
type piece struct {
	name  string
	times int // how often it is done for one figure: some 25 million instructions
	// prepare makes all that doing it so often needs. It does the same however
	// often the work is then done.
	prepare func(ctx context.Context, times int) (do func() error, err error)
}

var pieces = []piece{
	{"keystroke, 1 reader", 1000, func(ctx context.Context, n int) (func() error, error) { return keystroke(ctx, 1, n) }},
	{"keystroke, 50 readers", 300, func(ctx context.Context, n int) (func() error, error) { return keystroke(ctx, 50, n) }},
	{"join, packed room", 250, joinPacked},
	{"join, awake room", 600, joinAwake},
	{"open a stored room", 80, openStored},
	{"commit 1 update", 200, func(ctx context.Context, n int) (func() error, error) { return commit(ctx, 1, n) }},
	{"commit 100 updates", 8, func(ctx context.Context, n int) (func() error, error) { return commit(ctx, 100, n) }},
	{"write an edited record back", 25, writeBack},
	{"record to document", 60, recordToDocument},
	{"apply a keystroke", 5000, applyKeystroke},
	{"load 500 blocks", 5, loadBlocks},
	{"encode 500 blocks", 40, encodeBlocks},
	{"difference in 500 blocks", 500, differenceOfBlocks},
	{"merge 100 updates", 80, mergeUpdates},
}

// child does one piece of work, so many times, and nothing else. With times 0
// it does it as often as is good, twice, and prints what the second round has
// allocated.
func child(ctx context.Context, name string, times int) error {
	for _, p := range pieces {
		if p.name != name {
			continue
		}
		do, err := p.prepare(ctx, 2*p.times)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", name, err)
		}
		if times > 0 {
			return repeat(do, times)
		}
		if err := repeat(do, p.times); err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := repeat(do, p.times); err != nil {
			return err
		}
		runtime.ReadMemStats(&after)
		return json.NewEncoder(os.Stdout).Encode(map[kind]float64{
			allocations: float64(after.Mallocs-before.Mallocs) / float64(p.times),
			allocated:   float64(after.TotalAlloc-before.TotalAlloc) / float64(p.times),
		})
	}
	return fmt.Errorf("there is no work called %q", name)
}

func repeat(do func() error, times int) error {
	for i := range times {
		if err := do(); err != nil {
			return fmt.Errorf("time %d: %w", i+1, err)
		}
	}
	return nil
}

// still is the environment in which a Go program does nothing beside its work:
// one thread for Go code, no collector, nobody interrupted. Its temporary files
// lie beside it, where they are removed with it.
func still(program string) []string {
	return append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1", "TMPDIR="+filepath.Dir(program))
}

// rounds is how often allocations are counted. The runtime now and then adds a
// few of its own, so the least counts.
const rounds = 3

func countAllocations(ctx context.Context, bins programs) (report, error) {
	r := report{counts: counts{}}
	for _, p := range pieces {
		for range rounds {
			got, err := allocationsOf(ctx, bins.counts, p)
			if err != nil {
				return r, fmt.Errorf("%s: %w", p.name, err)
			}
			for k, v := range got {
				if least, ok := r.counts[p.name][k]; !ok || v < least {
					r.counts.set(p.name, k, v)
				}
			}
		}
	}
	return r, nil
}

func allocationsOf(ctx context.Context, program string, p piece) (got map[kind]float64, err error) {
	cmd := exec.CommandContext(ctx, program, "-work", p.name)
	cmd.Env = still(program)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &errs)
	}
	return got, json.Unmarshal(out, &got)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
)

// collected is what callgrind says at its end.
var collected = regexp.MustCompile(`(?m)^==\d+== Collected : (\d+)$`)

// countInstructions runs each piece of work under callgrind n times and 2n
// times. Two valgrinds run at once: what they count does not depend on it.
func countInstructions(ctx context.Context, bins programs) (report, error) {
	r := report{counts: counts{}}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		r.skipped = "there is no valgrind: " + err.Error()
		return r, nil
	}
	if _, err := underCallgrind(ctx, valgrind, bins.counts, pieces[0], 1); err != nil {
		r.skipped = "valgrind cannot run the program here: " + err.Error()
		return r, nil
	}
	var (
		all    sync.WaitGroup
		mu     sync.Mutex // guards r and failed
		failed []error
		turns  = make(chan struct{}, 2)
	)
	for _, p := range pieces {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			once, err1 := underCallgrind(ctx, valgrind, bins.counts, p, p.times)
			twice, err2 := underCallgrind(ctx, valgrind, bins.counts, p, 2*p.times)
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err1, err2)
			r.counts.set(p.name, instructions, float64(twice-once)/float64(p.times))
		})
	}
	all.Wait()
	return r, errors.Join(failed...)
}

func underCallgrind(ctx context.Context, valgrind, program string, p piece, times int) (int64, error) {
	cmd := exec.CommandContext(ctx, valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null",
		program, "-work", p.name, "-times", strconv.Itoa(times))
	cmd.Env = still(program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", p.name, err, out)
	}
	m := collected.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s: callgrind does not say how much it has collected:\n%s", p.name, out)
	}
	return strconv.ParseInt(string(m[1]), 10, 64)
}

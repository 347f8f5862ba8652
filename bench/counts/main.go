// Command counts counts what fixed pieces of work cost and compares that with
// baseline.json beside it: allocations, instructions, system calls, bytes on
// the wire and on the disk. Never seconds, so that it says the same on a busy
// machine.
//
//	go run ./bench/counts [-accept] [-only allocations,server,instructions]
//
// Each figure has a tolerance in the baseline. A count that is off by more, in
// either direction, ends the command with status 1: one that is better would
// otherwise hide the next one that is worse. -accept writes the new counts into
// the baseline and into docs/performance.md.
//
// Four parts, each with what it needs:
//
//   - allocations: nothing. The work is done in a child of one processor whose
//     garbage collector is off.
//   - server: strace, on Linux. civicpress runs under it and serves real
//     sockets, one step at a time, so that nothing is merged by chance. What
//     depends on the scheduling of threads (futex, epoll, sleeps) or on the time
//     (the core's database is looked through for changes every few seconds: reads
//     of files) is printed and not judged.
//   - io_uring: the same once more, where the system has it for us. In the part
//     before, the server may not use it: strace does not see what it is asked for.
//   - instructions: valgrind. The same work as for the allocations, twice under
//     callgrind, n times and 2n times: the difference is n times the work,
//     without what a start costs.
//
// A part whose tool is missing is skipped, and said to be. Allocations and
// instructions depend on the compiler: with another minor version of Go or on
// another architecture they are reported, not judged.
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
	"slices"
	"strings"
)

func main() {
	accept := flag.Bool("accept", false, "make what is counted the baseline, here and in docs/performance.md")
	only := flag.String("only", "", "count these `parts` only, by comma: "+strings.Join(partNames(), ", "))
	job := flag.String("work", "", "do one piece of work and nothing else; how the command calls itself")
	times := flag.Int("times", 0, "with -work: how often; 0 counts the allocations and prints them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	switch {
	case flag.NArg() > 0:
		err = fmt.Errorf("%q: there are no arguments", flag.Arg(0))
	case *job != "":
		err = child(ctx, *job, *times)
	default:
		err = run(ctx, *accept, *only)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "counts:", err)
		os.Exit(1)
	}
}

// A part counts with one tool.
type part struct {
	name  string
	kinds []kind
	count func(context.Context, programs) (report, error)
}

var parts = []part{
	{"allocations", []kind{allocations, allocated}, countAllocations},
	{"server", serverKinds, countServer},
	{"io_uring", ringKinds, countRing},
	{"instructions", []kind{instructions}, countInstructions},
}

func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// report is what a part has found.
type report struct {
	skipped string // why nothing was counted; "" = it was
	counts  counts
	notes   []string // what is printed and not judged
}

func run(ctx context.Context, accept bool, only string) (err error) {
	chosen := parts
	if only != "" {
		chosen = nil
		for name := range strings.SplitSeq(only, ",") {
			i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
			if i < 0 {
				return fmt.Errorf("-only %s: the parts are %s", name, strings.Join(partNames(), ", "))
			}
			chosen = append(chosen, parts[i])
		}
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	base, err := readBaseline(filepath.Join(root, baselineFile))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "civicpress-counts-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bins, err := build(ctx, dir)
	if err != nil {
		return err
	}
	var wrong []string
	for _, p := range chosen {
		r, err := p.count(ctx, bins)
		if err != nil {
			return fmt.Errorf("count %s: %w", p.name, err)
		}
		if r.skipped != "" {
			fmt.Printf("%s: skipped: %s\n\n", p.name, r.skipped)
			continue
		}
		fmt.Print(p.name, ":\n", r.text(p.kinds, base), "\n")
		if accept {
			base.accept(p.kinds, r.counts)
			continue
		}
		wrong = append(wrong, base.judge(p.kinds, r.counts)...)
	}
	if accept {
		return base.write(root)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d counts are not those of %s:\n  %s\n%s", len(wrong), baselineFile, strings.Join(wrong, "\n  "), howToAccept)
	}
	return nil
}

const howToAccept = "If that is meant: make counts ARGS=-accept, and commit what it writes."

// programs are the two that are measured: this one, and the server.
type programs struct {
	counts, civicpress string
}

// build builds both without symbols: valgrind cannot read those of new
// compilers.
func build(ctx context.Context, dir string) (programs, error) {
	p := programs{filepath.Join(dir, "counts"), filepath.Join(dir, "civicpress")}
	for out, pkg := range map[string]string{p.counts: "bench/counts", p.civicpress: "cmd/civicpress"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, modulePath+"/"+pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("build %s (run this inside the module): %w\n%s", pkg, err, out)
		}
	}
	return p, nil
}

const modulePath = "github.com/civicpress/realtimefx"

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", modulePath).Output()
	if err != nil {
		return "", fmt.Errorf("find the module's folder (run this inside it): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

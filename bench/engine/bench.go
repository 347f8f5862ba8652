package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A bench measures all workloads and keeps the figures.
type bench struct {
	options
	harness string                         // integration_test/js/engine
	self    string                         // this program
	temp    string                         // to be removed
	figures map[string]map[string][]figure // by workload and engine
	right   map[string]map[string]string   // by data set and engine: "yes" or what is wrong
}

func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, figures: map[string]map[string][]figure{}, right: map[string]map[string]string{}}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.harness, err = findHarness(); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, errors.New("node is not installed; it makes the data and runs Yjs and ywasm")
	}
	if _, err := os.Stat(filepath.Join(b.harness, "node_modules", "ywasm")); err != nil {
		fmt.Fprintln(os.Stderr, "npm ci in", b.harness)
		if out, err := b.command(ctx, "npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm ci: %w\n%s", err, out)
		}
	}
	return b, b.prepare(ctx)
}

// findHarness looks for the JavaScript side from the current folder upwards.
func findHarness() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		h := filepath.Join(dir, "integration_test", "js", "engine")
		if _, err := os.Stat(filepath.Join(h, "bench", "runner.mjs")); err == nil {
			return h, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("integration_test/js/engine not found: run this inside of the repository")
		}
		dir = up
	}
}

func (b *bench) prepare(ctx context.Context) error {
	if b.data == "" {
		dir, err := os.MkdirTemp("", "bench-engine-")
		if err != nil {
			return err
		}
		b.data, b.temp = dir, dir
	}
	abs, err := filepath.Abs(b.data)
	if err != nil {
		return err
	}
	b.data = abs
	if _, err := os.Stat(filepath.Join(b.data, "size-10MB.steps")); err == nil {
		return nil
	}
	if err := os.MkdirAll(b.data, 0o755); err != nil {
		return err
	}
	trace := b.trace
	if trace == "" {
		trace = filepath.Join(b.harness, "../../../../shared/corpus/b4-editing-trace.json")
	} else if trace, err = filepath.Abs(trace); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "making the data")
	cmd := b.command(ctx, "node", "bench/prepare.mjs", b.data, trace)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("make the data: %w", err)
	}
	return nil
}

func (b *bench) close() {
	if b.temp != "" {
		_ = os.RemoveAll(b.temp)
	}
}

func (b *bench) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.harness
	return cmd
}

func (b *bench) chosen() []workload {
	return slices.DeleteFunc(slices.Clone(workloads), func(w workload) bool { return !strings.Contains(w.name, b.only) })
}

// measureAll lets the engines take turns, so that what else the machine does
// meets all of them.
func (b *bench) measureAll(ctx context.Context) error {
	for _, w := range b.chosen() {
		b.figures[w.name] = map[string][]figure{}
		if err := b.check(ctx, w.set); err != nil {
			return err
		}
		for round := range b.rounds {
			for i := range b.engines {
				e := b.engines[(i+round)%len(b.engines)]
				if done := b.figures[w.name][e]; len(done) > 0 && (done[0].Partial || done[0].Error != "") {
					continue // too slow or not able to: once is enough
				}
				f, err := b.once(ctx, oneRun{e, w.kind, w.set})
				if err != nil {
					return err
				}
				b.figures[w.name][e] = append(b.figures[w.name][e], f)
			}
		}
		b.printRow(os.Stderr, w)
	}
	return nil
}

// once measures in a process of its own.
func (b *bench) once(ctx context.Context, one oneRun) (figure, error) {
	out, err := b.process(ctx, one).Output()
	if ctx.Err() != nil {
		return figure{}, ctx.Err()
	}
	if err != nil {
		return figure{Error: lastLine(err)}, nil
	}
	var f figure
	if err := json.Unmarshal(bytes.TrimSpace(out), &f); err != nil {
		return f, fmt.Errorf("%s %s %s answers %q: %w", one.engine, one.kind, one.set, out, err)
	}
	return f, nil
}

func (b *bench) process(ctx context.Context, one oneRun) *exec.Cmd {
	if _, inGo := makers[one.engine]; inGo {
		return b.command(ctx, b.self, "-run-engine", one.engine, "-run-kind", one.kind, "-run-set", one.set, "-data", b.data, "-limit", b.limit.String())
	}
	return b.command(ctx, "node", "--expose-gc", "bench/runner.mjs", one.engine, one.kind, b.data, one.set, fmt.Sprint(b.limit.Seconds()))
}

// check lets Yjs read what each engine makes of a data set.
func (b *bench) check(ctx context.Context, set string) error {
	if b.right[set] != nil {
		return nil
	}
	b.right[set] = map[string]string{}
	for _, e := range b.engines {
		if e == "yjs" {
			b.right[set][e] = "yes"
			continue
		}
		state, err := b.process(ctx, oneRun{e, "final", set}).Output()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.right[set][e] = lastLine(err)
			continue
		}
		file := filepath.Join(b.data, e+".state")
		if err := os.WriteFile(file, state, 0o644); err != nil {
			return err
		}
		out, err := b.command(ctx, "node", "bench/runner.mjs", "yjs", "check", b.data, set, "0", file).Output()
		if err != nil {
			return fmt.Errorf("check %s of %s: %w", set, e, err)
		}
		var answer struct {
			Right bool
			Why   string
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			return fmt.Errorf("check %s of %s: %w", set, e, err)
		}
		switch {
		case answer.Right:
			b.right[set][e] = "yes"
		case answer.Why != "":
			b.right[set][e] = "Yjs cannot read it: " + answer.Why
		default:
			b.right[set][e] = "another document"
		}
	}
	return nil
}

// lastLine says why a process failed.
func lastLine(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
	for _, l := range lines {
		if strings.Contains(l, "panic:") || strings.Contains(l, "Error") {
			return l
		}
	}
	return fmt.Sprintf("%v: %s", err, lines[len(lines)-1])
}

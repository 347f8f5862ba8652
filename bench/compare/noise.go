package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/result"
)

func newReport(ctx context.Context, o options) *result.Report {
	return &result.Report{
		Schema: result.Schema, When: time.Now().UTC().Format(time.RFC3339), Revision: output(ctx, "git", "rev-parse", "--short", "HEAD"),
		Machine: result.Machine{
			CPU: field("/proc/cpuinfo", "model name"), CPUs: runtime.NumCPU(), Memory: memoryMB(),
			Kernel: output(ctx, "uname", "-sr"), Go: runtime.Version(), Node: output(ctx, "node", "--version"),
		},
		Rounds: o.rounds, Short: o.short, Noise: result.Noise{LoadBefore: loadAverage()},
	}
}

func output(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(out))
}

// field is the value of the first line "NAME: VALUE" of a file in /proc.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return "?"
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

func memoryMB() int64 {
	kb, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	return kb >> 10
}

func loadAverage() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}

// calibrate times a fixed piece of work, in ms.
func calibrate() float64 {
	began := time.Now()
	x := uint64(88172645463325252)
	for range 20_000_000 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
	return ms(time.Since(began))
}

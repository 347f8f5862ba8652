package servers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// RSS is the resident memory of a process, in bytes.
func RSS(pid int) (int64, error) { return status(pid, "VmRSS:") }

// PeakRSS is the most it was since ResetPeak.
func PeakRSS(pid int) (int64, error) { return status(pid, "VmHWM:") }

// ResetPeak makes PeakRSS begin anew.
func ResetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

func status(pid int, key string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of a server: %w", err)
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok {
			kb, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("read the memory of process %d: no %s", pid, key)
}

// The rule for figures of memory at rest, for every server: wait until the
// resident memory has changed by less than restTolerance for restLength, but
// not longer than restLimit.
const (
	restLength    = 3 * time.Second
	restLimit     = 30 * time.Second
	restTolerance = 64 << 10
)

// Rest waits as above and returns the memory then.
func Rest(ctx context.Context, pid int) (int64, error) {
	began := time.Now()
	since, last := began, int64(0)
	for {
		now := time.Now()
		rss, err := RSS(pid)
		if err != nil {
			return 0, err
		}
		if rss-last > restTolerance || last-rss > restTolerance {
			since, last = now, rss
		}
		if now.Sub(since) >= restLength || now.Sub(began) >= restLimit {
			return rss, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// The rule for figures of CPU, for every server: begin when it has used less
// than quietShare of a CPU for quietLength, but do not wait longer than
// quietLimit.
const (
	quietLength = time.Second
	quietLimit  = 30 * time.Second
	quietShare  = 0.02
)

// Quiet waits as above, for what a server has put off.
func Quiet(ctx context.Context, pid int) error {
	const step = 200 * time.Millisecond
	began := time.Now()
	since := began
	last, err := CPU(pid)
	for err == nil {
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return ctx.Err()
		}
		var cpu time.Duration
		cpu, err = CPU(pid)
		now := time.Now()
		if float64(cpu-last) > quietShare*float64(step) {
			since = now
		}
		if last = cpu; now.Sub(since) >= quietLength || now.Sub(began) >= quietLimit {
			break
		}
	}
	return err
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// A server is civicpress under strace, with a town of its own.
type server struct {
	cmd *exec.Cmd // strace
	pid int       // civicpress
	log string    // what strace writes

	Realtime string `json:"realtime"`
	Users    map[string]struct {
		Token string `json:"token"`
	} `json:"users"`
}

const recordsOfServer = 40

// startServer starts it. Snapshots, pings and rechecks of rights come by the
// clock, so there are none while we count; all else is as a town gets it, but
// for the limits of rate and number.
func startServer(ctx context.Context, strace string, bins programs) (*server, error) {
	dir := filepath.Join(filepath.Dir(bins.civicpress), "town")
	system := filepath.Join(dir, ".system-data")
	if err := os.MkdirAll(system, 0o700); err != nil {
		return nil, err
	}
	const yml = `realtime:
  snapshots:
    enabled: false
  connection_cleanup:
    ping_interval: 55
  sessions:
    recheck_interval: 3600
`
	if err := os.WriteFile(filepath.Join(system, "realtime.yml"), []byte(yml), 0o600); err != nil {
		return nil, err
	}
	s := &server{log: filepath.Join(filepath.Dir(dir), "calls")}
	s.cmd = exec.CommandContext(ctx, strace, "-f", "-ttt", "-y", "-s", "0", "-o", s.log, bins.civicpress,
		"demo", "--json", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0",
		"--unlimited", "--records", strconv.Itoa(recordsOfServer))
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start civicpress under strace: %w", err)
	}
	if err := json.NewDecoder(out).Decode(s); err != nil {
		return nil, errors.Join(fmt.Errorf("read what civicpress demo prints: %w", err), s.cmd.Process.Kill(), s.cmd.Wait())
	}
	if s.pid, err = s.child(); err != nil {
		return nil, errors.Join(err, s.cmd.Process.Kill(), s.cmd.Wait())
	}
	return s, nil
}

// child is the process that strace began with: the one of its first line.
func (s *server) child() (int, error) {
	f, err := os.Open(s.log)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString(' ')
	if err != nil {
		return 0, fmt.Errorf("read the first line of strace: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(line))
}

// stop ends both. After it the log is whole.
func (s *server) stop() error {
	if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop civicpress: %w", err)
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop civicpress: %w", err)
	}
	return nil
}

// countServer goes through the acts and counts what the server has called
// meanwhile.
func countServer(ctx context.Context, bins programs) (report, error) {
	r := report{counts: counts{}}
	if runtime.GOOS != "linux" {
		r.skipped = "system calls are counted on Linux only"
		return r, nil
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		r.skipped = "there is no strace: " + err.Error()
		return r, nil
	}
	if out, err := exec.CommandContext(ctx, strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		r.skipped = "strace may not trace here: " + strings.TrimSpace(string(out))
		return r, nil
	}
	s, err := startServer(ctx, strace, bins)
	if err != nil {
		return r, err
	}
	acts, err := s.perform(ctx)
	if err := errors.Join(err, s.stop()); err != nil {
		return r, err
	}
	calls, err := readCalls(s.log)
	if err != nil {
		return r, err
	}
	for _, a := range acts {
		a.figures(calls, &r)
	}
	return r, nil
}

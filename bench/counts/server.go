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
	"slices"
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
// for the limits of rate and number. Without ring it may not use io_uring, in which
// strace sees neither bytes nor files.
func startServer(ctx context.Context, strace string, bins programs, ring bool) (*server, error) {
	dir := filepath.Join(filepath.Dir(bins.civicpress), fmt.Sprint("town-", ring))
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
	s := &server{log: dir + ".calls"}
	args := []string{"-f", "-ttt", "-y", "-s", "0", "-o", s.log}
	if !ring {
		args = append(args, "-e", "inject=io_uring_setup:error=EPERM")
	}
	s.cmd = exec.CommandContext(ctx, strace, append(args, bins.civicpress,
		"demo", "--json", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0",
		"--unlimited", "--records", strconv.Itoa(recordsOfServer))...)
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
	acts, calls, r, err := trace(ctx, bins, false)
	for _, a := range acts {
		a.figures(calls, serverKinds, &r)
	}
	return r, err
}

// countRing does so where the server uses io_uring, which is for those who type.
func countRing(ctx context.Context, bins programs) (report, error) {
	acts, calls, r, err := trace(ctx, bins, true)
	used := slices.ContainsFunc(calls, func(c call) bool { return c.kind() == requests })
	if err == nil && r.skipped == "" && !used {
		r.skipped = "the system has no io_uring for us"
		return r, nil
	}
	for _, a := range acts {
		if strings.HasPrefix(a.name, "keystroke") {
			a.figures(calls, ringKinds, &r)
		}
	}
	return r, err
}

// trace has a server under strace go through the acts. The report says if that
// cannot be done.
func trace(ctx context.Context, bins programs, ring bool) (acts []act, calls []call, r report, err error) {
	r.counts = counts{}
	if runtime.GOOS != "linux" {
		r.skipped = "system calls are counted on Linux only"
		return nil, nil, r, nil
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		r.skipped = "there is no strace: " + err.Error()
		return nil, nil, r, nil
	}
	if out, err := exec.CommandContext(ctx, strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		r.skipped = "strace may not trace here: " + strings.TrimSpace(string(out))
		return nil, nil, r, nil
	}
	s, err := startServer(ctx, strace, bins, ring)
	if err != nil {
		return nil, nil, r, err
	}
	acts, err = s.perform(ctx)
	if err = errors.Join(err, s.stop()); err != nil {
		return nil, nil, r, err
	}
	calls, err = readCalls(s.log)
	return acts, calls, r, err
}

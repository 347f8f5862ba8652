package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a running "civicpress demo" or "civicpress serve".
type server struct {
	API      string              `json:"api"`
	Realtime string              `json:"realtime"`
	Editor   string              `json:"editor"`
	Dir      string              `json:"dir"`
	Users    map[string]demoUser `json:"users"`
	Records  []string            `json:"records"`

	cmd    *exec.Cmd
	log    *lockedBuffer
	exited chan struct{} // closed when the process is gone
	status error         // of the exit; valid once exited is closed
}

type demoUser struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Token string `json:"token"`
}

const startLimit = 60 * time.Second

// startDemo runs "civicpress demo --json" on a directory and free ports and
// waits for its line. It is stopped when the test ends.
func startDemo(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	s, err := launch(t, append([]string{"demo", "--json", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// launch starts the binary and waits for the JSON line on its stdout.
func launch(t testing.TB, args ...string) (*server, error) {
	t.Helper()
	s := &server{cmd: exec.Command(binary(t), args...), log: &lockedBuffer{}, exited: make(chan struct{})}
	s.cmd.Stderr = s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line := make(chan error, 1)
	go func() { // ends with the process' stdout; Wait comes after
		d := json.NewDecoder(stdout)
		line <- d.Decode(s)
		_, _ = io.Copy(io.Discard, io.MultiReader(d.Buffered(), stdout))
		s.status = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("log of civicpress %s:\n%s", strings.Join(args, " "), s.log.tail(6000))
		}
	})
	select {
	case err = <-line:
	case <-time.After(startLimit):
		err = errors.New("no JSON line in time")
	}
	if err != nil {
		s.kill()
		return nil, fmt.Errorf("civicpress %s: %v (%v); stderr:\n%s", strings.Join(args, " "), err, s.status, s.log.tail(4000))
	}
	return s, nil
}

// kill ends the process the hard way, as a power failure would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// stop asks with a signal and returns the exit status, 0 as it must be.
func (s *server) stop(t testing.TB, sig syscall.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.exited:
	case <-time.After(startLimit):
		t.Fatalf("%v did not end the process; log:\n%s", sig, s.log.tail(4000))
	}
	return s.cmd.ProcessState.ExitCode()
}

// request calls the REST API as a user ("" = nobody) and returns status and
// body.
func (s *server) request(t testing.TB, user, method, path, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, s.API+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true // no idle connections for goleak to find
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+s.Users[user].Token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, r, response, b)
	return response.StatusCode, string(b)
}

// runOnce runs a command that ends by itself.
func runOnce(t testing.TB, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("civicpress %s does not end; stderr:\n%s", strings.Join(args, " "), errs.String())
	}
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// lockedBuffer collects a child's stderr.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.b.Bytes()
	return string(b[max(0, len(b)-n):])
}

// await waits until the log holds a text, and reports whether it came.
func (l *lockedBuffer) await(text string, atMost time.Duration) bool {
	for deadline := time.Now().Add(atMost); !l.has(text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// has reports whether the log holds a text.
func (l *lockedBuffer) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.b.Bytes(), []byte(text))
}

package integration_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// clients are stock y-websocket providers in one Node process; see
// js/clients/clients.mjs for the operations.
type clients struct {
	t     testing.TB
	stdin io.WriteCloser

	mu      sync.Mutex
	next    int                 // guarded by mu
	pending map[int]chan answer // guarded by mu; each channel has room for one
	stray   []string            // guarded by mu; errors that belong to no request
	gone    error               // guarded by mu; set when the process has ended
}

type answer struct {
	N     int    `json:"n"`
	OK    bool   `json:"ok"`
	Error string `json:"error"`
	raw   []byte
}

// do is one request to the clients.
type do map[string]any

func startClients(t testing.TB) *clients {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		lacking(t, "node is not installed: no real Yjs clients")
	}
	dir := filepath.Join("js", "clients")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "y-websocket")); err != nil {
		lacking(t, "the packages of integration_test/js/clients are not installed: run \"make setup-test\"")
	}
	cmd := exec.Command("node", "clients.mjs")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &clients{t: t, stdin: stdin, pending: map[int]chan answer{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read(stdout)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		<-done
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, s := range c.stray {
			t.Errorf("in Node: %s", s)
		}
	})
	return c
}

// read hands answers to who waits for them until the process ends.
func (c *clients) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		a := answer{raw: append([]byte(nil), lines.Bytes()...)}
		err := json.Unmarshal(a.raw, &a)
		c.mu.Lock()
		if ch := c.pending[a.N]; err == nil && ch != nil {
			delete(c.pending, a.N)
			ch <- a
		} else {
			c.stray = append(c.stray, string(a.raw))
		}
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = errors.New("the Node process has ended")
	for _, ch := range c.pending {
		ch <- answer{Error: c.gone.Error()}
	}
}

// start sends a request; the returned function waits for its answer.
func (c *clients) start(op string, request do) (wait func() (answer, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	n := c.next
	line := map[string]any{"n": n, "op": op}
	for k, v := range request {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err == nil && c.gone != nil {
		err = c.gone
	}
	ch := make(chan answer, 1)
	if err == nil {
		c.pending[n] = ch
		_, err = c.stdin.Write(append(b, '\n'))
	}
	return func() (answer, error) {
		if err != nil {
			return answer{}, fmt.Errorf("%s: %w", op, err)
		}
		a := <-ch // Node answers every request within its limit
		if !a.OK {
			return a, fmt.Errorf("%s %v: %s", op, request, a.Error)
		}
		return a, nil
	}
}

// do sends a request and waits for its answer; into, if not nil, takes it.
func (c *clients) do(op string, request do, into ...any) {
	c.t.Helper()
	a, err := c.start(op, request)()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, v := range into {
		if err := json.Unmarshal(a.raw, v); err != nil {
			c.t.Fatal(err)
		}
	}
}

// open connects a stock client as a user of the server. With v1 it also asks
// for control frames.
func (c *clients) open(s *server, name, user, record string, v1 bool) {
	c.t.Helper()
	c.do("open", do{"client": name, "url": s.Realtime + "/realtime/records", "room": record, "token": s.Users[user].Token, "v1": v1})
}

// join opens a client and waits until it has the document.
func (c *clients) join(s *server, name, user, record string, v1 bool) {
	c.t.Helper()
	c.open(s, name, user, record, v1)
	c.do("synced", do{"client": name})
}

// content is what a client sees.
type content struct {
	XML      string           `json:"xml"`
	Blocks   []string         `json:"blocks"`
	Texts    []string         `json:"texts"`
	State    []byte           `json:"state"`
	ClientID uint64           `json:"clientID"`
	Saved    uint64           `json:"saved"` // clock up to which this client's own edits are reported saved
	Frames   []map[string]any `json:"frames"`
	Presence []map[string]any `json:"presence"`
}

func (c *clients) content(name string) (got content) {
	c.t.Helper()
	c.do("read", do{"client": name}, &got)
	return got
}

// closing is a close by the server.
type closing struct {
	Code   int              `json:"code"`
	Reason string           `json:"reason"`
	Count  int              `json:"count"`
	Frames []map[string]any `json:"frames"`
}

func (c *clients) closed(name string) (got closing) {
	c.t.Helper()
	c.do("closed", do{"client": name}, &got)
	return got
}

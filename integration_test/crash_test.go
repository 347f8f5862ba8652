package integration_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashRecord is the record that is typed into.
const crashRecord = "bench-1"

// crash is one series of kills on one instance.
type crash struct {
	t    *testing.T
	seed uint64
	ctx  context.Context
	rnd  *rand.Rand
	dir  string
	args []string
	s    *server

	original string // the paragraph before anybody typed
	people   []*typist
	names    int
	saved    map[string]bool // words that were acknowledged, ever
	count    struct{ kills, stops, acked, lost, torn, twice int }
	acks     []time.Duration
	restarts []time.Duration
}

// runs is how many kills CRASH_RUNS asks for; few by default, so that every
// test run has some.
func runs(t testing.TB, few int) int {
	n := few
	if v := os.Getenv("CRASH_RUNS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < 1 {
			t.Fatalf("CRASH_RUNS is %q, not a number above 0", v)
		}
	}
	return n
}

func newCrash(t *testing.T, dir string) *crash {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("CRASH_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("CRASH_SEED is %q, not a number", v)
		}
	}
	t.Logf("CRASH_SEED=%d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	t.Cleanup(cancel)
	c := &crash{t: t, seed: seed, ctx: ctx, rnd: rand.New(rand.NewPCG(seed, 1)), dir: dir, saved: map[string]bool{}}
	c.start()
	t.Cleanup(func() {
		for _, p := range c.people {
			p.drop()
		}
	})
	reader := c.newcomer()
	c.original, _ = reader.view()
	if c.original == "" {
		t.Fatal("the record has no paragraph to type into")
	}
	reader.drop()
	return c
}

func (c *crash) start() {
	c.t.Helper()
	binary(c.t) // building it is not starting it
	began := time.Now()
	c.s = startDemo(c.t, c.dir, append([]string{"--records", "2", "--unlimited"}, c.args...)...)
	c.restarts = append(c.restarts, time.Since(began))
}

// newcomer is a client that knows nothing yet.
func (c *crash) newcomer() *typist {
	c.t.Helper()
	c.names++
	p := newTypist(c.names)
	c.connect(p)
	return p
}

func (c *crash) connect(p *typist) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
	defer cancel()
	if err := p.connect(ctx, c.s, []string{"alice", "bob", "dave"}[p.name%3], crashRecord); err != nil {
		c.t.Fatalf("typist %d cannot connect: %v", p.name, err)
	}
}

// type lets everybody type for a while.
func (c *crash) typeFor(d time.Duration) {
	ctx, cancel := context.WithTimeout(c.ctx, d)
	defer cancel()
	done := make(chan struct{})
	for _, p := range c.people {
		rnd := rand.New(rand.NewPCG(c.rnd.Uint64(), 2))
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				p.typing(c.ctx, rnd)
				select {
				case <-time.After(time.Duration(2+rnd.IntN(40)) * time.Millisecond):
				case <-ctx.Done():
				}
			}
		}()
	}
	for range c.people {
		<-done
	}
}

// tally collects what was acknowledged.
func (c *crash) tally() {
	for _, p := range c.people {
		_, saved := p.tally()
		for _, w := range saved {
			c.saved[w] = true
		}
		p.mu.Lock()
		c.acks = append(c.acks, p.acks...)
		p.acks = nil
		p.mu.Unlock()
	}
	c.count.acked = len(c.saved)
}

// judge looks at the server's document through a client that knows nothing:
// every acknowledged word once, no word twice, nothing torn.
func (c *crash) judge(when string) (missing []string) {
	c.t.Helper()
	eye := c.newcomer()
	defer eye.drop()
	para, _ := eye.view()
	for w := range c.saved {
		if count(para, w) == 0 {
			missing = append(missing, w)
		}
	}
	seen := map[string]int{}
	for _, w := range anyWord.FindAllString(para, -1) {
		if seen[w]++; seen[w] == 2 {
			c.count.twice++
			c.t.Errorf("%s: %q is there twice", when, w)
		}
	}
	if rest := withoutWords(para); rest != c.original {
		c.count.torn++
		c.t.Errorf("%s: something is torn or doubled; without the typed words the paragraph is\n%q, want\n%q", when, rest, c.original)
	}
	return missing
}

// settle waits until all clients have the same document with everything that
// they typed.
func (c *crash) settle() {
	c.t.Helper()
	limit := time.Now().Add(30 * time.Second)
	var why string
	for time.Now().Before(limit) {
		why = ""
		_, first := c.people[0].view()
		for _, p := range c.people {
			para, whole := p.view()
			if whole != first {
				why = fmt.Sprintf("clients %d and %d differ", c.people[0].name, p.name)
			}
			sent, saved := p.tally()
			if len(saved) < len(sent) {
				why = fmt.Sprintf("client %d was told of %d of %d words that they are saved", p.name, len(saved), len(sent))
			}
			for _, w := range sent {
				if count(para, w) != 1 {
					why = fmt.Sprintf("client %d has %q %d times", p.name, w, count(para, w))
				}
			}
		}
		if why == "" {
			c.tally()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	c.t.Errorf("clients do not settle: %s", why)
	for _, p := range c.people {
		para, _ := p.view()
		p.mu.Lock()
		c.t.Logf("client %d: live %v, %d frames, told unsaved %d times, pending structs %v", p.name, p.live, p.frames, p.unsaved, p.doc.HasPending())
		for _, w := range p.words {
			if !w.saved || count(para, w.text) != 1 {
				c.t.Logf("  %s: frame %d, saved %v, here %d times", w.text, w.frame, w.saved, count(para, w.text))
			}
		}
		p.mu.Unlock()
	}
	c.tally()
}

// archive checks that the draft holds exactly the document.
func (c *crash) archive() {
	c.t.Helper()
	if status, body := c.s.request(c.t, "alice", "POST", "/api/v1/records/"+crashRecord+"/snapshot", ""); status != 200 {
		c.t.Fatalf("snapshot: %d %s", status, body)
	}
	draft, ok := draftRow(c.t, c.s, crashRecord)
	if !ok {
		c.t.Fatal("there is no draft")
	}
	_, markdown := c.s.request(c.t, "alice", "GET", "/api/v1/realtime/rooms/records:"+crashRecord+"/markdown", "")
	if draft != markdown {
		c.t.Errorf("the draft is not the document:\n%s", diffLine(draft, markdown))
	}
	for w := range c.saved {
		if n := count(strings.ReplaceAll(draft, "\n", " "), w); n != 1 {
			c.t.Errorf("the draft has %q %d times", w, n)
		}
	}
}

// TestCrash kills the server with SIGKILL at random instants while people type,
// now and then with a stop of the whole process before.
func TestCrash(t *testing.T) {
	killWhileTyping(t, "kill -9 while people type", t.TempDir(), 4)
}

// TestCrashFiles does the same with storage: filesystem.
func TestCrashFiles(t *testing.T) {
	dir := filesTown(t, t.TempDir())
	killWhileTyping(t, "the same, stored in files", dir, 2)
	states, err := filepath.Glob(filepath.Join(dir, ".system-data", "realtime", "snapshots", "*", "*.state"))
	if err != nil || len(states) == 0 {
		t.Errorf("no states: the files were not used (%v)", err)
	}
}

// filesTown makes an instance with storage: filesystem in a folder.
func filesTown(t *testing.T, dir string) string {
	t.Helper()
	s, err := launch(t, "demo", "--json", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0", "--records", "2")
	if err != nil {
		t.Fatal(err)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("stop: exit status %d", code)
	}
	file := filepath.Join(dir, ".system-data", "realtime.yml")
	if err := os.WriteFile(file, []byte("realtime:\n  snapshots:\n    storage: filesystem\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func killWhileTyping(t *testing.T, what, dir string, few int) {
	t.Helper()
	longest := 900 * time.Millisecond // from one start to the next kill
	if v := os.Getenv("CRASH_TYPING"); v != "" {
		var err error
		if longest, err = time.ParseDuration(v); err != nil || longest <= 0 {
			t.Fatalf("CRASH_TYPING is %q, not a duration like 900ms or 15s", v)
		}
	}
	c := newCrash(t, dir)
	defer c.report(what, "")
	for range 3 {
		c.people = append(c.people, c.newcomer())
	}
	for i := range runs(t, few) {
		when := fmt.Sprintf("kill %d", i+1)
		typing := 20*time.Millisecond + time.Duration(c.rnd.Int64N(int64(longest)))
		stopped := c.rnd.IntN(4) == 0
		if stopped {
			c.count.stops++
			process, pause := c.s.cmd.Process, time.Duration(50+c.rnd.IntN(400))*time.Millisecond
			_ = process.Signal(syscall.SIGSTOP)
			time.AfterFunc(pause, func() { _ = process.Signal(syscall.SIGCONT) })
			typing += pause
		}
		kill := time.AfterFunc(typing, func() { _ = c.s.cmd.Process.Kill() })
		c.typeFor(typing + 20*time.Millisecond)
		kill.Stop()
		c.s.kill()
		c.count.kills++
		for _, p := range c.people {
			p.drop()
			if stopped {
				p.acks = nil // these waited for the stopped process
			}
		}
		c.tally()
		c.start()
		if missing := c.judge(when); len(missing) > 0 {
			c.count.lost += len(missing)
			t.Errorf("%s: %d acknowledged words are lost: %q", when, len(missing), missing)
		}
		for i, p := range c.people {
			if c.rnd.IntN(3) == 0 { // closes the tab for good; what was not saved goes with it
				c.people[i] = c.newcomer()
				continue
			}
			c.connect(p)
		}
		c.settle()
		if i%5 == 4 {
			c.archive()
		}
		if t.Failed() {
			break
		}
	}
	c.archive()
	if code := c.s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("stop: exit status %d", code)
	}
}

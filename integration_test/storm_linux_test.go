package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	stormPairs  = 4                      // of people who edit together, each in a record of its own
	stormTyping = 100 * time.Millisecond // between two words of one of them
	stormRate   = 10_000                 // connects a second
)

var (
	stormKinds = []string{stormBare, stormToken, stormOrigin, stormLimit}
	stormAll   = append(slices.Clone(stormKinds), stormHalf)
)

// TestConnectStorm lets a process of its own connect ten thousand times a
// second, from one address and from many, while people edit on other records:
// every word arrives, and afterwards the server is what it was. How long words
// take with the storm and without is printed, not judged. STORM=10s is the
// long run; see "make storm".
func TestConnectStorm(t *testing.T) {
	length := 2 * time.Second
	var storms []orders
	if text := os.Getenv("STORM"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("STORM: %v", err)
		}
		for _, kind := range stormKinds {
			storms = append(storms, orders{Kinds: []string{kind}, Rate: stormRate, Waiting: stormRate / 5})
		}
		// These wait for as long as the server lets them.
		storms = append(storms, orders{Kinds: []string{stormHalf}, Rate: stormRate / 5, Waiting: 12_000})
	}
	storms = append(storms, orders{Kinds: stormAll, Rate: stormRate, Waiting: stormRate / 5})

	w := newStorm(t)
	w.all("join", w.join)
	w.storm(storms[len(storms)-1], 250, time.Second) // what is made once
	w.over()
	base := w.rest(nil)
	t.Log(stormHead)
	for _, o := range storms {
		for _, from := range []int{1, 250} {
			without := w.watch(func() spoils { pause(t.Context(), length); return spoils{} })
			with := w.watch(func() spoils { return w.storm(o, from, length) })
			w.over()
			t.Log(stormLine(o, from, without, with))
			if with.Tried == 0 || len(with.took) == 0 {
				t.Error("the storm was none")
			}
		}
	}
	end := w.rest(&base)
	f := w.figures()
	t.Logf("before and after: goroutines %.0f, %.0f; heap %.1f MB, %.1f MB; open files %d, %d; resident %.0f MB, %.0f MB; %d KB of log in %d lines",
		base.goroutines, end.goroutines, base.heap/1e6, end.heap/1e6, base.files, end.files, base.resident/1e6, end.resident/1e6,
		len(w.s.log.tail(1<<30))>>10, strings.Count(w.s.log.tail(1<<30), "\n"))
	for _, refused := range []string{`auth_failures_total{reason="bad_session"}`, "origins_refused_total", "limits_reached_total", `closed_total{code="4001"}`} {
		if f.get(refused) == 0 {
			t.Errorf("%s is 0", refused)
		}
	}
	if !w.s.log.has("limit=rate_limiting.connects_per_second") {
		t.Error("nobody was sent away for connecting too fast")
	}
	w.leave()
	if code := w.s.stop(t, syscall.SIGTERM); code != 0 || w.s.log.has("panic") {
		t.Errorf("exit status %d", code)
	}
}

// weather is a server, those who edit on it, and the storm.
type weather struct{ *soak }

func newStorm(t *testing.T) *weather {
	args := []string{"--records", fmt.Sprint(stormPairs + 1), "--log-level", "info"}
	if addr := os.Getenv("STORM_PPROF"); addr != "" {
		args = append(args, "--pprof-addr", addr)
	}
	s := startDemo(t, t.TempDir(), args...)
	w := &weather{&soak{t: t, s: s, tokens: map[conduct]string{steady: s.Users["alice"].Token, revoked: s.Users["bob"].Token}}}
	for i := range stormPairs {
		r := &relay{}
		w.relays = append(w.relays, r)
		writer := &guest{typist: newTypist(2 * i), room: i, conduct: steady, rnd: rand.New(rand.NewPCG(1, uint64(i)))}
		reader := &guest{typist: newTypist(2*i + 1), room: i, conduct: revoked}
		r.from(writer.typist)
		r.to(reader.typist)
		w.guests = append(w.guests, writer, reader)
	}
	return w
}

// storm starts the attacker and waits for its end.
func (w *weather) storm(o orders, from int, length time.Duration) (s spoils) {
	w.t.Helper()
	at, err := netip.ParseAddrPort(strings.TrimPrefix(w.s.Realtime, "ws://"))
	if err != nil {
		w.t.Fatal(err)
	}
	o.Server, o.From, o.For, o.Token, o.Record = at, from, length, w.s.Users["carol"].Token, fmt.Sprintf("bench-%d", stormPairs+1)
	text, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), length+startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAttack$", "-test.count=1")
	cmd.Env = append(os.Environ(), ordersVariable+"="+string(text), "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	_, line, found := strings.Cut(string(out), "\nspoils ")
	if err != nil || !found || json.NewDecoder(strings.NewReader(line)).Decode(&s) != nil {
		w.t.Fatalf("the attacker: %v\n%s", err, out)
	}
	return s
}

// measure is what was seen of the server while something went on.
type measure struct {
	spoils
	took       []time.Duration // of words, from one to the other
	cpu        float64         // processors that the server used
	waited     float64         // … and that it would have used besides, had there been more
	resident   float64         // the most there was of each
	goroutines float64
	files      int
}

// watch lets everybody type while something goes on.
func (w *weather) watch(do func() spoils) (m measure) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	for i, g := range w.guests {
		if g.conduct != steady {
			continue
		}
		w.relays[g.room].restart()
		wg.Go(func() {
			for ok := pause(ctx, time.Duration(i)*stormTyping/time.Duration(len(w.guests))); ok; ok = pause(ctx, stormTyping) {
				g.typing(context.Background(), g.rnd) // a context that ends would take the socket with it
			}
		})
	}
	wg.Go(func() {
		for pause(ctx, 500*time.Millisecond) {
			resident, files, goroutines := w.size()
			m.resident, m.files, m.goroutines = max(m.resident, resident), max(m.files, files), max(m.goroutines, goroutines)
		}
	})
	before, waited, began := w.cpu(), w.waited(), time.Now()
	m.spoils = do()
	m.cpu = (w.cpu() - before).Seconds() / time.Since(began).Seconds()
	m.waited = (w.waited() - waited).Seconds() / time.Since(began).Seconds()
	stop()
	wg.Wait()
	for _, r := range w.relays {
		m.took = append(m.took, r.all(w.t)...)
	}
	return m
}

// restart forgets what was measured.
func (r *relay) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took = nil
}

// all waits until everything that was typed has arrived.
func (r *relay) all(t *testing.T) []time.Duration {
	t.Helper()
	for deadline := time.Now().Add(startLimit); ; time.Sleep(time.Millisecond) { // polling what has no event
		r.mu.Lock()
		open, took := len(r.open), r.took
		r.mu.Unlock()
		if open == 0 {
			return took
		}
		if time.Now().After(deadline) {
			t.Fatal("a word does not arrive")
		}
	}
}

const stormHead = "every pair of figures is without the storm and with it; times are from one who types to one who reads;\n" +
	"waits is how long the server's threads waited for a processor that somebody else had: times are worth what that is\n" +
	"storm                       | tried/s taken/s |         p50          |         p99          |      max | CPU        | waits      | resident   | goroutines | files    | answers"

func stormLine(o orders, from int, without, with measure) string {
	name := strings.Join(o.Kinds, ", ")
	if len(o.Kinds) > 1 {
		name = "all of these"
	}
	both := func(p int) string {
		a, b := quantile(without.took, p), quantile(with.took, p)
		return fmt.Sprintf("%7v %7v %4.1fx", a, b, float64(b)/float64(max(a, 1)))
	}
	var answers []string
	for _, k := range slices.Sorted(maps.Keys(with.Answers)) {
		answers = append(answers, fmt.Sprintf("%s %.0f%%", k, 100*float64(with.Answers[k])/float64(with.Tried)))
	}
	return fmt.Sprintf("%-15s from %3d    | %7.0f %7.0f | %s | %s | %8v | %4.0f%% %4.0f%% | %4.0f%% %4.0f%% | %3.0f %3.0f MB | %4.0f %5.0f | %3d %4d | %s", name, from,
		float64(with.Tried)/with.Took.Seconds(), float64(with.Tried-with.Answers[stormFull])/with.Took.Seconds(),
		both(50), both(99), quantile(with.took, 100), 100*without.cpu, 100*with.cpu, 100*without.waited, 100*with.waited,
		without.resident/1e6, with.resident/1e6, without.goroutines, with.goroutines, without.files, with.files, strings.Join(answers, ", "))
}

// cpu is what the server has used.
func (w *weather) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.s.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// waited is how long the server's threads were ready to run and did not.
func (w *weather) waited() (d time.Duration) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", w.s.cmd.Process.Pid))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		if fields := strings.Fields(string(b)); len(fields) > 1 { // nanoseconds run, waited
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			d += time.Duration(n)
		}
	}
	return d
}

// size is what the server takes now.
func (w *weather) size() (resident float64, files int, goroutines float64) {
	dir := fmt.Sprintf("/proc/%d", w.s.cmd.Process.Pid)
	b, _ := os.ReadFile(filepath.Join(dir, "statm"))
	if fields := strings.Fields(string(b)); len(fields) > 1 {
		pages, _ := strconv.Atoi(fields[1])
		resident = float64(pages * os.Getpagesize())
	}
	list, _ := os.ReadDir(filepath.Join(dir, "fd"))
	return resident, len(list), w.figures().goroutines
}

// over waits until only those who edit are there.
func (w *weather) over() {
	w.t.Helper()
	for deadline := time.Now().Add(2 * startLimit); w.figures().get("connections") != 2*stormPairs; {
		if time.Now().After(deadline) {
			w.t.Fatal("not everybody is gone, or too many are")
		}
		pause(w.t.Context(), 100*time.Millisecond)
	}
}

// rest waits for garbage collections until the server takes what it took
// before, or, without a before, until it takes no less than a moment ago.
func (w *weather) rest(before *figures) figures {
	w.t.Helper()
	last := figures{}
	for deadline := time.Now().Add(2 * startLimit); ; pause(w.t.Context(), 100*time.Millisecond) {
		f := w.figures()
		f.files, f.databases = w.descriptors()
		switch {
		case before == nil && last.collections > 0 && f.collections >= last.collections+2:
			if f.goroutines >= last.goroutines && f.files >= last.files {
				return f
			}
			last = f
		case before == nil && last.collections == 0:
			last = f
		// Some descriptors are opened when first needed, and one more for who types:
		// a storm that leaves any leaves hundreds.
		case before != nil && f.goroutines <= before.goroutines+2 && f.files <= before.files+16 && f.heap <= before.heap+8e6:
			return f
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("not at rest: goroutines %v, heap %.1f MB, %d open files; before %+v; open: %v", f.goroutines, f.heap/1e6, f.files, before, w.open())
		}
	}
}

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
)

const (
	soakRooms   = 50
	soakClients = 200
)

// soakConfig leaves the rate limits at their defaults: floods are to be met.
const soakConfig = `rooms:
  grace_period_ms: 500
limits:
  queue_bytes: 65536
  slow_reader_timeout: 15
rate_limiting:
  connections_per_ip: 2000
  connections_per_user: 500
`

// TestSoak keeps 200 clients in 50 rooms busy: they type, join and drop at
// random, lose their sessions, flood, forge, and one never reads. At the end
// every document is the same everywhere with every word in it once, and the
// server is back where it was. SOAK=10m is the long run; see "make soak".
func TestSoak(t *testing.T) {
	k := newSoak(t)
	k.warmUp()
	base := k.settled()
	k.run()
	k.gather()
	k.compare()
	k.report()
	k.leave()
	end := k.settled()
	for deadline := time.Now().Add(startLimit); end.files > base.files && time.Now().Before(deadline); {
		end.files, end.databases = k.descriptors() // a file that is just being read is no leak
	}
	t.Logf("at rest before and after: goroutines %.0f, %.0f; heap after GC %.1f MB, %.1f MB; file descriptors %d, %d and of databases %d, %d; resident %.0f MB, %.0f MB",
		base.goroutines, end.goroutines, base.heap/1e6, end.heap/1e6, base.files, end.files, base.databases, end.databases, base.resident/1e6, end.resident/1e6)
	if end.goroutines > base.goroutines+2 { // the scrape's own connections
		t.Errorf("%v goroutines, %v before", end.goroutines, base.goroutines)
	}
	if end.files > base.files {
		t.Errorf("%v file descriptors besides those of the databases, %v before: %v", end.files, base.files, k.open())
	}
	if end.databases > 3*16 { // each connection of a pool has up to three
		t.Errorf("%v file descriptors of databases", end.databases)
	}
	if end.heap > base.heap+6e6 {
		t.Errorf("%.1f MB of heap, %.1f MB before", end.heap/1e6, base.heap/1e6)
	}
	if code := k.s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if k.s.log.has("panic") || k.s.log.has("goroutine ") {
		t.Error("the server panicked")
	}
}

// part of a soak: what a client does besides typing.
type conduct int

const (
	steady    conduct = iota // types; its latencies count
	revoked                  // types; its session is ended again and again
	restless                 // types, joins, drops, and floods
	lookingOn                // may only view, drops, and tries to write
)

// guest is one client of a soak.
type guest struct {
	*typist
	room    int
	conduct conduct
	rnd     *rand.Rand
	giant   bool // also replaces a large block again and again
}

type soak struct {
	t      *testing.T
	s      *server
	length time.Duration
	seed   uint64
	guests []*guest
	relays []*relay // by room

	mu     sync.Mutex
	tokens map[conduct]string // guarded by mu

	joins, revocations, floods, forgeries atomicCount
}

func newSoak(t *testing.T) *soak {
	k := &soak{t: t, length: 20 * time.Second, seed: uint64(time.Now().UnixNano())}
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if k.length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SOAK: %v", err)
		}
	}
	t.Logf("seed %d, %v", k.seed, k.length)
	dir := t.TempDir()
	startDemo(t, dir, "--records", fmt.Sprint(soakRooms)).kill()
	if err := os.WriteFile(filepath.Join(dir, ".system-data", "realtime.yml"), []byte(soakConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	k.s = startDemo(t, dir, "--records", fmt.Sprint(soakRooms), "--log-level", "info")
	k.tokens = map[conduct]string{
		steady: k.s.Users["alice"].Token, revoked: k.login(), restless: k.s.Users["dave"].Token, lookingOn: k.s.Users["carol"].Token,
	}
	for range soakRooms {
		k.relays = append(k.relays, &relay{})
	}
	for i := range soakClients {
		g := &guest{typist: newTypist(i), room: i % soakRooms, conduct: conduct(i / soakRooms), rnd: rand.New(rand.NewPCG(k.seed, uint64(i)))}
		g.giant = i == 0
		k.guests = append(k.guests, g)
		switch g.conduct {
		case steady:
			k.relays[g.room].from(g.typist)
		case revoked:
			k.relays[g.room].to(g.typist)
		}
	}
	return k
}

// login makes a session of Bob, who has one of the demo besides.
func (k *soak) login() string {
	status, body := k.s.request(k.t, "", "POST", "/api/v1/auth/password", `{"username":"bob","password":"bob-demo"}`)
	var answer struct {
		Data struct {
			Session struct{ Token string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Data.Session.Token == "" {
		k.t.Fatalf("login: %d %s", status, body)
	}
	return answer.Data.Session.Token
}

// revoke ends the session that a quarter of the clients use.
func (k *soak) revoke() {
	fresh := k.login()
	k.mu.Lock()
	old := k.tokens[revoked]
	k.tokens[revoked] = fresh
	k.mu.Unlock()
	k.s.Users["old"] = demoUser{Token: old}
	if status, body := k.s.request(k.t, "old", "POST", "/api/v1/auth/logout", ""); status != 200 {
		k.t.Fatalf("logout: %d %s", status, body)
	}
	k.revocations.add()
}

// join connects a client unless it is connected. A session may end meanwhile:
// the caller tries again.
func (k *soak) join(g *guest) error {
	g.mu.Lock()
	live := g.live
	g.mu.Unlock()
	if live {
		return nil
	}
	g.drop()
	if g.conduct == revoked {
		k.relays[g.room].forget()
	}
	k.mu.Lock()
	as := &server{Realtime: k.s.Realtime, Users: map[string]demoUser{"me": {Token: k.tokens[g.conduct]}}}
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	k.joins.add()
	return g.connect(ctx, as, "me", fmt.Sprintf("bench-%d", g.room+1))
}

// all does something for every client, some at a time.
func (k *soak) all(what string, do func(*guest) error) {
	k.t.Helper()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, g := range k.guests {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(g); err != nil {
				k.t.Errorf("%s: client %d: %v", what, g.name, err)
			}
		})
	}
	wg.Wait()
	if k.t.Failed() {
		k.t.FailNow()
	}
}

// warmUp opens every room once, so that what stays for ever is there before
// the first figures are taken.
func (k *soak) warmUp() {
	k.all("warm up", func(g *guest) error {
		err := k.join(g)
		if g.conduct != lookingOn {
			g.typing(context.Background(), g.rnd)
		}
		return err
	})
	k.leave()
}

func (k *soak) leave() {
	k.all("leave", func(g *guest) error { g.drop(); return nil })
}

func (k *soak) run() {
	ctx, cancel := context.WithTimeout(k.t.Context(), k.length)
	defer cancel()
	var wg sync.WaitGroup
	for _, g := range k.guests {
		if g.conduct == lookingOn && g.room == 0 {
			wg.Go(func() { k.stopReading(ctx, g) })
			continue
		}
		wg.Go(func() { k.attend(ctx, g) })
	}
	for pause(ctx, min(k.length/5, 20*time.Second)) {
		k.revoke()
	}
	wg.Wait()
}

// attend is what a client does until the end.
func (k *soak) attend(ctx context.Context, g *guest) {
	every := time.Second
	if g.giant { // fills the buffers of one that does not read before a ping finds it dead
		every = min(k.length/500, 250*time.Millisecond)
	}
	for pause(ctx, time.Duration(float64(every)*(0.5+g.rnd.Float64()))) {
		if k.join(g) != nil {
			continue
		}
		chance := g.rnd.IntN(100)
		switch {
		case g.conduct == restless && chance < 3:
			k.flood(ctx, g)
		case g.conduct >= restless && chance < 25:
			g.drop()
		case g.conduct == lookingOn && chance < 50:
			k.forge(ctx, g)
		case g.conduct == lookingOn:
		case g.giant:
			g.replaceBlock()
			g.typing(ctx, g.rnd)
		default:
			g.typing(ctx, g.rnd)
		}
	}
}

// flood sends as fast as the socket takes it, for a while, and goes.
func (k *soak) flood(ctx context.Context, g *guest) {
	k.floods.add()
	g.mu.Lock()
	conn := g.conn
	g.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for {
		if conn.Write(ctx, 2, []byte{3}) != nil { // ctx has closed the connection
			break
		}
	}
	_ = conn.CloseNow()
}

// forge sends an edit in spite of the missing right.
func (k *soak) forge(ctx context.Context, g *guest) {
	k.forgeries.add()
	doc := yjs.NewDoc(yjs.Options{})
	err := doc.Transact(nil, func(tx *yjs.Transaction) error {
		p, err := doc.XMLFragment(markdown.FragmentName).InsertElement(tx, 0, "paragraph")
		if err != nil {
			return err
		}
		text, err := p.InsertText(tx, 0)
		if err != nil {
			return err
		}
		return text.Insert(tx, 0, "FORGED", nil)
	})
	update, err2 := doc.EncodeStateAsUpdate(nil)
	if err != nil || err2 != nil {
		panic(fmt.Sprint(err, err2))
	}
	g.mu.Lock()
	conn := g.conn
	g.mu.Unlock()
	_ = conn.Write(ctx, 2, appendUpdate(update))
}

// gather brings everybody back.
func (k *soak) gather() {
	k.all("gather", func(g *guest) error {
		g.drop() // a flooded socket may have much before it
		return k.join(g)
	})
}

// compare waits until the documents of each room are the same, and looks for
// every word that was ever typed.
func (k *soak) compare() {
	for room := range soakRooms {
		var here []*guest
		var words []string
		for _, g := range k.guests {
			if g.room == room {
				here = append(here, g)
				sent, _ := g.tally()
				words = append(words, sent...)
			}
		}
		k.waitEqual(room, here)
		text, whole := here[0].view()
		for _, w := range words {
			if n := count(text, w); n != 1 {
				k.t.Errorf("room %d: %q is there %d times", room, w, n)
			}
		}
		if strings.Contains(whole, "FORGED") {
			k.t.Errorf("room %d: a viewer's edit was applied", room)
		}
	}
}

func (k *soak) waitEqual(room int, here []*guest) {
	k.t.Helper()
	for deadline := time.Now().Add(2 * startLimit); ; time.Sleep(20 * time.Millisecond) { // polling what has no event
		first := here[0].fingerprint()
		if !slices.ContainsFunc(here, func(g *guest) bool { return g.fingerprint() != first }) {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("room %d: the documents are not equal", room)
		}
	}
}

func (k *soak) report() {
	var acks, seen []time.Duration
	words := 0
	for _, g := range k.guests {
		sent, _ := g.tally()
		words += len(sent)
		if g.conduct == steady {
			acks = append(acks, g.acks...)
		}
	}
	for _, r := range k.relays {
		seen = append(seen, r.took...)
	}
	f := k.figures()
	k.t.Logf("%d joins, %d words, %d revocations of a quarter of all, %d floods, %d forgeries\n"+
		"  well-behaved clients: saved after p50 %v p99 %v (%d); seen by another after p50 %v p99 %v (%d)\n"+
		"  server: throttled %.0f, edits refused %.0f, slow reader resyncs %.0f, cut off %.0f, closed with 4001 %.0f",
		k.joins.n(), words, k.revocations.n(), k.floods.n(), k.forgeries.n(),
		quantile(acks, 50), quantile(acks, 99), len(acks), quantile(seen, 50), quantile(seen, 99), len(seen),
		f.get("throttled_total"), f.get("edits_refused_total"), f.get("slow_reader_resyncs_total"), f.get("slow_reader_cutoffs_total"), f.get(`closed_total{code="4001"}`))
	for _, must := range []string{"throttled_total", "edits_refused_total", `closed_total{code="4001"}`} {
		if f.get(must) == 0 {
			k.t.Errorf("%s is 0: the run did not do what it should", must)
		}
	}
	k.checkCutOff(f)
	if len(acks) == 0 || len(seen) == 0 {
		k.t.Error("no latencies were measured")
	}
}

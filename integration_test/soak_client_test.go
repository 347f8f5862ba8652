package integration_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

type atomicCount struct{ v atomic.Int64 }

func (c *atomicCount) add()     { c.v.Add(1) }
func (c *atomicCount) n() int64 { return c.v.Load() }

func appendUpdate(u []byte) []byte { return protocol.AppendUpdate(nil, u) }

// pause waits and reports whether there is still time.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func quantile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)-1, len(d)*p/100)].Round(100 * time.Microsecond)
}

// fingerprint is the same for two clients whose documents are the same.
func (t *typist) fingerprint() [sha256.Size]byte {
	_, whole := t.view()
	t.mu.Lock()
	defer t.mu.Unlock()
	return sha256.Sum256(append([]byte(whole), t.doc.EncodeStateVector()...))
}

// replaceBlock replaces the last paragraph by 48 KB of text; typing sends it.
func (g *guest) replaceBlock() {
	const mark = "BLOCK"
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.doc.XMLFragment(markdown.FragmentName)
	err := g.doc.Transact("typed", func(tx *yjs.Transaction) error {
		if e, ok := f.Get(f.Len() - 1).(*yjs.XMLElement); ok && e.Len() > 0 {
			if text, ok := e.Get(0).(*yjs.XMLText); ok && strings.HasPrefix(text.String(), mark) {
				if err := f.Delete(tx, f.Len()-1, 1); err != nil {
					return err
				}
			}
		}
		p, err := f.InsertElement(tx, f.Len(), "paragraph")
		if err != nil {
			return err
		}
		text, err := p.InsertText(tx, 0)
		if err != nil {
			return err
		}
		return text.Insert(tx, 0, mark+strings.Repeat(" words", 8<<10), nil)
	})
	if err != nil {
		panic(err)
	}
}

// stopReading holds sockets with small buffers that it never reads.
func (k *soak) stopReading(ctx context.Context, g *guest) {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetReadBuffer(8 << 10)
		}
		return c, err
	}}
	defer transport.CloseIdleConnections()
	for ctx.Err() == nil {
		conn, _, err := websocket.Dial(ctx, k.s.Realtime+"/realtime/records/bench-1", &websocket.DialOptions{
			HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{"auth." + k.s.Users["carol"].Token},
		})
		if err != nil {
			pause(ctx, time.Second)
			continue
		}
		_ = conn.Write(ctx, websocket.MessageBinary, protocol.AppendSyncStep1(nil, []byte{0}))
		pause(ctx, 4*time.Minute)
		_ = conn.CloseNow()
	}
}

var cutOffAfter = regexp.MustCompile(`msg="client took nothing for too long and is cut off".* for=(\S+)`)

// checkCutOff looks whether the client that never reads was cut off after the
// time of soakConfig. In a short run it may still be within that time.
func (k *soak) checkCutOff(f figures) {
	if f.get("slow_reader_cutoffs_total") == 0 {
		if k.length >= 2*time.Minute {
			k.t.Error("the client that never reads was not cut off")
		}
		return
	}
	told := cutOffAfter.FindStringSubmatch(k.s.log.tail(64 << 20))
	d, err := time.ParseDuration(append(told, "", "")[1])
	if err != nil || d < 15*time.Second {
		k.t.Errorf("the client that never reads was cut off after %v without progress, want 15 s: %v", d, err)
		return
	}
	k.t.Logf("the client that never reads was cut off after %v without progress", d)
}

// relay measures how long edits of one client take to another one.
type relay struct {
	mu     sync.Mutex
	author uint64
	open   []sent // in the order of their clocks
	took   []time.Duration
}

type sent struct {
	clock uint64
	at    time.Time
}

// from notes the edits of a client.
func (r *relay) from(t *typist) {
	r.author = t.doc.ClientID()
	t.doc.OnUpdate(func(_ []byte, origin any, tx *yjs.Transaction) {
		if origin == "typed" {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.open = append(r.open, sent{t.doc.StateVector()[r.author], time.Now()})
		}
	})
}

// to sees them arrive at another.
func (r *relay) to(t *typist) {
	t.doc.OnUpdate(func(_ []byte, origin any, _ *yjs.Transaction) {
		if origin != "server" {
			return
		}
		clock := t.doc.StateVector()[r.author]
		r.mu.Lock()
		defer r.mu.Unlock()
		for len(r.open) > 0 && r.open[0].clock <= clock {
			r.took = append(r.took, time.Since(r.open[0].at))
			r.open = r.open[1:]
		}
	})
}

// forget drops what the other one was not there to see.
func (r *relay) forget() {
	r.mu.Lock()
	r.open = nil
	r.mu.Unlock()
}

// figures are the server's metrics.
type figures struct {
	text string

	goroutines, heap, resident float64
	collections                float64
	files, databases           int // open descriptors, where the system tells
}

func (f figures) value(name string) float64 {
	for line := range strings.Lines(f.text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, _ := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v
		}
	}
	return 0
}

// get is a figure of the plugin.
func (f figures) get(name string) float64 { return f.value("civicpress_realtime_" + name) }

func (k *soak) figures() figures {
	k.t.Helper()
	status, text := k.s.request(k.t, "", "GET", "/metrics", "")
	if status != 200 {
		k.t.Fatalf("metrics: %d", status)
	}
	f := figures{text: text}
	f.goroutines, f.resident = f.value("go_goroutines"), f.value("process_resident_memory_bytes")
	f.collections = f.value("go_gc_duration_seconds_count")
	f.heap = f.value("go_memstats_next_gc_bytes") / 2 // what the last collection left, more or less
	return f
}

// settled waits until nobody is connected and no room is open, and then for
// two garbage collections, which the questions themselves bring about.
func (k *soak) settled() (f figures) {
	k.t.Helper()
	deadline := time.Now().Add(4 * startLimit)
	var from float64
	for {
		f = k.figures()
		quiet := f.get("connections") == 0 && f.get("rooms") == 0
		switch {
		case !quiet:
			from = 0
		case from == 0:
			from = f.collections
		case f.collections >= from+3:
			f.files, f.databases = k.descriptors()
			return f
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("not at rest: %v connections, %v rooms", f.get("connections"), f.get("rooms"))
		}
	}
}

// open names what the server has open, and how often.
func (k *soak) open() map[string]int {
	dir := fmt.Sprintf("/proc/%d/fd", k.s.cmd.Process.Pid)
	list, _ := os.ReadDir(dir) // none where there is no /proc
	names := map[string]int{}
	for _, e := range list {
		if name, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			kind, _, _ := strings.Cut(name, ":[") // a socket's or pipe's number says nothing
			names[kind]++
		}
	}
	return names
}

// descriptors counts the server's open files. Pools of database connections
// grow to their bound and stay there, so they count apart.
func (k *soak) descriptors() (others, databases int) {
	for name, n := range k.open() {
		if strings.Contains(name, ".db") {
			databases += n
		} else {
			others += n
		}
	}
	return others, databases
}

package realtime

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// diskFull is a store whose journal can fail.
type diskFull struct {
	store.Store
	mu  sync.Mutex
	err error // guarded by mu
}

func (d *diskFull) set(err error) {
	d.mu.Lock()
	d.err = err
	d.mu.Unlock()
}

func (d *diskFull) Append(ctx context.Context, e []store.Entry) error {
	d.mu.Lock()
	err := d.err
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.Store.Append(ctx, e)
}

func TestNothingIsSavedWhileTheDiskFails(t *testing.T) {
	disk := &diskFull{Store: mem.New()}
	s := newStand(t, standOptions{store: disk, journal: store.JournalOptions{MaxBackoff: 10 * time.Millisecond}})
	a := s.dial(dial{user: 1, v1: true, id: 77}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.untilText("seed")
	b.untilText("seed")
	disk.set(errors.New("no space left on device"))
	a.insert(4, "!")
	if e := a.untilEvent("unsaved"); !strings.Contains(e["reason"].(string), "disk") {
		t.Errorf("unsaved %v", e)
	}
	b.untilText("seed!") // people can go on
	saved := func(clock float64) bool {
		for _, m := range a.texts {
			clocks, _ := m["clocks"].(map[string]any)
			if m["event"] == "saved" && clocks["77"] == clock {
				return true
			}
		}
		return false
	}
	a.mu.Lock()
	if saved(1) {
		t.Error("saved although the disk fails")
	}
	a.mu.Unlock()
	if h := s.server.Health(t.Context()); h.Status != host.Degraded || !strings.Contains(strings.Join(h.Reasons, " "), "no space left") {
		t.Errorf("health %+v", h)
	}
	disk.set(nil)
	a.until("saved after all", func() bool { return saved(1) })
	if names := s.notes.names(); !slices.Contains(names, hooks.NameJournalFailing) || !slices.Contains(names, hooks.NameJournalRecovered) {
		t.Errorf("hooks %v", names)
	}
}

func TestEditsAreRefusedBeforeTheyWouldBeLost(t *testing.T) {
	disk := &diskFull{Store: mem.New()}
	s := newStand(t, standOptions{store: disk, journal: store.JournalOptions{MaxBackoff: 10 * time.Millisecond, MaxPending: 16 << 10}})
	other := s.dial(dial{user: 2, room: "r2", v1: true, id: 78}).sync()
	other.untilText("seed")
	a := s.dial(dial{user: 1, v1: true}).sync()
	a.untilText("seed")
	disk.set(errors.New("no space left on device"))
	other.insert(0, strings.Repeat("y", 8<<10))
	other.untilEvent("unsaved") // it has its place in memory
	typed := 0
	for ; a.alive() && typed < 2000; typed++ { // all of it fits into one update later
		// One behind the other: they become one run, and so fit again.
		update := a.change(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, typed, "x", nil) })
		_ = a.write(protocol.AppendUpdate(nil, update))
	}
	if code, reason := a.closed(); code != 1006 && (code != 4503 || !strings.Contains(reason, "UNAVAILABLE")) {
		t.Errorf("closed with %d %s, want 4503", code, reason)
	}
	if e := a.untilEvent("error"); e["error"].(map[string]any)["code"] != "UNAVAILABLE" {
		t.Errorf("error %v", e)
	}
	disk.set(nil)
	other.until("room for edits again", func() bool {
		return slices.ContainsFunc(other.texts, func(m map[string]any) bool {
			clocks, _ := m["clocks"].(map[string]any)
			return m["event"] == "saved" && clocks["78"] == float64(8<<10)
		})
	})
	// The browser kept everything and brings it back.
	s.dial(dial{user: 1, doc: a.state()}).sync()
	s.dial(dial{user: 4}).sync().untilText(strings.Repeat("x", typed) + "seed")
}

func TestDocumentHasASizeLimit(t *testing.T) {
	s := newStand(t, standOptions{rooms: room.Options{MaxDocument: 10_000, WarnDocument: 5000}})
	a := s.dial(dial{user: 1, v1: true}).sync()
	a.untilText("seed")
	a.insert(0, strings.Repeat("x", 6000))
	a.untilEvent("notice")
	b := s.dial(dial{user: 2, v1: true}).sync()
	b.until("six thousand", func() bool { return len(b.doc.Text("t").String()) == 6004 })
	b.insert(0, strings.Repeat("y", 6000))
	if code, _ := b.closed(); code != 4413 {
		t.Errorf("closed with %d, want 4413", code)
	}
	b.untilEvent("error")
	// Deleting helps.
	a.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Delete(tx, 0, 5900) })
	a.insert(0, strings.Repeat("z", 3000))
	c := s.dial(dial{user: 4}).sync()
	c.until("shorter again", func() bool { return len(c.doc.Text("t").String()) == 3104 })
}

func TestStopSavesClosesAndIsFoundAgain(t *testing.T) {
	h, disk := newHost(), mem.New()
	s := newStand(t, standOptions{host: h, store: disk})
	a := s.dial(dial{user: 1, v1: true}).sync()
	stock := s.dial(dial{user: 2}).sync()
	a.untilText("seed")
	a.insert(4, " kept")
	stock.untilText("seed kept")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, s.server.Stop(ctx))
	for _, c := range []*client{a, stock} {
		if code, reason := c.closed(); code != 1012 || !strings.Contains(reason, "SERVER_RESTART") {
			t.Errorf("closed with %d %s, want 1012", code, reason)
		}
	}
	if e := a.untilEvent("restart"); e["retryAfterMs"].(float64) < 1000 {
		t.Errorf("restart %v", e)
	}
	if s.server.Ready() {
		t.Error("still ready")
	}
	next := newStand(t, standOptions{host: h, store: disk})
	next.dial(dial{user: 2}).sync().untilText("seed kept")
	// A tab that lived through it brings nothing twice.
	next.dial(dial{user: 1, doc: a.state()}).sync().untilText("seed kept")
}

// gatedStore lets snapshots wait once it is shut.
type gatedStore struct {
	store.Store
	shut        atomic.Bool
	asked, pass chan struct{}
}

func (g *gatedStore) SaveSnapshot(ctx context.Context, sn store.Snapshot, meta store.Meta) (version int64, err error) {
	if !g.shut.Load() {
		return g.Store.SaveSnapshot(ctx, sn, meta)
	}
	select {
	case g.asked <- struct{}{}:
	default:
	}
	<-g.pass
	return g.Store.SaveSnapshot(ctx, sn, meta)
}

// On stop it is not ready any more before anything else happens: while rooms
// are saved, everybody is still connected, but nobody is sent here.
func TestReadinessEndsFirst(t *testing.T) {
	disk := &gatedStore{Store: mem.New(), asked: make(chan struct{}, 1), pass: make(chan struct{})}
	s := newStand(t, standOptions{store: disk})
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	a.insert(0, "x")
	s.dial(dial{user: 2}).sync().untilText("xseed")
	if !s.server.Ready() {
		t.Error("not ready")
	}
	disk.shut.Store(true) // not before: what opening a room starts may save the edit
	stopped := make(chan error)
	go func() { stopped <- s.server.Stop(t.Context()) }()
	<-disk.asked
	if s.server.Ready() || s.server.Health(t.Context()).Status != host.Unhealthy {
		t.Error("still ready while it stops")
	}
	if n := s.server.sessions.count(); n != 2 {
		t.Errorf("%d sockets while it saves, want 2", n)
	}
	close(disk.pass)
	must(t, <-stopped)
}

func TestStopKeepsToItsTime(t *testing.T) {
	s := newStand(t, standOptions{})
	raw, _ := s.rawDial(2, "r1") // never answers a close
	defer raw.Close()
	s.settled(1)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_ = s.server.Stop(ctx)
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("stop took %v with 300 ms to go", d)
	}
}

func TestRoomEndsAfterItsGrace(t *testing.T) {
	s := newStand(t, standOptions{rooms: room.Options{Grace: -1}})
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	a.insert(0, "x")
	s.dial(dial{user: 2}).sync().untilText("xseed")
	if n := s.rooms.Count(); n != 1 {
		t.Errorf("%d rooms", n)
	}
	s.sessions(func(l *live) { l.Kill(wire.CloseRestart) })
	s.roomless()
	s.dial(dial{user: 1}).sync().untilText("xseed")
	names := s.notes.names()
	for _, want := range []string{hooks.NameRoomCreated, hooks.NameClientConnected, hooks.NameClientDisconnected, hooks.NameRoomDestroyed} {
		if !slices.Contains(names, want) {
			t.Errorf("no hook %s in %v", want, names)
		}
	}
}

// roomless waits until no room is open.
func (s *stand) roomless() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); s.rooms.Count() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d rooms are still open", s.rooms.Count())
		}
	}
}

func TestPortInUseIsAnErrorThatNamesIt(t *testing.T) {
	s := newStand(t, standOptions{})
	other, err := New(Deps{Auth: s.host, Rooms: s.rooms}, Options{Addr: s.server.Addr().String()})
	must(t, err)
	if err := other.Start(t.Context()); err == nil || !strings.Contains(err.Error(), s.server.Addr().String()) {
		t.Errorf("start on a taken port: %v", err)
	}
	must(t, other.Stop(t.Context()))
}

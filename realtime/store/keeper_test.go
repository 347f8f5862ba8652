package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// doc is a room whose document is a number.
type doc struct {
	id string

	mu      sync.Mutex
	seq     uint64
	meta    store.Meta
	outside [][]byte
	taken   func() // if not nil, called between a capture and its return
}

func (d *doc) RoomID() string { return d.id }

func (d *doc) edit(w *store.Watch) {
	d.mu.Lock()
	d.seq++
	seq := d.seq
	d.mu.Unlock()
	w.Edited(seq)
}

func (d *doc) Capture(ctx context.Context) (store.Capture, error) {
	d.mu.Lock()
	c := store.Capture{Room: d.id, Seq: d.seq, State: fmt.Appendf(nil, "state %d", d.seq), Meta: d.meta}
	d.mu.Unlock()
	if d.taken != nil {
		d.taken()
	}
	return c, ctx.Err()
}

func (d *doc) ApplyOutside(_ context.Context, update []byte, meta store.Meta) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.meta = meta
	if update != nil {
		d.seq++
		d.outside = append(d.outside, update)
	}
	return nil
}

// target is a write-back target.
type target struct {
	mu      sync.Mutex
	err     error
	gate    chan struct{} // if not nil, WriteBack waits for it
	entered chan struct{}
	outside []byte // a change somebody made
	text    string
	writes  int
	calls   int
	gone    bool
}

func (g *target) WriteBack(ctx context.Context, c store.Capture, announce func(context.Context, store.Meta) error) (store.Outcome, error) {
	g.mu.Lock()
	gate := g.gate
	g.calls++
	g.mu.Unlock()
	if gate != nil {
		g.entered <- struct{}{}
		<-gate
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.err != nil:
		return store.Outcome{}, g.err
	case g.gone:
		return store.Outcome{Gone: true}, nil
	case g.outside != nil:
		u := g.outside
		g.outside = nil
		return store.Outcome{Update: u, Meta: &store.Meta{Lineage: c.Meta.Lineage, Aux: u}}, nil
	case g.text == string(c.State):
		return store.Outcome{}, nil
	}
	if err := announce(ctx, store.Meta{Lineage: c.Meta.Lineage, Aux: fmt.Appendf(nil, "writing %s", c.State)}); err != nil {
		return store.Outcome{}, err
	}
	g.text = string(c.State)
	g.writes++
	return store.Outcome{Wrote: true, Meta: &store.Meta{Lineage: c.Meta.Lineage, Aux: fmt.Appendf(nil, "wrote %s", c.State)}}, nil
}

type world struct {
	store  *mem.Store
	keeper *store.Keeper
	doc    *doc
	target *target
	watch  *store.Watch
}

func newWorld(t *testing.T, o store.KeeperOptions) *world {
	t.Helper()
	o.Logger = quiet
	w := &world{store: mem.New(), doc: &doc{id: "records:a", meta: store.Meta{Lineage: "L"}}, target: &target{text: "state 0"}}
	seed := store.Snapshot{State: []byte("state 0")}
	if err := w.store.Create(t.Context(), "records:a", w.doc.meta, seed); err != nil {
		t.Fatal(err)
	}
	w.keeper = store.NewKeeper(w.store, o)
	if err := w.keeper.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.watch = w.keeper.Watch(w.doc, w.target, seed, 0)
	return w
}

func (w *world) latest(t *testing.T) *store.Snapshot {
	t.Helper()
	s, err := w.store.Latest(t.Context(), "records:a")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) stop(t *testing.T) {
	t.Helper()
	if err := w.watch.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := w.keeper.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKeeperInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: time.Minute})
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := w.latest(t); s.Version != 0 || w.target.calls != 0 {
			t.Errorf("nothing edited: version %d, %d write-backs", s.Version, w.target.calls)
		}
		for range 5 {
			w.doc.edit(w.watch)
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if s := w.latest(t); s.Version != 1 || s.Seq != 5 || w.target.text != "state 5" {
			t.Errorf("after a minute: version %d at %d, text %q", s.Version, s.Seq, w.target.text)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := w.latest(t); s.Version != 1 || w.target.writes != 1 {
			t.Errorf("idle: version %d, %d writes", s.Version, w.target.writes)
		}
		if l, err := w.store.Load(t.Context(), "records:a"); err != nil || string(l.Meta.Aux) != "wrote state 5" {
			t.Errorf("stored meta %q, %v", l.Meta.Aux, err)
		}
		w.stop(t)
	})
}

// When the last one leaves, both states cover everything, so that the journal of
// the closed room holds nothing. It costs nothing where it is so already.
func TestKeeperReleasesTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: time.Minute})
		flush := func(reason store.Reason, version int64) {
			t.Helper()
			if r, err := w.watch.Flush(t.Context(), reason); err != nil || r.Version != version {
				t.Errorf("%s: version %d, %v; want version %d", reason, r.Version, err, version)
			}
		}
		flush(store.ReasonLastLeave, 0) // nobody edited
		w.doc.edit(w.watch)
		time.Sleep(2 * time.Minute) // saved by the interval
		synctest.Wait()
		flush(store.ReasonRequest, 1)
		flush(store.ReasonLastLeave, 2)
		flush(store.ReasonStop, 2)
		w.doc.edit(w.watch)
		flush(store.ReasonStop, 4)
		if s := w.latest(t); s.Seq != 2 || string(s.State) != "state 2" {
			t.Errorf("latest: %q at %d", s.State, s.Seq)
		}
		w.doc.edit(w.watch)
		w.watch.CheckOutside() // a run that the last one's leave joins
		flush(store.ReasonLastLeave, 6)

		w.doc.edit(w.watch) // and one that writes back already when it is joined
		w.target.gate, w.target.entered = make(chan struct{}), make(chan struct{}, 9)
		w.watch.CheckOutside()
		<-w.target.entered
		done := make(chan struct{})
		go func() {
			defer close(done)
			flush(store.ReasonLastLeave, 8)
		}()
		synctest.Wait()
		close(w.target.gate)
		<-done
		w.stop(t)
	})
}

func TestKeeperMaxUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: -1, MaxUpdates: 10, MinPause: 30 * time.Second})
		want := func(version int64, seq uint64, when string) {
			t.Helper()
			synctest.Wait()
			if s := w.latest(t); s.Version != version || s.Seq != seq {
				t.Errorf("%s: version %d at %d, want %d at %d", when, s.Version, s.Seq, version, seq)
			}
		}
		edit := func(n int) {
			for range n {
				w.doc.edit(w.watch)
			}
		}
		edit(9)
		time.Sleep(time.Hour)
		want(0, 0, "after 9 of 10 updates")
		edit(1)
		want(1, 10, "after the tenth, long after the first")

		edit(25) // many at once do not make it save all the time
		time.Sleep(29 * time.Second)
		want(1, 10, "before the first of them is old enough")
		time.Sleep(time.Second)
		want(2, 35, "when it is")
		edit(9)
		time.Sleep(time.Hour)
		want(2, 35, "after 9 more")
		w.stop(t)
	})
}

// TestKeeperEditsMeanwhile checks the race that loses edits elsewhere: what is
// applied while a save runs is saved by a later one.
func TestKeeperEditsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: time.Minute})
		w.target.gate, w.target.entered = make(chan struct{}), make(chan struct{})
		w.doc.edit(w.watch)
		go func() { _, _ = w.watch.Flush(t.Context(), store.ReasonRequest) }()
		<-w.target.entered
		w.doc.edit(w.watch) // after the capture
		gate := w.target.gate
		w.target.mu.Lock()
		w.target.gate = nil
		w.target.mu.Unlock()
		close(gate)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s := w.latest(t); s.Seq != 2 || w.target.text != "state 2" {
			t.Errorf("saved through %d, text %q; want 2", s.Seq, w.target.text)
		}
		w.stop(t)
	})
}

// TestFlushShares checks that simultaneous requests share a run, but never one
// that captured before their edit.
func TestFlushShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: -1, MaxUpdates: -1})
		w.target.gate, w.target.entered = make(chan struct{}), make(chan struct{}, 100)
		w.doc.edit(w.watch)
		var wg sync.WaitGroup
		flush := func(want uint64) {
			wg.Go(func() {
				r, err := w.watch.Flush(t.Context(), store.ReasonLastLeave)
				if err != nil || r.Seq < want || !r.SnapshotCreated {
					t.Errorf("flush: %+v, %v; want at least %d", r, err, want)
				}
			})
		}
		for range 10 {
			flush(1)
		}
		synctest.Wait()
		w.doc.edit(w.watch)
		for range 10 {
			flush(2)
		}
		synctest.Wait()
		w.target.mu.Lock()
		gate := w.target.gate
		w.target.gate = nil
		w.target.mu.Unlock()
		close(gate)
		wg.Wait()
		if w.target.calls != 2 {
			t.Errorf("%d runs for 20 flushes around one edit, want 2", w.target.calls)
		}
		w.stop(t)
		if _, err := w.watch.Flush(t.Context(), store.ReasonRequest); !errors.Is(err, store.ErrClosed) {
			t.Errorf("flush after Close: %v", err)
		}
	})
}

// A run whose capture is on its way back does not cover what is edited then.
func TestFlushCoversWhatWasEditedAfterACapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: -1, MaxUpdates: -1})
		taken, back := make(chan struct{}), make(chan struct{})
		w.doc.taken = sync.OnceFunc(func() { close(taken); <-back })
		w.watch.CheckOutside() // as a room does when it opens
		<-taken
		w.doc.edit(w.watch)
		time.AfterFunc(time.Second, func() { close(back) })
		if r, err := w.watch.Flush(t.Context(), store.ReasonLastLeave); err != nil || r.Seq != 1 || !r.WroteBack {
			t.Errorf("flush: %+v, %v; want 1, written back", r, err)
		}
		w.stop(t)
	})
}

// Who joins a run gets what he asks for, whatever the run was started for.
func TestFlushJoinsARunThatDoesLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Parallel: 1})
		busy := &slowTarget{take: time.Second}
		other := w.keeper.Watch(&doc{id: "records:b"}, busy, store.Snapshot{}, 0)
		other.CheckOutside()
		synctest.Wait()
		w.watch.CheckOutside() // waits for its turn
		if r, err := w.watch.Flush(t.Context(), store.ReasonRequest); err != nil || r.Version != 1 || !r.SnapshotCreated {
			t.Errorf("request that joined a comparison: %+v, %v; want a snapshot", r, err)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Error(err)
		}
		w.stop(t)
	})
}

func TestFlushRequestMakesFirstSnapshot(t *testing.T) {
	w := newWorld(t, store.KeeperOptions{})
	r, err := w.watch.Flush(t.Context(), store.ReasonRequest)
	if err != nil || r.Version != 1 || !r.SnapshotCreated || r.WroteBack {
		t.Errorf("request on an unedited room: %+v, %v", r, err)
	}
	r, err = w.watch.Flush(t.Context(), store.ReasonRequest)
	if err != nil || r.Version != 1 || !r.SnapshotCreated || r.CreatedAt.IsZero() {
		t.Errorf("second request: %+v, %v", r, err)
	}
	w.stop(t)
}

// TestKeeperOutsideChange checks that a change from outside goes into the
// document with its base, and that the result is saved and written.
func TestKeeperOutsideChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, store.KeeperOptions{Interval: time.Minute})
		w.doc.edit(w.watch)
		w.target.outside = []byte("from git")
		w.watch.CheckOutside()
		synctest.Wait()
		if len(w.doc.outside) != 1 || !bytes.Equal(w.doc.outside[0], []byte("from git")) {
			t.Fatalf("applied %q", w.doc.outside)
		}
		if s := w.latest(t); s.Seq != 2 || w.target.text != "state 2" {
			t.Errorf("saved through %d, text %q; want 2", s.Seq, w.target.text)
		}
		w.stop(t)
	})
}

func TestKeeperFailuresAreRetriedAndReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ev := &events{}
		w := newWorld(t, store.KeeperOptions{Interval: time.Hour, MaxUpdates: 1, MinPause: -1, Events: ev, OversizeBytes: 3})
		w.target.err = &store.StageError{Stage: "serialize", Err: errors.New("table in a table")}
		w.doc.edit(w.watch)
		synctest.Wait()
		if h := w.keeper.Health(); h.Status != host.Degraded || len(h.Reasons) != 1 {
			t.Errorf("health %v %q", h.Status, h.Reasons)
		}
		if s := w.latest(t); s.Seq != 1 {
			t.Error("the snapshot must not depend on the write-back")
		}
		w.target.mu.Lock()
		w.target.err = nil
		w.target.mu.Unlock()
		time.Sleep(5 * time.Minute) // much less than the interval
		synctest.Wait()
		if w.target.text != "state 1" {
			t.Errorf("not written after the failure ended: %q", w.target.text)
		}
		if h := w.keeper.Health(); h.Status != host.Healthy {
			t.Errorf("health %v %q", h.Status, h.Reasons)
		}
		w.stop(t)
		ev.mu.Lock()
		defer ev.mu.Unlock()
		if ev.saved != 1 || ev.oversize != 1 || ev.wrote != 1 || len(ev.stages) == 0 || ev.stages[0] != "serialize" {
			t.Errorf("events: %+v", ev)
		}
	})
}

func TestKeeperGoneAndSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ev := &events{}
		w := newWorld(t, store.KeeperOptions{Events: ev})
		w.target.gone = true
		r, err := w.watch.Flush(t.Context(), store.ReasonOutside)
		if err != nil || !r.Gone || ev.gone != 1 {
			t.Errorf("record deleted: %+v, %v, %d events", r, err, ev.gone)
		}
		w.target.gone = false
		for range 3 {
			w.doc.edit(w.watch)
			if _, err := w.watch.Flush(t.Context(), store.ReasonInterval); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(72 * time.Hour)
		synctest.Wait()
		if ev.expired != 0 {
			t.Error("swept an active room")
		}
		if err := w.watch.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(72 * time.Hour)
		synctest.Wait()
		if s := w.latest(t); ev.expired != 1 || s.Version != 3 {
			t.Errorf("expired %d, newest %d; want 1 and 3", ev.expired, s.Version)
		}
		w.stop(t)
	})
}

type events struct {
	mu                                    sync.Mutex
	saved, oversize, expired, wrote, gone int
	stages                                []string
}

func (e *events) count(n *int) { e.mu.Lock(); *n++; e.mu.Unlock() }

func (e *events) SnapshotSaved(store.Capture, int64, time.Duration) { e.count(&e.saved) }
func (e *events) SnapshotOversize(string, int, int)                 { e.count(&e.oversize) }
func (e *events) SnapshotExpired(store.Expired)                     { e.count(&e.expired) }
func (e *events) WroteBack(string, uint64, time.Duration)           { e.count(&e.wrote) }
func (e *events) RoomGone(string)                                   { e.count(&e.gone) }
func (e *events) WriteBackFailed(_, stage string, _ error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stages = append(e.stages, stage)
}

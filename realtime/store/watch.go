package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// maxRounds bounds how often a run starts over because something changed
// outside while it wrote.
const maxRounds = 4

// Watch is the keeper's end of one live room.
type Watch struct {
	keeper *Keeper
	src    Source
	wb     WriteBacker

	edited atomic.Uint64 // last sequence number told by Edited
	saved  atomic.Uint64 // last one covered by a snapshot

	mu      sync.Mutex // guards what follows
	timer   *time.Timer
	armed   bool      // timer or a triggered run will come
	hurried bool      // the timer is set for a run that many edits made due
	first   time.Time // of the edits since the last capture; zero = none
	closed  bool
	failed  int       // background runs that failed in a row
	running *run      // captures or writes now
	next    *run      // will start when running ends
	version int64     // of the last snapshot; 0 = only the seed
	behind  bool      // the state before the last snapshot is older than it, so the journal reaches back
	created time.Time // of the last snapshot
	checked uint64    // written back through
	looked  bool      // the target has been compared once since the room was opened
}

// run is one pass that several callers may share.
type run struct {
	reason  Reason        // of who came first
	began   bool          // it is too late to join, unless the capture covers the caller
	closing bool          // the room closes after it, or may
	request bool          // a snapshot must exist after it
	compare bool          // the target is looked at even if nothing was edited
	seq     uint64        // the capture covers at least this
	done    chan struct{} // closed at the end; what follows is set before
	behind  bool          // Watch.behind was left as it was
	result  FlushResult
	err     error
}

// serve has the run do what reason asks for, besides what it does already.
func (r *run) serve(reason Reason) {
	r.closing = r.closing || reason.closes()
	r.request = r.request || reason == ReasonRequest
	r.compare = r.compare || reason != ReasonInterval
}

// FlushResult is what a run did.
type FlushResult struct {
	Seq             uint64 // the state covered by the snapshot
	Version         int64  // of the snapshot that covers Seq; 0 = only the seed
	CreatedAt       time.Time
	SnapshotCreated bool // a snapshot that covers Seq exists
	WroteBack       bool // the target was written
	Gone            bool // the target's record does not exist any more
}

// Watch starts watching a room. saved is the snapshot that Load returned or
// that Create was given, lastSeq what Loaded.LastSeq says: entries between
// them count as edited. wb may be nil for rooms that are only kept.
func (k *Keeper) Watch(src Source, wb WriteBacker, saved Snapshot, lastSeq uint64) *Watch {
	w := &Watch{keeper: k, src: src, wb: wb}
	w.saved.Store(saved.Seq)
	w.edited.Store(saved.Seq)
	w.checked = saved.Seq
	w.version, w.created = saved.Version, saved.CreatedAt
	k.mu.Lock()
	if !k.stopped {
		k.watches[w] = struct{}{}
	}
	k.mu.Unlock()
	if lastSeq > saved.Seq {
		w.Edited(lastSeq)
	}
	return w
}

// Edited tells the last applied sequence number. It never blocks.
func (w *Watch) Edited(seq uint64) {
	w.edited.Store(seq)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || seq <= w.saved.Load() {
		return
	}
	if w.first.IsZero() {
		w.first = time.Now()
	}
	switch o := &w.keeper.opts; {
	case o.MaxUpdates > 0 && seq-w.saved.Load() >= uint64(o.MaxUpdates) && w.failed == 0 && w.running == nil:
		if w.hurried {
			return
		}
		if pause := o.MinPause - time.Since(w.first); pause > 0 {
			w.armLocked(pause, ReasonUpdates)
			w.hurried = true
		} else {
			w.triggerLocked(ReasonUpdates)
		}
	case !w.armed && o.Interval > 0:
		w.armLocked(o.Interval, ReasonInterval)
	}
}

// CheckOutside says that the target may have been changed by somebody else. A
// comparison runs soon. It never blocks.
func (w *Watch) CheckOutside() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.triggerLocked(ReasonOutside)
	}
}

// Flush saves the present state, has it written back, and returns when both
// are done. Calls at the same time share one run if it covers what was applied
// when they came.
func (w *Watch) Flush(ctx context.Context, reason Reason) (FlushResult, error) {
	for first := true; ; first = false {
		w.mu.Lock()
		if w.closed {
			w.mu.Unlock()
			return FlushResult{}, ErrClosed
		}
		r, err := w.joinLocked(reason)
		w.mu.Unlock()
		if err != nil {
			return FlushResult{}, err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return FlushResult{}, ctx.Err()
		}
		late := r.behind && reason.closes() // the run was nearly over when it was joined
		if r.err != nil || !late || !first {
			return r.result, r.err
		}
	}
}

// Close ends the watch: no more runs start, and Close waits for the one that
// is under way.
func (w *Watch) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.disarmLocked()
	r := w.next
	if r == nil {
		r = w.running
	}
	w.mu.Unlock()
	k := w.keeper
	k.mu.Lock()
	delete(k.watches, w)
	if len(k.watches) == 0 {
		k.watches = map[*Watch]struct{}{} // a map keeps the size that a crowd gave it
	}
	delete(k.failures, w.src.RoomID())
	k.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Watch) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disarmLocked()
}

func (w *Watch) disarmLocked() {
	if w.timer != nil {
		w.timer.Stop()
	}
	w.armed, w.hurried = false, false
}

// armLocked plans a background run.
func (w *Watch) armLocked(d time.Duration, reason Reason) {
	w.armed = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.armed && !w.closed {
			w.armed = false
			w.triggerLocked(reason)
		}
	})
}

// triggerLocked starts a run that nobody waits for.
func (w *Watch) triggerLocked(reason Reason) {
	w.disarmLocked()
	_, _ = w.joinLocked(reason) // refused only when the keeper has stopped
}

// joinLocked returns a run that will cover what has been applied by now.
func (w *Watch) joinLocked(reason Reason) (r *run, err error) {
	defer func() {
		if r != nil {
			r.serve(reason)
		}
	}()
	if r := w.running; r != nil && (!r.began || r.seq >= w.edited.Load() && reason != ReasonOutside && reason != ReasonRequest) {
		return r, nil
	}
	if w.next != nil {
		return w.next, nil
	}
	r = &run{reason: reason, done: make(chan struct{})}
	if w.running != nil {
		w.next = r
		return r, nil
	}
	if !w.keeper.spawn(func() { w.work(r) }) {
		return nil, ErrClosed
	}
	w.running = r
	return r, nil
}

// spawn runs fn on a goroutine of the keeper, unless it has stopped.
func (k *Keeper) spawn(fn func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return false
	}
	k.wg.Go(fn)
	return true
}

// work does r and whatever was queued behind it.
func (w *Watch) work(r *run) {
	k := w.keeper
	for r != nil {
		select {
		case k.slots <- struct{}{}:
			ctx, cancel := context.WithTimeout(k.ctx, k.opts.RunTimeout) // from when its turn has come
			r.err = w.do(ctx, r)
			cancel()
			<-k.slots
		case <-k.ctx.Done():
			r.err = k.ctx.Err()
		}
		w.mu.Lock()
		closed := w.closed
		w.mu.Unlock()
		if r.err == nil || !closed { // the room of a closed watch may be gone
			k.note(w.src.RoomID(), r)
		}
		w.mu.Lock()
		if r.err != nil {
			w.failed++
		} else {
			w.failed = 0
		}
		behind := w.edited.Load() > w.saved.Load() || r.err != nil
		r.behind = w.behind
		w.running, w.next = w.next, nil
		if w.running == nil && behind && !w.armed && !w.closed {
			if d := w.retryIn(); d > 0 {
				w.armLocked(d, ReasonInterval)
			}
		}
		close(r.done)
		r = w.running
		w.mu.Unlock()
	}
}

// retryIn is the pause until the next background run.
func (w *Watch) retryIn() time.Duration {
	interval := w.keeper.opts.Interval
	if w.failed == 0 {
		return max(interval, 0)
	}
	backoff := time.Second << min(w.failed-1, 6)
	if interval > 0 {
		return min(backoff, interval)
	}
	return backoff
}

// do captures, saves, and writes back.
func (w *Watch) do(ctx context.Context, r *run) error {
	for range maxRounds {
		// What is told from here on may be too late for the capture, even
		// before it has come back.
		w.mu.Lock()
		r.began, r.seq, w.first = true, w.edited.Load(), time.Time{}
		version, looked := w.version, w.looked
		request, compare := r.request, r.compare
		w.mu.Unlock()
		c, err := w.src.Capture(ctx)
		if err != nil {
			return fmt.Errorf("capture %s: %w", w.src.RoomID(), err)
		}
		w.mu.Lock()
		r.seq = max(r.seq, c.Seq)
		w.mu.Unlock()

		if c.Seq > w.saved.Load() || request && version == 0 {
			if err := w.save(ctx, c); err != nil {
				return &StageError{Stage: "persist", Err: err}
			}
		}
		w.release(ctx, r, c)
		w.mu.Lock()
		r.result.Seq, r.result.Version, r.result.CreatedAt = c.Seq, w.version, w.created
		r.result.SnapshotCreated = w.version > 0
		w.mu.Unlock()
		if w.wb == nil || looked && c.Seq == w.checked && !compare {
			return nil
		}
		again, err := w.writeBack(ctx, r, c)
		if err != nil || !again {
			return err
		}
	}
	return &StageError{Stage: "draft", Err: errors.New("the target keeps changing while it is written")}
}

// save stores a snapshot.
func (w *Watch) save(ctx context.Context, c Capture) error {
	k := w.keeper
	if n := len(c.State); n > k.opts.OversizeBytes {
		k.log.Warn("snapshot is large", "room", c.Room, "bytes", n, "limit", k.opts.OversizeBytes)
		if e := k.opts.Events; e != nil {
			e.SnapshotOversize(c.Room, n, k.opts.OversizeBytes)
		}
	}
	began := time.Now()
	version, err := k.store.SaveSnapshot(ctx, Snapshot{Room: c.Room, State: c.State, Vector: c.Vector, Seq: c.Seq, CreatedAt: began}, c.Meta)
	if err != nil {
		return fmt.Errorf("save snapshot of %s at %d: %w", c.Room, c.Seq, err)
	}
	w.mu.Lock()
	w.version, w.created, w.behind = version, began, c.Seq > w.saved.Load()
	w.mu.Unlock()
	w.saved.Store(max(w.saved.Load(), c.Seq))
	k.mu.Lock()
	k.stats.Snapshots++
	k.stats.LastSnapshot = began
	k.mu.Unlock()
	if e := k.opts.Events; e != nil {
		e.SnapshotSaved(c, version, time.Since(began))
	}
	return nil
}

// release saves what is saved already once more when a room closes. Both states
// that are kept then cover everything, one can still be damaged, and the journal
// need not hold what lies between them until somebody edits the room again.
func (w *Watch) release(ctx context.Context, r *run, c Capture) {
	w.mu.Lock()
	need := w.behind && c.Seq == w.saved.Load() && r.closing
	w.mu.Unlock()
	if !need {
		return
	}
	k := w.keeper
	now := time.Now()
	version, err := k.store.SaveSnapshot(ctx, Snapshot{Room: c.Room, State: c.State, Vector: c.Vector, Seq: c.Seq, CreatedAt: now}, c.Meta)
	if err != nil { // nothing is missing for it
		k.log.Warn("journal of a room that closes could not be trimmed", "room", c.Room, "error", err)
		return
	}
	w.mu.Lock()
	w.version, w.created, w.behind = version, now, false
	w.mu.Unlock()
}

// writeBack has the capture written to its target. It returns true when a
// change from outside went into the document and the run must start over.
func (w *Watch) writeBack(ctx context.Context, r *run, c Capture) (again bool, err error) {
	k := w.keeper
	began := time.Now()
	announce := func(ctx context.Context, m Meta) error {
		if err := k.store.SaveMeta(ctx, c.Room, c.Seq, m); err != nil {
			return &StageError{Stage: "persist", Err: err}
		}
		return nil
	}
	out, err := w.wb.WriteBack(ctx, c, announce)
	if err != nil {
		return false, fmt.Errorf("write back %s at %d: %w", c.Room, c.Seq, err)
	}
	if out.Gone {
		r.result.Gone = true
		if e := k.opts.Events; e != nil {
			e.RoomGone(c.Room)
		}
		return false, nil
	}
	if out.Meta != nil {
		if err := w.src.ApplyOutside(ctx, out.Update, *out.Meta); err != nil {
			return false, fmt.Errorf("apply outside change to %s: %w", c.Room, err)
		}
		if out.Update != nil {
			return true, nil // the entry carries the meta
		}
		if err := announce(ctx, *out.Meta); err != nil {
			return false, err
		}
	}
	w.mu.Lock()
	w.checked, w.looked = c.Seq, true
	w.mu.Unlock()
	if out.Wrote {
		r.result.WroteBack = true
		k.mu.Lock()
		k.stats.WriteBacks++
		k.mu.Unlock()
		if e := k.opts.Events; e != nil {
			e.WroteBack(c.Room, c.Seq, time.Since(began))
		}
	}
	return false, nil
}

// note counts a run and reports its failure.
func (k *Keeper) note(room string, r *run) {
	k.mu.Lock()
	if r.err == nil {
		delete(k.failures, room)
		k.mu.Unlock()
		return
	}
	k.stats.Failures++
	k.failures[room] = r.err
	k.mu.Unlock()
	stage := "draft"
	var se *StageError
	if errors.As(r.err, &se) {
		stage = se.Stage
	}
	k.log.Error("room could not be saved; tried again later", "room", room, "reason", string(r.reason), "stage", stage, "error", r.err)
	if e := k.opts.Events; e != nil {
		e.WriteBackFailed(room, stage, r.err)
	}
}

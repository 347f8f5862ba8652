package room

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Observer is told by the journal and the keeper what they did, and turns it
// into hooks and figures. Make one, give it to both and to the Manager:
//
//	o := room.NewObserver(sink, logger)
//	journal := store.NewJournal(s, store.JournalOptions{Observer: o})
//	keeper := store.NewKeeper(s, store.KeeperOptions{Events: o})
//	rooms, err := room.NewManager(room.Deps{Observer: o, …}, …)
type Observer struct {
	hooks   hooks.Sink
	logger  *slog.Logger
	manager atomic.Pointer[Manager]

	Fsync           meter.Histogram // one commit of the journal
	SnapshotsSaved  meter.Counter
	SnapshotBytes   meter.Counter
	WriteBacks      meter.Counter
	WriteBackErrors meter.Counter
	CommitErrors    meter.Counter
	lastSnapshot    atomic.Int64 // unix milliseconds

	mu      sync.Mutex
	failing time.Time // guarded by mu; since when commits fail
}

var (
	_ store.JournalObserver = (*Observer)(nil)
	_ store.KeeperEvents    = (*Observer)(nil)
)

// NewObserver returns an observer that reports to sink (nil = nobody).
func NewObserver(sink hooks.Sink, logger *slog.Logger) *Observer {
	if sink == nil {
		sink = hooks.Discard
	}
	if logger == nil {
		logger = slog.Default()
	}
	return &Observer{hooks: sink, logger: logger}
}

func (o *Observer) bind(m *Manager) { o.manager.Store(m) }

// LastSnapshot is when any room was last saved; zero = never.
func (o *Observer) LastSnapshot() time.Time {
	if ms := o.lastSnapshot.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// Committed implements store.JournalObserver.
func (o *Observer) Committed(_, _ int, took, _ time.Duration) {
	o.Fsync.Observe(took)
	o.mu.Lock()
	since := o.failing
	o.failing = time.Time{}
	o.mu.Unlock()
	if !since.IsZero() {
		o.hooks.Emit(hooks.Event{Data: hooks.JournalRecovered{OutageMS: time.Since(since).Milliseconds()}})
	}
}

// CommitFailed implements store.JournalObserver.
func (o *Observer) CommitFailed(err error) {
	o.CommitErrors.Inc()
	o.mu.Lock()
	first := o.failing.IsZero()
	if first {
		o.failing = time.Now()
	}
	since := o.failing
	o.mu.Unlock()
	if !first {
		return // one hook for an outage
	}
	pending := 0
	if m := o.manager.Load(); m != nil {
		pending = m.deps.Journal.Stats().Pending
	}
	o.hooks.Emit(hooks.Event{Data: hooks.JournalFailing{Error: err.Error(), SinceMS: time.Since(since).Milliseconds(), Pending: pending}})
}

// SnapshotSaved implements store.KeeperEvents.
func (o *Observer) SnapshotSaved(c store.Capture, version int64, _ time.Duration) {
	now := time.Now()
	o.SnapshotsSaved.Inc()
	o.SnapshotBytes.Add(uint64(len(c.State)))
	o.lastSnapshot.Store(now.UnixMilli())
	if r := o.room(c.Room); r != nil {
		r.snapshot.Store(now.UnixMilli())
		r.snapSeq.Store(c.Seq)
	}
	o.hooks.Emit(hooks.Event{Data: hooks.SnapshotSaved{RoomID: c.Room, Version: version, Seq: c.Seq, ByteSize: len(c.State)}})
}

// SnapshotOversize implements store.KeeperEvents.
func (o *Observer) SnapshotOversize(room string, bytes, limit int) {
	o.hooks.Emit(hooks.Event{Data: hooks.SnapshotOversize{RoomID: room, ByteSize: bytes, Cap: limit}})
}

// SnapshotExpired implements store.KeeperEvents.
func (o *Observer) SnapshotExpired(e store.Expired) {
	o.hooks.Emit(hooks.Event{Data: hooks.SnapshotExpired{RoomID: e.Room, Version: e.Version, AgeMS: e.Age.Milliseconds()}})
}

// WroteBack implements store.KeeperEvents.
func (o *Observer) WroteBack(room string, seq uint64, _ time.Duration) {
	o.WriteBacks.Inc()
	if r := o.room(room); r != nil {
		r.writeback.Store(nil)
	}
	o.hooks.Emit(hooks.Event{Data: hooks.DraftSaved{RoomID: room, RecordID: recordOf(room), Seq: seq}})
}

// WriteBackFailed implements store.KeeperEvents.
func (o *Observer) WriteBackFailed(room, stage string, err error) {
	o.WriteBackErrors.Inc()
	id, text := host.NewCorrelationID(), err.Error()
	if r := o.room(room); r != nil {
		r.writeback.Store(&text)
	}
	o.logger.Error("write-back failed; it is tried again", "op", "room.writeback", "room", room, "stage", stage, "correlation_id", id, "error", err)
	o.hooks.Emit(hooks.Event{CorrelationID: id, Data: hooks.WritebackFailed{RoomID: room, RecordID: recordOf(room), Stage: stage, Error: text}})
}

// RoomGone implements store.KeeperEvents.
func (o *Observer) RoomGone(room string) {
	if m := o.manager.Load(); m != nil {
		m.Gone(room)
	}
}

func (o *Observer) room(id string) *Room {
	if m := o.manager.Load(); m != nil {
		if r, ok := m.Room(id); ok {
			return r
		}
	}
	return nil
}

// recordOf returns the id within the room type.
func recordOf(room string) string {
	_, id, _ := strings.Cut(room, ":")
	return id
}

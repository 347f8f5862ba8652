package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
)

// open loads a room and publishes it, or the reason why not.
func (m *Manager) open(e *entry, h Handler, roomType, local string) {
	ctx, cancel := context.WithTimeout(m.base, m.opts.OpenTimeout)
	defer cancel()
	r, err := m.load(ctx, e, h, roomType, local)
	if err != nil {
		m.opts.Meter.RoomsFailed.Inc()
		e.err = loadError(err)
		m.reportFailure(e, roomType, e.err)
		m.mu.Lock()
		m.forgetLocked(e.id) // the next one to come tries again
		m.mu.Unlock()
		close(e.gone)
		close(e.ready)
		return
	}
	m.opts.Meter.RoomsOpened.Inc()
	e.room = r
	close(e.ready)
	m.emit("", hooks.RoomCreated{RoomID: r.id, RoomType: r.kind})
	r.watch.CheckOutside() // the file may have changed while the room was closed

	m.mu.Lock() // the ones it was opened for may have left again
	stopped := m.stopped
	if e.refs == 0 && e.leaves.IsZero() && !e.closing && !stopped {
		m.startGraceLocked(e, m.opts.Grace)
	}
	m.mu.Unlock()
	if stopped {
		m.shut(e, wire.CloseRestart, "stop", "")
	}
}

// loadError keeps the errors that mean something to a client and makes a
// failed load of all others.
func loadError(err error) error {
	for _, known := range []*host.Error{ErrRoomNotFound, ErrPermissionDenied, ErrUnavailable} {
		if errors.Is(err, known) {
			if CorrelationOf(err) == "" {
				return known.With(host.NewCorrelationID(), err)
			}
			return err
		}
	}
	return ErrLoadFailed.With(host.NewCorrelationID(), err)
}

// load builds the room from the store, or from its seed the first time. Any
// doubt about the state is an error: an empty document never stands in.
func (m *Manager) load(ctx context.Context, e *entry, h Handler, roomType, local string) (*Room, error) {
	loaded, err := m.deps.Store.Load(ctx, e.id)
	if errors.Is(err, store.ErrNoRoom) {
		if loaded != nil { // there was a room, and nothing of it is intact
			for _, d := range loaded.Damage {
				m.damaged(e.id, d)
			}
		}
		loaded, err = m.seed(ctx, e.id, h, local)
	}
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	for _, d := range loaded.Damage {
		m.damaged(e.id, d)
	}
	if loaded.Snapshot == nil && len(loaded.Entries) == 0 {
		return nil, errors.New("load: no intact state is left in the store")
	}

	r := &Room{
		id: e.id, kind: roomType, local: local, manager: m, handler: h, entry: e,
		created: time.Now(), broken: make(chan struct{}),
		meta: loaded.Meta, seq: loaded.LastSeq(),
		authors: map[uint64]int64{}, presence: awareness.New(), speakers: map[uint64]*Member{},
	}
	r.in.space.L, r.in.work.L = &r.in.mu, &r.in.mu
	snapshot := store.Snapshot{Room: e.id}
	if loaded.Snapshot != nil {
		snapshot = *loaded.Snapshot
	}
	if err := r.assemble(snapshot, loaded.Entries); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	r.recallLineage()
	snapshot.State, snapshot.Vector = nil, nil // the keeper wants to know what there is, not the bytes
	r.bytes.Store(int64(r.size))
	r.applied.Store(r.seq)
	r.durable.Store(r.seq)

	if m.deps.Cluster != nil {
		if r.link, err = m.deps.Cluster.Join(ctx, e.id, r); err != nil {
			return nil, fmt.Errorf("join the cluster: %w", err)
		}
	}
	r.log = m.deps.Journal.Open(e.id, r.seq, r)
	r.watch = m.deps.Keeper.Watch(r, h, snapshot, r.seq)
	return r, nil
}

// assemble makes the document of a snapshot and what was written after it.
func (r *Room) assemble(snapshot store.Snapshot, entries []store.Entry) error {
	r.size = len(snapshot.State)
	r.worked.Store(r.created.UnixMilli())
	entries = slices.DeleteFunc(slices.Clone(entries), func(e store.Entry) bool { return len(e.Update) == 0 }) // carries meta only
	if len(entries) == 0 && len(snapshot.State) <= sleepMost {
		sv := snapshot.Vector
		if sv == nil {
			sv = wholeVector(snapshot.State)
		}
		if sv != nil {
			r.rest(snapshot.State, sv)
			r.fresh.Store(true)
			return nil
		}
	}
	r.doc = newDoc(r.id)
	if len(snapshot.State) > 0 {
		if err := r.doc.ApplyUpdate(snapshot.State, originLoad); err != nil {
			return fmt.Errorf("snapshot %d: %w", snapshot.Version, err)
		}
	}
	for _, entry := range entries {
		if err := r.doc.ApplyUpdate(entry.Update, originLoad); err != nil {
			return fmt.Errorf("journal entry %d: %w", entry.Seq, err)
		}
		r.size += len(entry.Update)
		r.remember(entry)
	}
	r.listen()
	return nil
}

// seed creates the room in the store: from what was kept of it if it was
// deleted and is back, else anew. If another opener was faster, its state
// counts.
func (m *Manager) seed(ctx context.Context, id string, h Handler, local string) (*store.Loaded, error) {
	if l, err := m.restore(ctx, id, h, local); l != nil || err != nil {
		return l, err
	}
	seed, err := h.Seed(ctx, local)
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	first := store.Snapshot{Room: id, State: seed.State, Vector: wholeVector(seed.State), CreatedAt: time.Now()}
	switch err := m.deps.Store.Create(ctx, id, seed.Meta, first); {
	case errors.Is(err, store.ErrRoomExists):
		return m.deps.Store.Load(ctx, id)
	case err != nil:
		return nil, fmt.Errorf("create: %w", err)
	}
	return &store.Loaded{Meta: seed.Meta, Snapshot: &first}, nil
}

// remember binds the Yjs clients of a journal entry to its author.
func (r *Room) remember(e store.Entry) {
	if e.Author == 0 {
		return
	}
	if _, to, err := yjs.UpdateMeta(e.Update); err == nil {
		for id := range to {
			if _, bound := r.authors[id]; !bound {
				r.authors[id] = e.Author
			}
		}
	}
}

func (m *Manager) damaged(id string, d store.Damage) {
	cid := host.NewCorrelationID()
	m.logger.Error("stored data is damaged; the best intact state is used and the bytes are kept aside",
		"op", "room.open", "room", id, "what", d.What, "reason", d.Reason, "correlation_id", cid)
	m.emit(cid, hooks.SnapshotIntegrityFailed{RoomID: id, What: d.What, Detail: d.Reason})
}

package room

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

const (
	// KeepDeleted is how long the document of something deleted is kept.
	KeepDeleted = 30 * 24 * time.Hour
	// lookForDeleted is how often closed rooms are compared with what there is.
	lookForDeleted = 6 * time.Hour
	// deletedType is the first part of the ids under which they are kept. No
	// handler may have it.
	deletedType = "deleted"
)

// Deletable is an optional capability of a Handler whose rooms show something
// that can be deleted, as records can. What is deleted loses its room: the
// document is kept for KeepDeleted under another id, so that something new of
// the same id does not start with it.
type Deletable interface {
	// Exists reports whether what room id shows is there. An error says that
	// it is not known.
	Exists(ctx context.Context, id string) (bool, error)
	// Restored reports whether what is there now under id is what a room with
	// this meta showed, brought back, and not something new. Its room then goes
	// on with the document that was kept.
	Restored(ctx context.Context, id string, meta store.Meta) (bool, error)
}

// DeletedID is the id under which the document of a deleted room is kept.
func DeletedID(room string, at time.Time) string {
	return fmt.Sprintf("%s:%d:%s", deletedType, at.UnixMilli(), room)
}

// ParseDeleted is the reverse of DeletedID.
func ParseDeleted(id string) (room string, at time.Time, ok bool) {
	rest, ok := strings.CutPrefix(id, deletedType+":")
	ms, room, found := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || !found || err != nil {
		return "", at, false
	}
	return room, time.UnixMilli(n), true
}

// LatestDeleted is the id, among those of a store's rooms, under which the
// document of a room was last put away, "" if it was not.
func LatestDeleted(ids []string, room string) (latest string) {
	var when time.Time
	for _, id := range ids {
		if of, at, ok := ParseDeleted(id); ok && of == room && at.After(when) {
			latest, when = id, at
		}
	}
	return latest
}

// graveyard knows under which ids documents are kept, so that opening a room
// for the first time need not go through all that are stored. Another node may
// know of more; what it put away is found after the next look.
type graveyard struct {
	mu  sync.Mutex
	ids []string // guarded by mu; nil = not known
}

// latest is LatestDeleted among all rooms of the store.
func (g *graveyard) latest(ctx context.Context, s store.Store, room string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ids == nil {
		all, err := s.Rooms(ctx)
		if err != nil {
			return "", err
		}
		g.ids = []string{}
		for _, id := range all {
			if strings.HasPrefix(id, deletedType+":") {
				g.ids = append(g.ids, id)
			}
		}
	}
	return LatestDeleted(g.ids, room), nil
}

// changed has the next question look again.
func (g *graveyard) changed() {
	g.mu.Lock()
	g.ids = nil
	g.mu.Unlock()
}

// Deleted says that what a room shows has been deleted, as far as somebody
// heard. It never blocks.
func (m *Manager) Deleted(id string) {
	if r, ok := m.Room(id); ok {
		r.watch.CheckOutside() // finds out, and closes the room
		return
	}
	m.spawn(func() {
		ctx, cancel := context.WithTimeout(m.base, m.opts.OpenTimeout)
		defer cancel()
		m.retireClosed(ctx, id)
	})
}

// retireOpen keeps the document of a room that is closing because what it
// shows was deleted. The loop has ended: the document is ours, and holds every
// edit that was acknowledged.
func (m *Manager) retireOpen(ctx context.Context, r *Room) {
	c, err := r.captured()
	if err != nil {
		return // it was logged; what is stored is put away later
	}
	if err := m.retire(ctx, r.id, c.State, c.Meta); err != nil {
		r.logger().Error("the document of a deleted record could not be put away; tried again later", "op", "room.retire", "error", err)
	}
}

// retire puts a document away and removes its room from the store. A crash
// between the two leaves both; then the room is retired once more.
func (m *Manager) retire(ctx context.Context, id string, state []byte, meta store.Meta) error {
	now := time.Now()
	kept := DeletedID(id, now)
	if err := m.deps.Store.Create(ctx, kept, meta, store.Snapshot{State: state, CreatedAt: now}); err != nil {
		return fmt.Errorf("put the document of %s away: %w", id, err)
	}
	m.graves.changed()
	if err := m.deps.Store.Delete(ctx, id); err != nil {
		return fmt.Errorf("remove %s, whose record was deleted: %w", id, err)
	}
	m.logger.Info("the record was deleted; its document is put away", "op", "room.retire", "room", id, "kept_as", kept, "until", now.Add(KeepDeleted).UTC())
	return nil
}

// retireClosed retires a room that nobody has open, if what it shows does not
// exist. Whoever comes meanwhile waits.
func (m *Manager) retireClosed(ctx context.Context, id string) {
	kind, local, _ := strings.Cut(id, ":")
	h, ok := m.handlers[kind].(Deletable)
	if !ok {
		return
	}
	m.mu.Lock()
	if m.stopped || m.entries[id] != nil {
		m.mu.Unlock()
		return
	}
	e := &entry{id: id, closing: true, gone: make(chan struct{}), ready: make(chan struct{})}
	m.entries[id] = e
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.forgetLocked(id)
		m.mu.Unlock()
		close(e.gone)
	}()
	exists, err := h.Exists(ctx, local)
	if err != nil || exists {
		return // not known is not gone
	}
	l, err := m.deps.Store.Load(ctx, id)
	if errors.Is(err, store.ErrNoRoom) {
		return
	}
	var state []byte
	if err == nil {
		for _, d := range l.Damage {
			m.damaged(id, d)
		}
		state, err = stored(l)
	}
	if err == nil {
		err = m.retire(ctx, id, state, l.Meta)
	}
	if err != nil {
		m.logger.Error("the document of a deleted record could not be put away; tried again later", "op", "room.retire", "room", id, "error", err)
	}
}

// stored puts snapshot and journal together.
func stored(l *store.Loaded) ([]byte, error) {
	updates := [][]byte{l.Snapshot.State}
	for _, e := range l.Entries {
		if len(e.Update) > 0 {
			updates = append(updates, e.Update)
		}
	}
	if len(updates) == 1 {
		return updates[0], nil
	}
	return yjs.MergeUpdates(updates)
}

// retireGone looks through the store for rooms of what was deleted while
// nobody told us, and removes documents that were kept long enough.
func (m *Manager) retireGone(ctx context.Context, now time.Time) {
	defer m.graves.changed()
	ids, err := m.deps.Store.Rooms(ctx)
	if err != nil {
		m.logger.Warn("stored rooms cannot be listed; deleted records are looked for later", "op", "room.retire", "error", err)
		return
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return
		}
		if _, at, ok := ParseDeleted(id); ok {
			if now.Sub(at) > KeepDeleted {
				if err := m.deps.Store.Delete(ctx, id); err != nil {
					m.logger.Warn("a deleted record's document cannot be removed; tried again later", "op", "room.retire", "room", id, "error", err)
				}
			}
			continue
		}
		kind, local, _ := strings.Cut(id, ":")
		h, ok := m.handlers[kind].(Deletable)
		if !ok {
			continue
		}
		if exists, err := h.Exists(ctx, local); err == nil && !exists {
			m.retireClosed(ctx, id)
		}
	}
}

// restore brings the room of something that was deleted and restored back. nil
// if there is none.
func (m *Manager) restore(ctx context.Context, id string, h Handler, local string) (*store.Loaded, error) {
	d, ok := h.(Deletable)
	if !ok {
		return nil, nil
	}
	kept, err := m.graves.latest(ctx, m.deps.Store, id)
	if err != nil || kept == "" {
		return nil, err
	}
	l, err := m.deps.Store.Load(ctx, kept)
	if errors.Is(err, store.ErrNoRoom) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if same, err := d.Restored(ctx, local, l.Meta); err != nil || !same {
		return nil, err
	}
	first := store.Snapshot{Room: id, State: l.Snapshot.State, Vector: l.Snapshot.Vector, CreatedAt: l.Snapshot.CreatedAt}
	switch err := m.deps.Store.Create(ctx, id, l.Meta, first); {
	case errors.Is(err, store.ErrRoomExists): // another opener was faster
		return m.deps.Store.Load(ctx, id)
	case err != nil:
		return nil, err
	}
	defer m.graves.changed()
	if err := m.deps.Store.Delete(ctx, kept); err != nil { // its time comes anyway
		m.logger.Warn("a document that was brought back is still kept as deleted", "op", "room.restore", "room", id, "error", err)
	}
	m.logger.Info("the record is back as it was; its document goes on", "op", "room.restore", "room", id)
	return &store.Loaded{Meta: l.Meta, Snapshot: &first}, nil
}

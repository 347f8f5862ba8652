// Package mem is a Store in memory: for tests, and for hosts that choose
// `storage: memory` and accept that nothing survives the process.
//
// It keeps every promise of the port except durability beyond the process.
// Reopen gives a second handle on the same data, as a restart would.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a handle on a Disk.
type Store struct {
	disk *disk

	mu     sync.RWMutex // held for reading by every call, for writing by Close
	closed bool
}

// disk is the data that handles share.
type disk struct {
	mu    sync.Mutex
	rooms map[string]*room
	// journal is kept apart from rooms, as in every other store: an entry
	// may arrive for a room that does not exist.
	journal map[string]map[uint64]store.Entry
}

type room struct {
	meta    store.Meta
	metaSeq uint64
	states  []store.Snapshot // oldest first, at most two
	version int64
}

// New returns an empty store.
func New() *Store {
	return &Store{disk: &disk{rooms: map[string]*room{}, journal: map[string]map[uint64]store.Entry{}}}
}

// Reopen returns a new handle on the same data.
func (s *Store) Reopen() *Store { return &Store{disk: s.disk} }

// begin admits a call; the caller must call end.
func (s *Store) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, store.ErrClosed
	}
	s.disk.mu.Lock()
	return func() { s.disk.mu.Unlock(); s.mu.RUnlock() }, nil
}

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, id string, meta store.Meta, seed store.Snapshot) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if s.disk.rooms[id] != nil {
		return store.ErrRoomExists
	}
	delete(s.disk.journal, id) // of a room deleted before
	seed = cloneSnapshot(seed)
	seed.Room, seed.Version = id, 0
	if seed.CreatedAt.IsZero() {
		seed.CreatedAt = time.Now()
	}
	s.disk.rooms[id] = &room{meta: cloneMeta(meta), metaSeq: seed.Seq, states: []store.Snapshot{seed}}
	return nil
}

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, id string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	r := s.disk.rooms[id]
	if r == nil {
		return nil, store.ErrNoRoom
	}
	newest := cloneSnapshot(r.states[len(r.states)-1])
	l := &store.Loaded{Meta: cloneMeta(r.meta), Snapshot: &newest}
	for seq := newest.Seq + 1; ; seq++ {
		e, ok := s.disk.journal[id][seq]
		if !ok {
			s.disk.putAside(id, seq, l)
			return l, nil
		}
		e = cloneEntry(e)
		if e.Meta != nil && e.Seq > r.metaSeq {
			l.Meta = cloneMeta(*e.Meta)
		}
		l.Entries = append(l.Entries, e)
	}
}

// putAside removes entries behind a gap at seq. A caller outside of the port
// has made it; there is no folder to keep them in.
func (d *disk) putAside(id string, seq uint64, l *store.Loaded) {
	for n := range d.journal[id] {
		if n > seq {
			delete(d.journal[id], n)
			l.Damage = append(l.Damage, store.Damage{Room: id, What: fmt.Sprintf("journal entry %d", n), Reason: fmt.Sprintf("entry %d before it is missing", seq)})
		}
	}
}

// Peek implements store.Peeker.
func (s *Store) Peek(ctx context.Context, id string) (*store.Loaded, error) { return s.Load(ctx, id) }

// Aside implements store.Peeker: nothing is ever damaged here.
func (s *Store) Aside(context.Context) ([]store.Damage, error) { return nil, nil }

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	for _, e := range entries {
		if old, ok := s.disk.journal[e.Room][e.Seq]; ok && !bytes.Equal(old.Update, e.Update) {
			return &store.RoomError{Room: e.Room, Err: store.ErrSeqTaken}
		}
	}
	for _, e := range entries {
		if s.disk.journal[e.Room] == nil {
			s.disk.journal[e.Room] = map[uint64]store.Entry{}
		}
		s.disk.journal[e.Room][e.Seq] = cloneEntry(e)
	}
	return nil
}

// SaveSnapshot implements store.Store.
func (s *Store) SaveSnapshot(ctx context.Context, snap store.Snapshot, meta store.Meta) (int64, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	r := s.disk.rooms[snap.Room]
	if r == nil {
		return 0, store.ErrNoRoom
	}
	previous := r.states[len(r.states)-1]
	if snap.Seq < previous.Seq {
		return 0, store.ErrSeqTaken
	}
	r.version++
	snap = cloneSnapshot(snap)
	snap.Version = r.version
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = time.Now()
	}
	r.states = []store.Snapshot{previous, snap}
	r.meta, r.metaSeq = cloneMeta(meta), snap.Seq
	for seq := range s.disk.journal[snap.Room] {
		if seq <= previous.Seq {
			delete(s.disk.journal[snap.Room], seq)
		}
	}
	return snap.Version, nil
}

// SaveMeta implements store.Store.
func (s *Store) SaveMeta(ctx context.Context, id string, seq uint64, meta store.Meta) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	r := s.disk.rooms[id]
	if r == nil {
		return store.ErrNoRoom
	}
	r.meta, r.metaSeq = cloneMeta(meta), seq
	return nil
}

// Latest implements store.Store.
func (s *Store) Latest(ctx context.Context, id string) (*store.Snapshot, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	r := s.disk.rooms[id]
	if r == nil {
		return nil, store.ErrNoRoom
	}
	snap := cloneSnapshot(r.states[len(r.states)-1])
	return &snap, nil
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]string, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	ids := make([]string, 0, len(s.disk.rooms))
	for id := range s.disk.rooms {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, id string) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	delete(s.disk.rooms, id)
	delete(s.disk.journal, id)
	return nil
}

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, ttl time.Duration, active func(string) bool) ([]store.Expired, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var removed []store.Expired
	for id, r := range s.disk.rooms {
		if active(id) || len(r.states) < 2 {
			continue
		}
		old, newest := r.states[0], r.states[1]
		age := time.Since(old.CreatedAt)
		if age <= ttl {
			continue
		}
		removed = append(removed, store.Expired{Room: id, Version: old.Version, Age: age})
		r.states = r.states[1:]
		for seq := range s.disk.journal[id] {
			if seq <= newest.Seq {
				delete(s.disk.journal[id], seq)
			}
		}
	}
	return removed, nil
}

// Close implements store.Store. The data stays for Reopen.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func cloneMeta(m store.Meta) store.Meta {
	m.Aux = bytes.Clone(m.Aux)
	return m
}

func cloneSnapshot(s store.Snapshot) store.Snapshot {
	s.State, s.Vector = bytes.Clone(s.State), bytes.Clone(s.Vector)
	return s
}

func cloneEntry(e store.Entry) store.Entry {
	e.Update = bytes.Clone(e.Update)
	if e.Meta != nil {
		m := cloneMeta(*e.Meta)
		e.Meta = &m
	}
	return e
}

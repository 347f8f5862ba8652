package fs

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// DefaultSegmentBytes is the size at which a journal segment is closed.
const DefaultSegmentBytes = 8 << 20

// Options says where the data is.
type Options struct {
	Dir          string // made if missing
	SegmentBytes int64  // 0 = DefaultSegmentBytes
	// OS replaces the file system in tests. nil = the real one, locked
	// against other processes.
	OS     OS
	Logger *slog.Logger // nil = slog.Default()
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a Store in a folder.
type Store struct {
	opts   Options
	os     OS
	log    *slog.Logger
	unlock func() error

	mu      sync.Mutex // held by every call
	journal log
	closed  bool
}

// Open opens the folder and reads the journal.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("file store: no folder given")
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Store{opts: o, os: o.OS, log: o.Logger, unlock: func() error { return nil }}
	s.journal = log{s: s, dir: filepath.Join(o.Dir, "journal")}
	real := s.os == nil
	if real {
		s.os = disk{}
	}
	for _, dir := range []string{o.Dir, filepath.Join(o.Dir, "snapshots"), s.journal.dir} {
		if err := s.os.MkdirAll("make folder", dir); err != nil {
			return nil, fmt.Errorf("file store: %w", err)
		}
	}
	if err := s.os.SyncDir("sync folder", o.Dir); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	if real {
		var err error
		if s.unlock, err = lock(filepath.Join(o.Dir, "lock")); err != nil {
			return nil, fmt.Errorf("file store: %s is in use by another process: %w", o.Dir, err)
		}
	}
	err := s.journal.open()
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file store: %w", err), s.unlock())
	}
	return s, nil
}

// settle drops entries that snapshots cover, and voids those of rooms that do
// not exist any more.
func (s *Store) settle() error {
	for room := range s.journal.index {
		names, err := s.list(room)
		switch {
		case errors.Is(err, store.ErrNoRoom):
			err = s.journal.forget(room, 0)
		case err == nil:
			err = s.journal.trim(room, names[len(names)-1].seq)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin admits a call; the caller must call end.
func (s *Store) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, store.ErrClosed
	}
	return s.mu.Unlock, nil
}

func wrap(what, room string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, room, err)
}

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, room string, meta store.Meta, seed store.Snapshot) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if _, err := s.list(room); !errors.Is(err, store.ErrNoRoom) {
		if err == nil {
			err = store.ErrRoomExists
		}
		return wrap("create room", room, err)
	}
	if err := s.journal.forget(room, 0); err != nil {
		return wrap("create room", room, err)
	}
	seed.Room, seed.Version = room, 0
	if seed.CreatedAt.IsZero() {
		seed.CreatedAt = time.Now()
	}
	err = s.os.MkdirAll("make room", s.roomDir(room))
	if err == nil {
		err = s.os.SyncDir("sync snapshots folder", filepath.Join(s.opts.Dir, "snapshots"))
	}
	if err == nil {
		err = s.writeState(&seed, meta)
	}
	return wrap("create room", room, err)
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.journal.append(entries); err != nil {
		return fmt.Errorf("append to journal: %w", err)
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
	names, err := s.list(snap.Room)
	if err != nil {
		return 0, wrap("save snapshot of", snap.Room, err)
	}
	previous := names[0]
	if snap.Seq < previous.seq {
		return 0, wrap("save snapshot of", snap.Room, fmt.Errorf("a state at %d is there already: %w", previous.seq, store.ErrSeqTaken))
	}
	snap.Version = previous.version + 1
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = time.Now()
	}
	if err := s.writeState(&snap, meta); err != nil {
		return 0, wrap("save snapshot of", snap.Room, err)
	}
	// The snapshot is safe. What follows only frees space.
	err = s.removeStates(snap.Room, names[1:])
	if err == nil {
		err = s.journal.trim(snap.Room, previous.seq)
	}
	if err != nil {
		s.log.Warn("old states or journal segments could not be removed; tried again with the next snapshot", "room", snap.Room, "error", err)
	}
	return snap.Version, nil
}

func (s *Store) removeStates(room string, names []stateName) error {
	for _, n := range names {
		for _, name := range []string{s.statePath(room, n), s.metaPath(room, n)} {
			if err := s.os.Remove("remove old state", name); err != nil && !errors.Is(err, iofs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// SaveMeta implements store.Store.
func (s *Store) SaveMeta(ctx context.Context, room string, seq uint64, meta store.Meta) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	names, err := s.list(room)
	if err == nil {
		err = s.writeMeta(room, names[0], seq, meta)
	}
	return wrap("save meta of", room, err)
}

// Latest implements store.Store.
func (s *Store) Latest(ctx context.Context, room string) (*store.Snapshot, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	names, err := s.list(room)
	for _, n := range names {
		snap, damage, err := s.readState(room, n)
		if err != nil {
			return nil, wrap("load snapshot of", room, err)
		}
		if damage == nil {
			return snap, nil
		}
	}
	if err == nil {
		err = store.ErrNoRoom
	}
	return nil, wrap("load snapshot of", room, err)
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]string, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	dirs, err := s.os.ReadDir("list rooms", filepath.Join(s.opts.Dir, "snapshots"))
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	var rooms []string
	for _, d := range dirs {
		room, ok := unescape(d.Name())
		if !ok {
			room, ok = s.nameInside(filepath.Join(s.opts.Dir, "snapshots", d.Name()))
		}
		if !ok {
			continue
		}
		if _, err := s.list(room); err == nil {
			rooms = append(rooms, room)
		}
	}
	slices.Sort(rooms)
	return rooms, nil
}

// nameInside reads a room's id from one of its states.
func (s *Store) nameInside(dir string) (string, bool) {
	files, err := s.os.ReadDir("list room", dir)
	if err != nil {
		return "", false
	}
	for _, f := range files {
		if b, err := s.os.ReadFile("read state", filepath.Join(dir, f.Name())); err == nil {
			for _, magic := range [][]byte{stateMagic, metaMagic} {
				if h, _, err := unseal(magic, b); err == nil {
					return h.room, true
				}
			}
		}
	}
	return "", false
}

// Delete implements store.Store. The states go before the entries: a room
// without a state does not exist.
func (s *Store) Delete(ctx context.Context, room string) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = s.os.RemoveAll("remove room", s.roomDir(room))
	if err == nil {
		err = s.os.SyncDir("sync snapshots folder", filepath.Join(s.opts.Dir, "snapshots"))
	}
	if err == nil {
		err = s.journal.forget(room, 0)
	}
	return wrap("delete room", room, err)
}

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, ttl time.Duration, active func(string) bool) ([]store.Expired, error) {
	rooms, err := s.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	var removed []store.Expired
	for _, room := range rooms {
		if active(room) {
			continue
		}
		x, err := s.sweepRoom(ctx, room, ttl)
		if err != nil {
			return removed, wrap("remove expired snapshot of", room, err)
		}
		removed = append(removed, x...)
	}
	return removed, nil
}

func (s *Store) sweepRoom(ctx context.Context, room string, ttl time.Duration) ([]store.Expired, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	names, err := s.list(room)
	if err != nil || len(names) < 2 {
		if errors.Is(err, store.ErrNoRoom) {
			err = nil
		}
		return nil, err
	}
	if _, damage, err := s.readState(room, names[0]); err != nil || damage != nil {
		return nil, err // the older ones are what the room lives on
	}
	var removed []store.Expired
	for _, n := range names[1:] {
		snap, damage, err := s.readState(room, n)
		if err != nil {
			return removed, err
		}
		if damage != nil {
			continue // for Load to put aside
		}
		if age := time.Since(snap.CreatedAt); age > ttl {
			if err := s.removeStates(room, []stateName{n}); err != nil {
				return removed, err
			}
			removed = append(removed, store.Expired{Room: room, Version: n.version, Age: age})
		}
	}
	if len(removed) == len(names)-1 {
		err = s.journal.trim(room, names[0].seq)
	}
	return removed, err
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.journal.seal()
	return s.unlock()
}

package fs

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

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
	if err := s.journal.Begin(room); err != nil {
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
		err = s.journal.Trim(snap.Room, previous.seq)
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

package fs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
	"github.com/civicpress/realtimefx/realtime/store/internal/seglog"
)

// Options says where the data is.
type Options struct {
	Dir          string // made if missing
	SegmentBytes int64  // at which a segment of the journal is closed; 0 = 8 MB
	// OS replaces the file system in tests. nil = the real one, locked
	// against other processes.
	OS     disk.OS
	Logger *slog.Logger // nil = slog.Default()
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a Store in a folder.
type Store struct {
	opts   Options
	os     disk.OS
	log    *slog.Logger
	unlock func() error

	mu      sync.Mutex // held by every call
	journal *seglog.Log
	closed  bool
}

// Open opens the folder and reads the journal.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("file store: no folder given")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Store{opts: o, os: o.OS, log: o.Logger, unlock: func() error { return nil }}
	real := s.os == nil
	if real {
		s.os = disk.Real{}
	}
	journal := filepath.Join(o.Dir, "journal")
	for _, dir := range []string{o.Dir, filepath.Join(o.Dir, "snapshots"), journal} {
		if err := s.os.MkdirAll("make folder", dir); err != nil {
			return nil, fmt.Errorf("file store: %w", err)
		}
	}
	if err := s.os.SyncDir("sync folder", o.Dir); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	if real {
		var err error
		if s.unlock, err = disk.Lock(filepath.Join(o.Dir, "lock")); err != nil {
			return nil, fmt.Errorf("file store: %s is in use by another process: %w", o.Dir, err)
		}
	}
	var err error
	s.journal, err = seglog.Open(seglog.Options{
		Dir: journal, Damaged: s.damaged(), SegmentBytes: o.SegmentBytes, OS: s.os, Exists: s.exists, Logger: s.log,
	})
	if err == nil {
		err = s.journal.Settle(s.oldest)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("file store: %w", err), s.unlock())
	}
	return s, nil
}

func (s *Store) damaged() string { return filepath.Join(s.opts.Dir, "damaged") }

// exists reports whether a room has a folder.
func (s *Store) exists(room string) bool {
	_, err := s.os.ReadDir("look for room", s.roomDir(room))
	return err == nil
}

// oldest returns the sequence number of a room's oldest state.
func (s *Store) oldest(room string) (uint64, error) {
	names, err := s.list(room)
	if err != nil {
		return 0, err
	}
	return names[len(names)-1].seq, nil
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

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.journal.Append(entries); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.journal.Close()
	return s.unlock()
}

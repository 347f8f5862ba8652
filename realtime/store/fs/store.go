package fs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

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

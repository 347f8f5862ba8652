package fs

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

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
		room, ok := disk.Unescape(d.Name())
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
		err = s.journal.Forget(room, 0)
	}
	return wrap("delete room", room, err)
}

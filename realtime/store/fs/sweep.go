package fs

import (
	"context"
	"errors"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

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
		err = s.journal.Trim(room, names[0].seq)
	}
	return removed, err
}

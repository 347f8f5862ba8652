package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, ttl time.Duration, active func(string) bool) (removed []store.Expired, err error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	rooms, err := superseded(ctx, s.b.Look.Core, time.Now().Add(-ttl))
	end()
	if err != nil {
		return nil, fmt.Errorf("look for expired snapshots: %w", err)
	}
	for _, room := range rooms {
		if active(room) {
			continue
		}
		var old []store.Expired
		err := s.change(ctx, "remove expired snapshots of", room, func(a *Access) (err error) {
			var newest uint64
			err = a.UpdateCore(ctx, func(tx *sql.Tx) (err error) {
				old, newest, err = expire(ctx, tx, room, ttl)
				return err
			})
			if err != nil || len(old) == 0 {
				return err
			}
			return a.Journal.Trim(ctx, room, newest)
		})
		if err != nil {
			return removed, err
		}
		removed = append(removed, old...)
	}
	return removed, nil
}

// superseded lists the rooms that have an older state from before a time.
func superseded(ctx context.Context, q Querier, before time.Time) ([]string, error) {
	return column(ctx, q, `SELECT DISTINCT o.room_id FROM realtime_states o JOIN realtime_states n
		ON n.room_id = o.room_id AND n.version > o.version WHERE o.created_at < $1`, before.UnixMilli())
}

// expire removes a room's superseded states older than ttl, if the newest one
// is intact: otherwise they are what the room lives on. It returns the newest
// one's sequence number.
func expire(ctx context.Context, tx *sql.Tx, room string, ttl time.Duration) (removed []store.Expired, newest uint64, err error) {
	states, err := readStates(ctx, tx, room)
	if err != nil || len(states) == 0 || states[0].damage != "" {
		return nil, 0, err
	}
	now := time.Now()
	for _, o := range states[1:] {
		age := now.Sub(o.snap.CreatedAt)
		if age <= ttl {
			continue
		}
		if err := deleteState(ctx, tx, room, o.snap.Version); err != nil {
			return nil, 0, err
		}
		if err := deleteSnapshots(ctx, tx, room, o.snap.Version); err != nil {
			return nil, 0, err
		}
		removed = append(removed, store.Expired{Room: room, Version: o.snap.Version, Age: age})
	}
	return removed, states[0].snap.Seq, nil
}

func deleteState(ctx context.Context, tx *sql.Tx, room string, version int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1 AND version = $2`, room, version)
	return err
}

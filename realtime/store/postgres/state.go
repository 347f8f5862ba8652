package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

const (
	stateFormat   = 1
	keepSnapshots = 3
	keepStates    = 2
	everything    = 1 << 62 // a sequence number above all
)

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, room string, meta store.Meta, seed store.Snapshot) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	seed.Room, seed.Version = room, 0
	if seed.CreatedAt.IsZero() {
		seed.CreatedAt = time.Now()
	}
	err = s.change(ctx, room, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM realtime_states WHERE room_id = $1`, room).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return store.ErrRoomExists
		}
		if err := trim(ctx, tx, room, everything); err != nil { // of a deleted room
			return err
		}
		return insertState(ctx, tx, &seed, meta)
	})
	return wrap("create room", room, err)
}

func insertState(ctx context.Context, tx *sql.Tx, snap *store.Snapshot, meta store.Meta) error {
	packed := codec.Pack(snap.State)
	encoded := codec.AppendMeta(nil, meta)
	_, err := tx.ExecContext(ctx, `INSERT INTO realtime_states
		(room_id, version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		snap.Room, snap.Version, int64(snap.Seq), snap.CreatedAt.UnixMilli(), stateFormat,
		packed, codec.Hash(codec.StateLabel(snap.Room, snap.Version, snap.Seq), packed),
		int64(snap.Seq), encoded, codec.Hash(codec.MetaLabel(snap.Room, snap.Seq), encoded))
	return err
}

// SaveSnapshot implements store.Store.
func (s *Store) SaveSnapshot(ctx context.Context, snap store.Snapshot, meta store.Meta) (int64, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = time.Now()
	}
	err = s.change(ctx, snap.Room, func(tx *sql.Tx) error {
		var version, previous int64
		err := tx.QueryRowContext(ctx, `SELECT version, seq FROM realtime_states WHERE room_id = $1 ORDER BY version DESC LIMIT 1`, snap.Room).Scan(&version, &previous)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNoRoom
		} else if err != nil {
			return err
		}
		if snap.Seq < uint64(previous) {
			return fmt.Errorf("a state at %d is there already: %w", previous, store.ErrSeqTaken)
		}
		var mirrored sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT max(version) FROM realtime_snapshots WHERE room_id = $1`, snap.Room).Scan(&mirrored); err != nil {
			return err
		}
		snap.Version = max(version, mirrored.Int64) + 1
		if err := insertState(ctx, tx, &snap, meta); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1 AND version NOT IN
			(SELECT version FROM realtime_states WHERE room_id = $1 ORDER BY version DESC LIMIT $2)`, snap.Room, keepStates); err != nil {
			return err
		}
		if err := mirror(ctx, tx, &snap); err != nil {
			return err
		}
		return trim(ctx, tx, snap.Room, uint64(previous))
	})
	if err != nil {
		return 0, wrap("save snapshot of", snap.Room, err)
	}
	return snap.Version, nil
}

// mirror writes the snapshot where CivicPress looks for it.
func mirror(ctx context.Context, tx *sql.Tx, snap *store.Snapshot) error {
	sum := sha256.Sum256(snap.State)
	ms := snap.CreatedAt.UnixMilli()
	if _, err := tx.ExecContext(ctx, `INSERT INTO realtime_snapshots
		(id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`,
		fmt.Sprintf("%s-%d-%d", snap.Room, snap.Version, ms), snap.Room, notNil(snap.State), snap.Version,
		hex.EncodeToString(sum[:]), len(snap.State), ms); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = $1 AND id NOT IN
		(SELECT id FROM realtime_snapshots WHERE room_id = $1 ORDER BY version DESC LIMIT $2)`, snap.Room, keepSnapshots)
	return err
}

const saveMeta = `UPDATE realtime_states SET meta_seq = $2, meta = $3, meta_hash = $4
	WHERE room_id = $1 AND version = (SELECT max(version) FROM realtime_states WHERE room_id = $1)`

// SaveMeta implements store.Store: the newest state carries the room's meta.
func (s *Store) SaveMeta(ctx context.Context, room string, seq uint64, meta store.Meta) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	encoded := codec.AppendMeta(nil, meta)
	err = s.change(ctx, room, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, saveMeta, room, int64(seq), encoded, codec.Hash(codec.MetaLabel(room, seq), encoded))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return store.ErrNoRoom
	})
	return wrap("save meta of", room, err)
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]string, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT room_id COLLATE "C" AS id FROM realtime_states ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Delete implements store.Store. What is damaged stays aside.
func (s *Store) Delete(ctx context.Context, room string) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = s.change(ctx, room, func(tx *sql.Tx) error {
		for _, q := range []string{
			`DELETE FROM realtime_states WHERE room_id = $1`,
			`DELETE FROM realtime_snapshots WHERE room_id = $1`,
			`DELETE FROM realtime_journal WHERE room_id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, q, room); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("delete room", room, err)
}

// Sweep implements store.Store.
func (s *Store) Sweep(ctx context.Context, ttl time.Duration, active func(string) bool) ([]store.Expired, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	now := time.Now()
	rooms, err := s.superseded(ctx, now.Add(-ttl))
	if err != nil {
		return nil, fmt.Errorf("look for expired snapshots: %w", err)
	}
	var removed []store.Expired
	for _, room := range rooms {
		if active(room) {
			continue
		}
		err := s.change(ctx, room, func(tx *sql.Tx) error {
			states, err := readStates(ctx, tx, room)
			if err != nil || len(states) == 0 || states[0].damage != "" {
				return err // the older ones are what the room lives on
			}
			newest := states[0].snap
			for _, o := range states[1:] {
				age := now.Sub(o.snap.CreatedAt)
				if age <= ttl {
					continue
				}
				if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1 AND version = $2`, room, o.snap.Version); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = $1 AND version <= $2`, room, o.snap.Version); err != nil {
					return err
				}
				removed = append(removed, store.Expired{Room: room, Version: o.snap.Version, Age: age})
			}
			return trim(ctx, tx, room, newest.Seq)
		})
		if err != nil {
			return removed, wrap("remove expired snapshots of", room, err)
		}
	}
	return removed, nil
}

// superseded lists the rooms that have an older state from before a time.
func (s *Store) superseded(ctx context.Context, before time.Time) (rooms []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT o.room_id FROM realtime_states o JOIN realtime_states n
		ON n.room_id = o.room_id AND n.version > o.version WHERE o.created_at < $1`, before.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var room string
		if err := rows.Scan(&room); err != nil {
			return nil, err
		}
		rooms = append(rooms, room)
	}
	return rooms, rows.Err()
}

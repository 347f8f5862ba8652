package sqlite

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

// keepSnapshots is how many versions realtime_snapshots holds of a room, as in
// CivicPress; keepStates is how many realtime_states holds.
const (
	keepSnapshots = 3
	keepStates    = 2
)

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, room string, meta store.Meta, seed store.Snapshot) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	exists := func(q querier) error {
		var n int
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM realtime_states WHERE room_id = ?`, room).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return store.ErrRoomExists
		}
		return nil
	}
	if err := exists(s.core.read); err != nil {
		return wrap("create room", room, err)
	}
	// Entries of a deleted room of that name may be left. Nobody appends
	// before Create has succeeded.
	if err := s.trim(ctx, room, 1<<62); err != nil {
		return wrap("create room", room, err)
	}
	seed.Room, seed.Version = room, 0
	if seed.CreatedAt.IsZero() {
		seed.CreatedAt = time.Now()
	}
	err = s.core.update(ctx, func(tx *sql.Tx) error {
		if err := exists(tx); err != nil {
			return err
		}
		return insertState(ctx, tx, &seed, meta)
	})
	return wrap("create room", room, err)
}

func wrap(what, room string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, room, err)
}

func insertState(ctx context.Context, tx *sql.Tx, snap *store.Snapshot, meta store.Meta) error {
	packed := codec.Pack(snap.State)
	encoded := codec.AppendMeta(nil, meta)
	_, err := tx.ExecContext(ctx, `INSERT INTO realtime_states
		(room_id, version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
	var previous uint64
	err = s.core.update(ctx, func(tx *sql.Tx) error {
		var version, seq int64
		err := tx.QueryRowContext(ctx, `SELECT version, seq FROM realtime_states WHERE room_id = ? ORDER BY version DESC LIMIT 1`, snap.Room).Scan(&version, &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNoRoom
		} else if err != nil {
			return err
		}
		if previous = uint64(seq); snap.Seq < previous {
			return fmt.Errorf("a state at %d is there already: %w", previous, store.ErrSeqTaken)
		}
		var mirrored sql.NullInt64 // the Node server may have counted on
		if err := tx.QueryRowContext(ctx, `SELECT max(version) FROM realtime_snapshots WHERE room_id = ?`, snap.Room).Scan(&mirrored); err != nil {
			return err
		}
		snap.Version = max(version, mirrored.Int64) + 1
		if err := insertState(ctx, tx, &snap, meta); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = ? AND version NOT IN
			(SELECT version FROM realtime_states WHERE room_id = ? ORDER BY version DESC LIMIT ?)`, snap.Room, snap.Room, keepStates); err != nil {
			return err
		}
		return mirror(ctx, tx, &snap)
	})
	if err != nil {
		return 0, wrap("save snapshot of", snap.Room, err)
	}
	if err := s.trim(ctx, snap.Room, previous); err != nil && ctx.Err() == nil {
		// The snapshot is safe; the next one trims what is left.
		s.log.Warn("journal could not be trimmed; tried again with the next snapshot", "room", snap.Room, "error", err)
	}
	return snap.Version, nil
}

// mirror writes the snapshot where CivicPress looks for it.
func mirror(ctx context.Context, tx *sql.Tx, snap *store.Snapshot) error {
	sum := sha256.Sum256(snap.State)
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO realtime_snapshots
		(id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)`,
		snapshotID(snap.Room, snap.Version, snap.CreatedAt.UnixMilli()), snap.Room, notNil(snap.State), snap.Version,
		hex.EncodeToString(sum[:]), len(snap.State), snap.CreatedAt.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = ? AND id NOT IN
		(SELECT id FROM realtime_snapshots WHERE room_id = ? ORDER BY version DESC LIMIT ?)`, snap.Room, snap.Room, keepSnapshots)
	return err
}

// snapshotID is the id that CivicPress gives a snapshot.
func snapshotID(room string, version, createdMs int64) string {
	return fmt.Sprintf("%s-%d-%d", room, version, createdMs)
}

// SaveMeta implements store.Store: the newest state carries the room's meta.
func (s *Store) SaveMeta(ctx context.Context, room string, seq uint64, meta store.Meta) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	encoded := codec.AppendMeta(nil, meta)
	res, err := s.core.write.ExecContext(ctx, `UPDATE realtime_states SET meta_seq = ?, meta = ?, meta_hash = ?
		WHERE room_id = ? AND version = (SELECT max(version) FROM realtime_states WHERE room_id = ?)`,
		int64(seq), encoded, codec.Hash(codec.MetaLabel(room, seq), encoded), room, room)
	if err == nil {
		var n int64
		if n, err = res.RowsAffected(); err == nil && n == 0 {
			err = store.ErrNoRoom
		}
	}
	return wrap("save meta of", room, err)
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]string, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	rows, err := s.core.read.QueryContext(ctx, `SELECT DISTINCT room_id FROM realtime_states ORDER BY room_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
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
	err = s.core.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = ?`, room); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = ?`, room)
		return err
	})
	if err == nil {
		err = s.trim(ctx, room, 1<<62)
	}
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
	old, err := s.expired(ctx, now.Add(-ttl))
	if err != nil {
		return nil, fmt.Errorf("look for expired snapshots: %w", err)
	}
	var removed []store.Expired
	for _, x := range old {
		if active(x.room) {
			continue
		}
		err := s.core.update(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = ? AND version = ?`, x.room, x.version); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = ? AND version <= ?`, x.room, x.version)
			return err
		})
		if err == nil {
			err = s.trim(ctx, x.room, x.newest)
		}
		if err != nil {
			return removed, wrap("remove expired snapshot of", x.room, err)
		}
		removed = append(removed, store.Expired{Room: x.room, Version: x.version, Age: now.Sub(time.UnixMilli(x.created))})
	}
	return removed, nil
}

type expired struct {
	room             string
	version, created int64
	newest           uint64 // sequence number of the state that stays
}

// expired lists the superseded states from before a time, if the newest state
// of the room is intact: otherwise they are what the room lives on.
func (s *Store) expired(ctx context.Context, before time.Time) ([]expired, error) {
	rows, err := s.core.read.QueryContext(ctx, `SELECT o.room_id, o.version, o.created_at, n.seq, n.version, n.state, n.state_hash
		FROM realtime_states o JOIN realtime_states n ON n.room_id = o.room_id
		AND n.version = (SELECT max(version) FROM realtime_states WHERE room_id = o.room_id)
		WHERE o.created_at < ? AND o.version < n.version`, before.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []expired
	for rows.Next() {
		var x expired
		var seq, version int64
		var state []byte
		var hash string
		if err := rows.Scan(&x.room, &x.version, &x.created, &seq, &version, &state, &hash); err != nil {
			return nil, err
		}
		if x.newest = uint64(seq); codec.Hash(codec.StateLabel(x.room, version, x.newest), state) == hash {
			list = append(list, x)
		}
	}
	return list, rows.Err()
}

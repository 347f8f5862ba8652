package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

const (
	// stateFormat is the format version of realtime_states: what
	// codec.PackState writes.
	stateFormat = 1
	// keepSnapshots is how many versions realtime_snapshots holds of a room,
	// as in CivicPress; keepStates is how many realtime_states holds.
	keepSnapshots = 3
	keepStates    = 2
)

// Create implements store.Store.
func (s *Store) Create(ctx context.Context, room string, meta store.Meta, seed store.Snapshot) error {
	seed.Room, seed.Version = room, 0
	if seed.CreatedAt.IsZero() {
		seed.CreatedAt = time.Now()
	}
	return s.change(ctx, "create room", room, func(a *Access) error {
		return a.UpdateCore(ctx, func(tx *sql.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM realtime_states WHERE room_id = $1`, room).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return store.ErrRoomExists
			}
			// Entries of a deleted room of that name may be left. Whoever
			// creates it at the same time waits for this transaction, so that
			// its first entries are not taken for them.
			if err := a.Journal.Begin(ctx, room); err != nil {
				return err
			}
			return insertState(ctx, tx, &seed, meta)
		})
	})
}

func insertState(ctx context.Context, tx *sql.Tx, snap *store.Snapshot, meta store.Meta) error {
	packed := codec.PackState(snap.State, snap.Vector)
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
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = time.Now()
	}
	err := s.change(ctx, "save snapshot of", snap.Room, func(a *Access) error {
		var previous uint64
		err := a.UpdateCore(ctx, func(tx *sql.Tx) (err error) {
			previous, err = insertNext(ctx, tx, &snap, meta)
			return err
		})
		if err != nil {
			return err
		}
		return s.trimLater(ctx, a, snap.Room, previous)
	})
	if err != nil {
		return 0, err
	}
	return snap.Version, nil
}

// insertNext stores a snapshot under the next version and removes what it
// supersedes. It returns the sequence number of the state before it.
func insertNext(ctx context.Context, tx *sql.Tx, snap *store.Snapshot, meta store.Meta) (previous uint64, err error) {
	var version, seq int64
	err = tx.QueryRowContext(ctx, `SELECT version, seq FROM realtime_states WHERE room_id = $1 ORDER BY version DESC LIMIT 1`, snap.Room).Scan(&version, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, store.ErrNoRoom
	} else if err != nil {
		return 0, err
	}
	if snap.Seq < uint64(seq) {
		return 0, fmt.Errorf("a state at %d is there already: %w", seq, store.ErrSeqTaken)
	}
	var mirrored sql.NullInt64 // the Node server may have counted on
	if err := tx.QueryRowContext(ctx, `SELECT max(version) FROM realtime_snapshots WHERE room_id = $1`, snap.Room).Scan(&mirrored); err != nil {
		return 0, err
	}
	snap.Version = max(version, mirrored.Int64) + 1
	if err := insertState(ctx, tx, snap, meta); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1 AND version NOT IN
		(SELECT version FROM realtime_states WHERE room_id = $1 ORDER BY version DESC LIMIT $2)`, snap.Room, keepStates); err != nil {
		return 0, err
	}
	return uint64(seq), mirror(ctx, tx, snap)
}

// mirror writes the snapshot where CivicPress looks for it.
func mirror(ctx context.Context, tx *sql.Tx, snap *store.Snapshot) error {
	sum := sha256.Sum256(snap.State)
	ms := snap.CreatedAt.UnixMilli()
	if _, err := tx.ExecContext(ctx, `INSERT INTO realtime_snapshots
		(id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`,
		snapshotID(snap.Room, snap.Version, ms), snap.Room, notNil(snap.State), snap.Version,
		hex.EncodeToString(sum[:]), len(snap.State), ms); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = $1 AND id NOT IN
		(SELECT id FROM realtime_snapshots WHERE room_id = $1 ORDER BY version DESC LIMIT $2)`, snap.Room, keepSnapshots)
	return err
}

// snapshotID is the id that CivicPress gives a snapshot.
func snapshotID(room string, version, createdMs int64) string {
	return fmt.Sprintf("%s-%d-%d", room, version, createdMs)
}

// SaveMeta implements store.Store: the newest state carries the room's meta.
func (s *Store) SaveMeta(ctx context.Context, room string, seq uint64, meta store.Meta) error {
	return s.change(ctx, "save meta of", room, func(a *Access) error {
		return a.UpdateCore(ctx, func(tx *sql.Tx) error {
			n, err := saveMeta(ctx, tx, room, seq, meta)
			if err == nil && n == 0 {
				err = store.ErrNoRoom
			}
			return err
		})
	})
}

func saveMeta(ctx context.Context, tx *sql.Tx, room string, seq uint64, meta store.Meta) (rows int64, err error) {
	encoded := codec.AppendMeta(nil, meta)
	res, err := tx.ExecContext(ctx, `UPDATE realtime_states SET meta_seq = $2, meta = $3, meta_hash = $4
		WHERE room_id = $1 AND version = (SELECT max(version) FROM realtime_states WHERE room_id = $1)`,
		room, int64(seq), encoded, codec.Hash(codec.MetaLabel(room, seq), encoded))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Rooms implements store.Store.
func (s *Store) Rooms(ctx context.Context) ([]string, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	ids, err := column(ctx, s.b.Look.Core, `SELECT DISTINCT room_id FROM realtime_states`)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	slices.Sort(ids) // databases have their own order
	return ids, nil
}

// column reads the strings of a query.
func column(ctx context.Context, q Querier, query string, args ...any) (list []string, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// Delete implements store.Store. What is damaged stays aside.
func (s *Store) Delete(ctx context.Context, room string) error {
	return s.change(ctx, "delete room", room, func(a *Access) error {
		err := a.UpdateCore(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1`, room); err != nil {
				return err
			}
			return deleteSnapshots(ctx, tx, room, everyVersion)
		})
		if err != nil {
			return err
		}
		return a.Journal.Forget(ctx, room)
	})
}

// everyVersion is a version above all.
const everyVersion = 1 << 62

// deleteSnapshots removes a room's rows up to and including a version from
// realtime_snapshots.
func deleteSnapshots(ctx context.Context, tx *sql.Tx, room string, version int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = $1 AND version <= $2`, room, version)
	return err
}

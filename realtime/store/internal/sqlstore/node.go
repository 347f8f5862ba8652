package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// What the Node server wrote while we were away.
//
// It starts a room from the newest row of realtime_snapshots, which may be
// ours, and adds rows with higher versions. Such a state holds ours and more,
// and is united with ours: Yjs makes that exact, whatever is in our journal.
//
// It may also have started from the Markdown under a random client id, for
// example because it found no row. Then its document says the same text in
// other structs, and uniting both would double the text. Its state is left
// alone; the text reached the draft, from where the room type takes it.

// nodeLineage is the prefix of the lineage of rooms that began on the Node
// server.
const nodeLineage = "civicpress:"

// nodeState is the newest intact state in realtime_snapshots above a version,
// nil if there is none.
func nodeState(ctx context.Context, q Querier, room string, above int64) (*store.Snapshot, []store.Damage, error) {
	rows, err := q.QueryContext(ctx, `SELECT version, snapshot_data, integrity_hash, format_version, created_at
		FROM realtime_snapshots WHERE room_id = $1 AND version > $2 ORDER BY version DESC`, room, above)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var damage []store.Damage
	for rows.Next() {
		var format, created int64
		var hash string
		s := &store.Snapshot{Room: room}
		if err := rows.Scan(&s.Version, &s.State, &hash, &format, &created); err != nil {
			return nil, nil, err
		}
		s.CreatedAt = time.UnixMilli(created)
		sum := sha256.Sum256(s.State)
		reason := ""
		switch {
		case format > 1:
			reason = fmt.Sprintf("it has format %d, this program knows 1", format)
		case hash != hex.EncodeToString(sum[:]):
			reason = "its hash is wrong"
		default:
			if _, err := yjs.StateVectorFromUpdate(s.State); err != nil {
				reason = err.Error()
			}
		}
		if reason == "" {
			return s, damage, rows.Err()
		}
		damage = append(damage, store.Damage{Room: room, What: fmt.Sprintf("snapshot %d of the Node server", s.Version), Reason: reason})
	}
	return nil, damage, rows.Err()
}

// adopt makes a room out of what the Node server left. ErrNoRoom if that is
// nothing.
func (s *Store) adopt(ctx context.Context, a *Access, room string) (*store.Loaded, error) {
	snap, damage, err := nodeState(ctx, a.Core, room, 0)
	switch {
	case err != nil:
		return nil, err
	case snap == nil && damage == nil:
		return nil, store.ErrNoRoom
	case snap == nil:
		return &store.Loaded{Damage: damage}, store.ErrNoRoom
	}
	l := &store.Loaded{Snapshot: snap, Damage: damage}
	l.Meta.Lineage = nodeLineage + snapshotID(room, snap.Version, snap.CreatedAt.UnixMilli())
	if a.UpdateCore == nil {
		return l, nil
	}
	err = a.UpdateCore(ctx, func(tx *sql.Tx) error {
		if err := a.Journal.Forget(ctx, room); err != nil {
			return err
		}
		return insertState(ctx, tx, snap, l.Meta)
	})
	if err != nil {
		return nil, fmt.Errorf("take over snapshot %d of the Node server: %w", snap.Version, err)
	}
	s.b.Logger.Info("room taken over from the Node server", "room", room, "version", snap.Version)
	return l, nil
}

// unite adds a newer state of the Node server to what was loaded.
func (s *Store) unite(ctx context.Context, a *Access, room string, states []*stateRow, l *store.Loaded) error {
	snap, damage, err := nodeState(ctx, a.Core, room, states[0].snap.Version)
	if err != nil {
		return err
	}
	l.Damage = append(l.Damage, damage...)
	if snap == nil {
		return nil
	}
	if !grewFrom(snap.State, states) {
		s.b.Logger.Warn("a newer snapshot of the Node server grew from another seed; its text comes from the draft", "room", room, "version", snap.Version)
		return nil
	}
	both, err := yjs.MergeUpdates([][]byte{l.Snapshot.State, snap.State})
	if err != nil {
		return fmt.Errorf("unite with snapshot %d of the Node server: %w", snap.Version, err)
	}
	s.b.Logger.Info("newer snapshot of the Node server used", "room", room, "version", snap.Version)
	l.Snapshot.State, l.Snapshot.Vector, l.Snapshot.Version, l.Snapshot.CreatedAt = both, nil, snap.Version, snap.CreatedAt
	return nil
}

// grewFrom reports whether a state holds everything that one of ours holds.
func grewFrom(state []byte, ours []*stateRow) bool {
	theirs, err := vector(state)
	if err != nil {
		return false
	}
	for _, o := range ours {
		if o.damage != "" || o.unpack() != nil {
			continue
		}
		sv, err := vector(o.snap.State)
		if err != nil || len(sv) == 0 {
			continue
		}
		holds := true
		for client, clock := range sv {
			holds = holds && theirs[client] >= clock
		}
		if holds {
			return true
		}
	}
	return false
}

func vector(state []byte) (yjs.StateVector, error) {
	b, err := yjs.StateVectorFromUpdate(state)
	if err != nil {
		return nil, err
	}
	return yjs.DecodeStateVector(b)
}

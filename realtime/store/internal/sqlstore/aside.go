package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// putAside keeps what cannot be used of a room, if a may change it: entries
// elsewhere in the journal, states in realtime_damaged. The newest state that
// stays takes meta over; nil says that none stays.
func putAside(ctx context.Context, a *Access, room string, states []*stateRow, meta *stateRow, entries []codec.Unusable) error {
	if a.UpdateCore == nil {
		return nil
	}
	if err := a.Journal.PutAside(ctx, room, entries); err != nil {
		return fmt.Errorf("put damaged entries aside: %w", err)
	}
	if meta == nil {
		if err := a.Journal.Forget(ctx, room); err != nil {
			return fmt.Errorf("forget the entries of a damaged room: %w", err)
		}
	}
	if len(states) == 0 {
		return nil
	}
	err := a.UpdateCore(ctx, func(tx *sql.Tx) error { return moveStates(ctx, tx, room, states, meta) })
	if err != nil {
		return fmt.Errorf("put damaged states aside: %w", err)
	}
	return nil
}

func moveStates(ctx context.Context, tx *sql.Tx, room string, states []*stateRow, meta *stateRow) error {
	for _, r := range states {
		reason := r.reason()
		if reason == "" {
			reason = "the rest of the room is damaged"
		}
		if err := Keep(ctx, tx, room, r.name(), reason, r.raw); err != nil {
			return err
		}
		if err := deleteState(ctx, tx, room, r.snap.Version); err != nil {
			return err
		}
	}
	if meta == nil {
		return deleteSnapshots(ctx, tx, room, everyVersion)
	}
	_, err := saveMeta(ctx, tx, room, meta.metaSeq, meta.meta)
	return err
}

// Execer is a database or a transaction to write in.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Keep puts bytes that cannot be used into realtime_damaged.
func Keep(ctx context.Context, db Execer, room, what, reason string, data []byte) error {
	_, err := db.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at, data) VALUES ($1, $2, $3, $4, $5)`,
		room, what, reason, time.Now().UnixMilli(), data)
	return err
}

// Aside implements store.Peeker.
func (s *Store) Aside(ctx context.Context) ([]store.Damage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	list, err := kept(ctx, s.b.Look.Core)
	if err != nil {
		return nil, fmt.Errorf("list what was put aside: %w", err)
	}
	if s.b.Aside == nil {
		return list, nil
	}
	more, err := s.b.Aside()
	return append(list, more...), err
}

func kept(ctx context.Context, q Querier) (list []store.Damage, err error) {
	rows, err := q.QueryContext(ctx, `SELECT room_id, what, reason FROM realtime_damaged ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d store.Damage
		if err := rows.Scan(&d.Room, &d.What, &d.Reason); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

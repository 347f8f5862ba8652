package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// putAside reports entries that cannot be used in l and, if a may change the
// room, moves them and the damaged states to realtime_damaged. The newest state
// that stays takes meta over; nil says that none stays.
func (s *Store) putAside(ctx context.Context, a *Access, room string, l *store.Loaded, states []stateRow, meta *stateRow, entries []aside) error {
	for _, e := range entries {
		l.Damage = append(l.Damage, store.Damage{Room: room, What: entryName(e.seq), Reason: e.reason})
	}
	if a.UpdateCore == nil {
		return nil
	}
	if len(entries) > 0 {
		err := a.UpdateJournal(ctx, func(tx *sql.Tx) error { return moveEntries(ctx, tx, room, entries) })
		if err != nil {
			return fmt.Errorf("put damaged entries aside: %w", err)
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

func entryName(seq uint64) string { return fmt.Sprintf("journal entry %d", seq) }

// moveEntries moves the entries of a room from the first of rows on.
func moveEntries(ctx context.Context, tx *sql.Tx, room string, rows []aside) error {
	for _, r := range rows {
		if err := keep(ctx, tx, room, entryName(r.seq), r.reason, r.data); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq >= $2`, room, int64(rows[0].seq))
	return err
}

func moveStates(ctx context.Context, tx *sql.Tx, room string, states []stateRow, meta *stateRow) error {
	for _, r := range states {
		reason := r.reason()
		if reason == "" {
			reason = "the rest of the room is damaged"
		}
		if err := keep(ctx, tx, room, r.name(), reason, r.raw); err != nil {
			return err
		}
		if err := deleteState(ctx, tx, room, r.snap.Version); err != nil {
			return err
		}
	}
	if meta == nil {
		return deleteSnapshots(ctx, tx, room, everything)
	}
	_, err := saveMeta(ctx, tx, room, meta.metaSeq, meta.meta)
	return err
}

func keep(ctx context.Context, tx *sql.Tx, room, what, reason string, data []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at, data) VALUES ($1, $2, $3, $4, $5)`,
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
	list, err := kept(ctx, s.b.Look.Core, nil)
	if err == nil && s.b.Look.Apart {
		list, err = kept(ctx, s.b.Look.Journal, list)
	}
	if err != nil {
		return nil, fmt.Errorf("list what was put aside: %w", err)
	}
	if s.b.Aside == nil {
		return list, nil
	}
	more, err := s.b.Aside()
	return append(list, more...), err
}

func kept(ctx context.Context, q Querier, list []store.Damage) ([]store.Damage, error) {
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

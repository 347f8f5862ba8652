package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// stateRow is a row of realtime_states and what is wrong with it.
type stateRow struct {
	snap    store.Snapshot
	meta    store.Meta
	metaSeq uint64
	raw     []byte // packed state
	damage  string // "" = the state is intact
	noMeta  string // "" = the meta is intact
}

func (r *stateRow) name() string {
	if r.snap.Version == 0 {
		return "seed"
	}
	return fmt.Sprintf("snapshot %d", r.snap.Version)
}

// readStates reads and checks the states of a room, newest first.
func readStates(ctx context.Context, q querier, room string) ([]stateRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash
		FROM realtime_states WHERE room_id = $1 ORDER BY version DESC`, room)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []stateRow
	for rows.Next() {
		r := stateRow{snap: store.Snapshot{Room: room}}
		var seq, created, format, metaSeq int64
		var stateHash, metaHash string
		var meta []byte
		if err := rows.Scan(&r.snap.Version, &seq, &created, &format, &r.raw, &stateHash, &metaSeq, &meta, &metaHash); err != nil {
			return nil, err
		}
		r.snap.Seq, r.snap.CreatedAt, r.metaSeq = uint64(seq), time.UnixMilli(created), uint64(metaSeq)
		switch {
		case format > stateFormat:
			return nil, fmt.Errorf("state %d has format %d, this program knows %d: %w", r.snap.Version, format, stateFormat, store.ErrTooNew)
		case codec.Hash(codec.StateLabel(room, r.snap.Version, r.snap.Seq), r.raw) != stateHash:
			r.damage = "its hash is wrong"
		default:
			if r.snap.State, err = codec.Unpack(r.raw); err != nil {
				r.damage = err.Error()
			}
		}
		if codec.Hash(codec.MetaLabel(room, r.metaSeq), meta) != metaHash {
			r.noMeta = "the hash of its meta is wrong"
		} else if r.meta, err = codec.DecodeMeta(meta); err != nil {
			r.noMeta = err.Error()
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, room string) (l *store.Loaded, err error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var empty bool
	err = s.change(ctx, room, func(tx *sql.Tx) error {
		l, err = load(ctx, tx, tx, room)
		if l != nil && errors.Is(err, store.ErrNoRoom) {
			empty = true // and what was put aside has to be committed
			return nil
		}
		return err
	})
	if err == nil && empty {
		err = store.ErrNoRoom
	} else if err != nil {
		l = nil
	}
	return l, wrap("load room", room, err)
}

// Peek implements store.Peeker.
func (s *Store) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := load(ctx, s.db, nil, room)
	return l, wrap("look at room", room, err)
}

// load finds the best intact state and, if tx is given, puts the rest aside.
func load(ctx context.Context, q querier, tx *sql.Tx, room string) (*store.Loaded, error) {
	states, err := readStates(ctx, q, room)
	if err != nil {
		return nil, err
	}
	if len(states) == 0 {
		return nil, store.ErrNoRoom
	}
	l := &store.Loaded{}
	var base, meta *stateRow
	for i := range states {
		r := &states[i]
		if r.damage == "" && base == nil {
			base = r
		}
		if r.noMeta == "" && meta == nil {
			meta = r
		}
		for _, reason := range []string{r.damage, r.noMeta} {
			if reason != "" {
				l.Damage = append(l.Damage, store.Damage{Room: room, What: r.name(), Reason: reason})
			}
		}
	}
	from := uint64(0)
	if base != nil {
		from = base.snap.Seq
	}
	entries, bad, err := readTail(ctx, q, room, from)
	if err != nil {
		return nil, err
	}
	lost := base == nil || meta == nil
	if lost { // all of it goes
		for i := len(entries) - 1; i >= 0; i-- {
			bad = append([]aside{{entries[i].Seq, "the state it belongs to is damaged", entries[i].Update}}, bad...)
		}
		entries = nil
	}
	for _, a := range bad {
		l.Damage = append(l.Damage, store.Damage{Room: room, What: fmt.Sprintf("journal entry %d", a.seq), Reason: a.reason})
	}
	if tx != nil && len(bad) > 0 {
		if err := putEntriesAside(ctx, tx, room, bad); err != nil {
			return nil, fmt.Errorf("put damaged entries aside: %w", err)
		}
	}
	if tx != nil {
		if err := putStatesAside(ctx, tx, room, states, meta, lost); err != nil {
			return nil, fmt.Errorf("put damaged states aside: %w", err)
		}
	}
	if lost {
		return l, store.ErrNoRoom
	}
	l.Snapshot, l.Meta, l.Entries = &base.snap, meta.meta, entries
	for _, e := range entries {
		if e.Meta != nil && e.Seq > meta.metaSeq {
			l.Meta = *e.Meta
		}
	}
	return l, nil
}

// putStatesAside moves damaged states, or all, to realtime_damaged. The newest
// that stays takes the meta over.
func putStatesAside(ctx context.Context, tx *sql.Tx, room string, states []stateRow, meta *stateRow, all bool) error {
	moved := false
	for _, r := range states {
		if r.damage == "" && !all {
			continue
		}
		moved = true
		if err := putAside(ctx, tx, room, r.name(), r.damage+r.noMeta, r.raw); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = $1 AND version = $2`, room, r.snap.Version); err != nil {
			return err
		}
	}
	if all {
		_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = $1`, room)
		return err
	}
	if !moved {
		return nil
	}
	encoded := codec.AppendMeta(nil, meta.meta)
	_, err := tx.ExecContext(ctx, saveMeta, room, int64(meta.metaSeq), encoded, codec.Hash(codec.MetaLabel(room, meta.metaSeq), encoded))
	return err
}

// Latest implements store.Store.
func (s *Store) Latest(ctx context.Context, room string) (*store.Snapshot, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	states, err := readStates(ctx, s.db, room)
	for i := range states {
		if err == nil && states[i].damage == "" {
			return &states[i].snap, nil
		}
	}
	if err == nil {
		err = store.ErrNoRoom
	}
	return nil, wrap("load snapshot of", room, err)
}

// Aside implements store.Peeker.
func (s *Store) Aside(ctx context.Context) ([]store.Damage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	rows, err := s.db.QueryContext(ctx, `SELECT room_id, what, reason FROM realtime_damaged ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list what was put aside: %w", err)
	}
	defer rows.Close()
	var list []store.Damage
	for rows.Next() {
		var d store.Damage
		if err := rows.Scan(&d.Room, &d.What, &d.Reason); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

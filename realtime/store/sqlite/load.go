package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
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

// readStates reads and checks the states of a room, newest first.
func readStates(ctx context.Context, q querier, room string) ([]stateRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash
		FROM realtime_states WHERE room_id = ? ORDER BY version DESC`, room)
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
func (s *Store) Load(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if s.opts.ReadOnly {
		return nil, errReadOnly
	}
	l, err := s.load(ctx, room, true)
	return l, wrap("load room", room, err)
}

// Peek implements store.Peeker.
func (s *Store) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := s.load(ctx, room, false)
	return l, wrap("look at room", room, err)
}

// load finds the best intact state and, if move is set, puts the rest aside.
func (s *Store) load(ctx context.Context, room string, move bool) (*store.Loaded, error) {
	states, err := readStates(ctx, s.core.read, room)
	if err != nil {
		return nil, err
	}
	if len(states) == 0 {
		l, err := s.adopt(ctx, room, move)
		if l == nil && err == nil {
			err = store.ErrNoRoom
		}
		return l, err
	}
	l := &store.Loaded{}
	var base, meta *stateRow
	var bad []stateRow
	for i := range states {
		r := &states[i]
		if r.damage == "" && base == nil {
			base = r
		}
		if r.noMeta == "" && meta == nil {
			meta = r
		}
		if r.damage != "" {
			bad = append(bad, *r)
			l.Damage = append(l.Damage, store.Damage{Room: room, What: stateName(r.snap.Version), Reason: r.damage})
		} else if r.noMeta != "" {
			l.Damage = append(l.Damage, store.Damage{Room: room, What: stateName(r.snap.Version), Reason: r.noMeta})
		}
	}
	if base == nil || meta == nil {
		if !move {
			return l, store.ErrNoRoom
		}
		return s.nothingIntact(ctx, room, states, l)
	}
	l.Snapshot, l.Meta = &base.snap, meta.meta
	if err := s.unite(ctx, room, states, l); err != nil {
		return nil, err
	}
	t, err := readTail(ctx, s.journal.read, room, base.snap.Seq)
	if err != nil {
		return nil, err
	}
	l.Entries = t.entries
	for _, e := range t.entries {
		if e.Meta != nil && e.Seq > meta.metaSeq {
			l.Meta = *e.Meta
		}
	}
	if move && len(bad) > 0 {
		if err := s.putStatesAside(ctx, room, bad, meta); err != nil {
			return nil, fmt.Errorf("put damaged states aside: %w", err)
		}
	}
	for _, a := range t.aside {
		l.Damage = append(l.Damage, store.Damage{Room: room, What: fmt.Sprintf("journal entry %d", a.seq), Reason: a.reason})
	}
	if move && len(t.aside) > 0 {
		if err := s.putEntriesAside(ctx, room, t.aside); err != nil {
			return nil, fmt.Errorf("put damaged entries aside: %w", err)
		}
	}
	return l, nil
}

func stateName(version int64) string {
	if version == 0 {
		return "seed"
	}
	return fmt.Sprintf("snapshot %d", version)
}

// nothingIntact puts all of a room aside.
func (s *Store) nothingIntact(ctx context.Context, room string, states []stateRow, l *store.Loaded) (*store.Loaded, error) {
	t, err := readTail(ctx, s.journal.read, room, 0)
	if err != nil {
		return nil, err
	}
	rows := t.aside
	for i := len(t.entries) - 1; i >= 0; i-- {
		rows = append([]aside{{t.entries[i].Seq, "the state it belongs to is damaged", t.entries[i].Update}}, rows...)
	}
	if len(rows) > 0 {
		if err := s.putEntriesAside(ctx, room, rows); err != nil {
			return nil, fmt.Errorf("put entries aside: %w", err)
		}
	}
	if err := s.putStatesAside(ctx, room, states, nil); err != nil {
		return nil, fmt.Errorf("put damaged states aside: %w", err)
	}
	for _, a := range rows {
		l.Damage = append(l.Damage, store.Damage{Room: room, What: fmt.Sprintf("journal entry %d", a.seq), Reason: a.reason})
	}
	return l, store.ErrNoRoom
}

// putStatesAside moves states to realtime_damaged. If meta is given, the
// newest state that stays takes it over.
func (s *Store) putStatesAside(ctx context.Context, room string, rows []stateRow, meta *stateRow) error {
	return s.core.update(ctx, func(tx *sql.Tx) error {
		for _, r := range rows {
			reason := r.damage
			if reason == "" {
				reason = r.noMeta
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at, data) VALUES (?, ?, ?, ?, ?)`,
				room, stateName(r.snap.Version), reason, time.Now().UnixMilli(), r.raw); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM realtime_states WHERE room_id = ? AND version = ?`, room, r.snap.Version); err != nil {
				return err
			}
		}
		if meta == nil {
			_, err := tx.ExecContext(ctx, `DELETE FROM realtime_snapshots WHERE room_id = ?`, room)
			return err
		}
		encoded := codec.AppendMeta(nil, meta.meta)
		_, err := tx.ExecContext(ctx, `UPDATE realtime_states SET meta_seq = ?, meta = ?, meta_hash = ?
			WHERE room_id = ? AND version = (SELECT max(version) FROM realtime_states WHERE room_id = ?)`,
			int64(meta.metaSeq), encoded, codec.Hash(codec.MetaLabel(room, meta.metaSeq), encoded), room, room)
		return err
	})
}

// Latest implements store.Store. It moves nothing.
func (s *Store) Latest(ctx context.Context, room string) (*store.Snapshot, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	states, err := readStates(ctx, s.core.read, room)
	if err != nil {
		return nil, wrap("load snapshot of", room, err)
	}
	for i := range states {
		if states[i].damage == "" {
			return &states[i].snap, nil
		}
	}
	return nil, wrap("load snapshot of", room, store.ErrNoRoom)
}

// Aside implements store.Peeker.
func (s *Store) Aside(ctx context.Context) ([]store.Damage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var list []store.Damage
	for _, f := range []*file{&s.core, &s.journal} {
		rows, err := f.read.QueryContext(ctx, `SELECT room_id, what, reason FROM realtime_damaged ORDER BY id`)
		if err != nil {
			return nil, fmt.Errorf("list what was put aside: %w", err)
		}
		for rows.Next() {
			var d store.Damage
			if err := rows.Scan(&d.Room, &d.What, &d.Reason); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			list = append(list, d)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	kept, err := filepath.Glob(s.opts.Journal + ".damaged-*")
	for _, name := range kept {
		if !strings.HasSuffix(name, "-wal") && !strings.HasSuffix(name, "-shm") {
			list = append(list, store.Damage{What: "journal file", Reason: "it could not be read and was kept as " + name})
		}
	}
	return list, err
}

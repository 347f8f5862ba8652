package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// stateRow is a row of realtime_states and what is wrong with it.
type stateRow struct {
	snap    store.Snapshot // without State before unpack
	meta    store.Meta     // not before check, as what follows
	metaSeq uint64
	damage  string // "" = the state is intact
	noMeta  string // "" = the meta is intact

	raw, rawMeta   []byte // packed state, encoded meta
	hash, metaHash string // that they should have
}

func (r *stateRow) name() string {
	if r.snap.Version == 0 {
		return "seed"
	}
	return fmt.Sprintf("snapshot %d", r.snap.Version)
}

// reason says what is wrong, "" if nothing is.
func (r *stateRow) reason() string {
	if r.damage != "" {
		return r.damage
	}
	return r.noMeta
}

// unpack fills in the state.
func (r *stateRow) unpack() (err error) {
	if r.snap.State == nil {
		r.snap.State, r.snap.Vector, err = codec.UnpackState(r.raw)
	}
	return err
}

// check holds the state and the meta against their hashes, and reads the meta.
func (r *stateRow) check() {
	if codec.Hash(codec.StateLabel(r.snap.Room, r.snap.Version, r.snap.Seq), r.raw) != r.hash {
		r.damage = "its hash is wrong"
	}
	var err error
	if codec.Hash(codec.MetaLabel(r.snap.Room, r.metaSeq), r.rawMeta) != r.metaHash {
		r.noMeta = "the hash of its meta is wrong"
	} else if r.meta, err = codec.DecodeMeta(r.rawMeta); err != nil {
		r.noMeta = err.Error()
	}
	r.rawMeta = nil
}

// use unpacks the state if it is intact, and reports whether it still is.
func (r *stateRow) use() bool {
	if r.damage == "" {
		if err := r.unpack(); err != nil {
			r.damage = err.Error()
		}
	}
	return r.damage == ""
}

// checkApart is the size in bytes from which a packed state is checked by a
// goroutine of its own, while the next one is read.
const checkApart = 32 << 10

// readStates reads and checks the states of a room, newest first. The first one
// that is intact is unpacked: the others stand by.
func readStates(ctx context.Context, q Querier, room string) ([]*stateRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT version, seq, created_at, format_version, state, state_hash, meta_seq, meta, meta_hash
		FROM realtime_states WHERE room_id = $1 ORDER BY version DESC`, room)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*stateRow
	var apart sync.WaitGroup
	defer apart.Wait()
	for rows.Next() {
		r, err := scanState(rows, room)
		if err != nil {
			return nil, err
		}
		check := r.check
		if len(list) == 0 {
			check = func() { r.check(); r.use() }
		}
		list = append(list, r)
		if len(r.raw) >= checkApart {
			apart.Go(check)
		} else {
			check()
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	apart.Wait()
	for _, r := range list { // the first one is, unless it is damaged
		if r.use() {
			break
		}
	}
	return list, nil
}

// scanState reads a row, which is to be checked.
func scanState(rows *sql.Rows, room string) (*stateRow, error) {
	r := &stateRow{snap: store.Snapshot{Room: room}}
	var seq, created, format, metaSeq int64
	err := rows.Scan(&r.snap.Version, &seq, &created, &format, &r.raw, &r.hash, &metaSeq, &r.rawMeta, &r.metaHash)
	if err != nil {
		return nil, err
	}
	if format > stateFormat {
		return nil, fmt.Errorf("state %d has format %d, this program knows %d: %w", r.snap.Version, format, stateFormat, store.ErrTooNew)
	}
	r.snap.Seq, r.snap.CreatedAt, r.metaSeq = uint64(seq), time.UnixMilli(created), uint64(metaSeq)
	return r, nil
}

// Load implements store.Store.
func (s *Store) Load(ctx context.Context, room string) (l *store.Loaded, err error) {
	empty := false
	err = s.change(ctx, "load room", room, func(a *Access) error {
		l, err = s.load(ctx, a, room)
		if l != nil && errors.Is(err, store.ErrNoRoom) {
			empty = true // and what was put aside has to be committed
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if empty {
		return l, wrap("load room", room, store.ErrNoRoom)
	}
	return l, nil
}

// Peek implements store.Peeker.
func (s *Store) Peek(ctx context.Context, room string) (*store.Loaded, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	l, err := s.load(ctx, &s.b.Look, room)
	return l, wrap("look at room", room, err)
}

// load finds the best intact state and, if a may change it, puts the rest
// aside.
func (s *Store) load(ctx context.Context, a *Access, room string) (*store.Loaded, error) {
	states, err := readStates(ctx, a.Core, room)
	if err != nil {
		return nil, err
	}
	if len(states) == 0 {
		return s.adopt(ctx, a, room)
	}
	l := &store.Loaded{}
	var base, meta *stateRow
	for _, r := range states {
		if r.damage == "" && base == nil {
			base = r
		}
		if r.noMeta == "" && meta == nil {
			meta = r
		}
		if reason := r.reason(); reason != "" {
			l.Damage = append(l.Damage, store.Damage{Room: room, What: r.name(), Reason: reason})
		}
	}
	if base == nil {
		return nothingIntact(ctx, a, room, states, l)
	}
	if states[0].noMeta != "" { // what an older one says besides does not belong to the document
		lineage := "" // of none is left: the document knows
		if meta != nil {
			lineage = meta.meta.Lineage
		}
		meta = &stateRow{metaSeq: states[0].metaSeq, meta: store.Meta{Lineage: lineage}}
	}
	l.Snapshot, l.Meta = &base.snap, meta.meta
	if err := s.unite(ctx, a, room, states, l); err != nil {
		return nil, err
	}
	tail, told, err := a.Journal.Tail(ctx, room, base.snap.Seq)
	if err != nil {
		return nil, err
	}
	l.Entries = tail.Entries
	for _, e := range tail.Entries {
		if e.Meta != nil && e.Seq > meta.metaSeq {
			l.Meta = *e.Meta
		}
	}
	l.Damage = append(append(l.Damage, told...), tail.Damage(room)...)
	return l, putAside(ctx, a, room, damagedOf(states), meta, tail.Bad)
}

func damagedOf(states []*stateRow) (bad []*stateRow) {
	for _, r := range states {
		if r.damage != "" {
			bad = append(bad, r)
		}
	}
	return bad
}

// nothingIntact puts all of a room aside.
func nothingIntact(ctx context.Context, a *Access, room string, states []*stateRow, l *store.Loaded) (*store.Loaded, error) {
	tail, told, err := a.Journal.Tail(ctx, room, 0)
	if err != nil {
		return nil, err
	}
	entries := tail.All("the state it belongs to is damaged")
	for _, e := range entries {
		l.Damage = append(l.Damage, store.Damage{Room: room, What: codec.EntryName(e.Seq), Reason: e.Reason})
	}
	l.Damage = append(l.Damage, told...)
	if err := putAside(ctx, a, room, states, nil, entries); err != nil {
		return nil, err
	}
	return l, store.ErrNoRoom
}

// Latest implements store.Store. It moves nothing.
func (s *Store) Latest(ctx context.Context, room string) (*store.Snapshot, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	states, err := readStates(ctx, s.b.Look.Core, room)
	if err != nil {
		return nil, wrap("load snapshot of", room, err)
	}
	for _, r := range states {
		if r.damage == "" {
			return &r.snap, nil
		}
	}
	return nil, wrap("load snapshot of", room, store.ErrNoRoom)
}

package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// everything is a sequence number above all.
const everything = 1 << 62

// journal is the table realtime_journal, in a transaction or, to look at it, in
// the database.
type journal struct{ db querier }

type querier interface {
	sqlstore.Querier
	sqlstore.Execer
}

// Tail implements sqlstore.Journal.
func (j journal) Tail(ctx context.Context, room string, base uint64) (*codec.Tail, []store.Damage, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT seq, author, at, data, meta, sum FROM realtime_journal
		WHERE room_id = $1 AND seq > $2 ORDER BY seq`, room, int64(base))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	t := codec.NewTail(base)
	for rows.Next() {
		var seq, author, at, sum int64
		var data, meta []byte
		if err := rows.Scan(&seq, &author, &at, &data, &meta, &sum); err != nil {
			return nil, nil, err
		}
		e := store.Entry{Room: room, Seq: uint64(seq), Update: data, Author: author, At: time.UnixMilli(at)}
		damage := ""
		if meta != nil {
			m, err := codec.DecodeMeta(meta)
			if err != nil {
				damage = err.Error()
			}
			e.Meta = &m
		}
		if damage == "" && int64(codec.Sum(&e)) != sum {
			damage = "its checksum is wrong"
		}
		t.Add(e, damage)
	}
	return t, nil, rows.Err()
}

// PutAside implements sqlstore.Journal.
func (j journal) PutAside(ctx context.Context, room string, bad []codec.Unusable) error {
	if len(bad) == 0 {
		return nil
	}
	for _, e := range bad {
		if err := sqlstore.Keep(ctx, j.db, room, codec.EntryName(e.Seq), e.Reason, e.Update); err != nil {
			return err
		}
	}
	_, err := j.db.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq >= $2`, room, int64(bad[0].Seq))
	return err
}

// Trim implements sqlstore.Journal.
func (j journal) Trim(ctx context.Context, room string, through uint64) error {
	_, err := j.db.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq <= $2`, room, int64(through))
	return err
}

// Forget implements sqlstore.Journal.
func (j journal) Forget(ctx context.Context, room string) error { return j.Trim(ctx, room, everything) }

// Begin implements sqlstore.Journal.
func (j journal) Begin(ctx context.Context, room string) error { return j.Forget(ctx, room) }

// append writes entries with one statement.
func (d *database) append(ctx context.Context, entries []store.Entry) error {
	n := len(entries)
	rooms, seqs, authors, ats, sums := make([]string, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	data, metas := make([][]byte, n), make([][]byte, n)
	for i := range entries {
		e := &entries[i]
		rooms[i], seqs[i], authors[i], ats[i], sums[i] = e.Room, int64(e.Seq), e.Author, e.At.UnixMilli(), int64(codec.Sum(e))
		if data[i] = e.Update; data[i] == nil {
			data[i] = []byte{} // nil would be NULL
		}
		if e.Meta != nil {
			metas[i] = codec.AppendMeta(nil, *e.Meta)
		}
	}
	return d.update(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO realtime_journal (room_id, seq, author, at, data, meta, sum)
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[])
			ON CONFLICT DO NOTHING`, rooms, seqs, authors, ats, data, metas, sums)
		if err != nil {
			return err
		}
		if k, err := res.RowsAffected(); err != nil || k == int64(n) {
			return err
		}
		for i := range entries { // some were there: the same ones?
			if err := conflict(ctx, tx, &entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// conflict says what it means that an entry was there already: nothing if it is
// the same one, else a *store.RoomError with ErrSeqTaken.
func conflict(ctx context.Context, tx *sql.Tx, e *store.Entry) error {
	var there []byte
	if err := tx.QueryRowContext(ctx, `SELECT data FROM realtime_journal WHERE room_id = $1 AND seq = $2`, e.Room, int64(e.Seq)).Scan(&there); err != nil {
		return err
	}
	if bytes.Equal(there, e.Update) {
		return nil
	}
	return &store.RoomError{Room: e.Room, Err: fmt.Errorf("entry %d: %w", e.Seq, store.ErrSeqTaken)}
}

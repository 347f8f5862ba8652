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

// Append implements store.Store: one statement and one commit.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(entries) == 0 {
		return nil
	}
	n := len(entries)
	rooms, seqs, authors, ats, sums := make([]string, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	data, metas := make([][]byte, n), make([][]byte, n)
	for i := range entries {
		e := &entries[i]
		rooms[i], seqs[i], authors[i], ats[i], sums[i] = e.Room, int64(e.Seq), e.Author, e.At.UnixMilli(), int64(codec.Sum(e))
		data[i] = notNil(e.Update)
		if e.Meta != nil {
			metas[i] = codec.AppendMeta(nil, *e.Meta)
		}
	}
	err = s.update(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO realtime_journal (room_id, seq, author, at, data, meta, sum)
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[])
			ON CONFLICT DO NOTHING`, rooms, seqs, authors, ats, data, metas, sums)
		if err != nil {
			return err
		}
		if k, err := res.RowsAffected(); err != nil || k == int64(n) {
			return err
		}
		var room string
		var seq int64
		err = tx.QueryRowContext(ctx, `SELECT j.room_id, j.seq FROM realtime_journal j
			JOIN unnest($1::text[], $2::bigint[], $3::bytea[]) AS u(room_id, seq, data) ON j.room_id = u.room_id AND j.seq = u.seq
			WHERE j.data <> u.data LIMIT 1`, rooms, seqs, data).Scan(&room, &seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // copies of what is there
		}
		if err != nil {
			return err
		}
		return &store.RoomError{Room: room, Err: fmt.Errorf("entry %d: %w", seq, store.ErrSeqTaken)}
	})
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// notNil makes a blob of no bytes out of nil, which would be NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// aside is a row that cannot be used.
type aside struct {
	seq    uint64
	reason string
	data   []byte
}

// readTail reads the entries of a room after base: the intact prefix, and what
// follows it.
func readTail(ctx context.Context, q querier, room string, base uint64) (entries []store.Entry, bad []aside, err error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, author, at, data, meta, sum FROM realtime_journal
		WHERE room_id = $1 AND seq > $2 ORDER BY seq`, room, int64(base))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	next := base + 1
	for rows.Next() {
		var seq, author, at, sum int64
		var data, meta []byte
		if err := rows.Scan(&seq, &author, &at, &data, &meta, &sum); err != nil {
			return nil, nil, err
		}
		e := store.Entry{Room: room, Seq: uint64(seq), Update: data, Author: author, At: time.UnixMilli(at)}
		reason := ""
		if meta != nil {
			m, err := codec.DecodeMeta(meta)
			if err != nil {
				reason = err.Error()
			}
			e.Meta = &m
		}
		switch {
		case len(bad) > 0:
			reason = fmt.Sprintf("it follows entry %d, which cannot be used", bad[0].seq)
		case reason != "":
		case int64(codec.Sum(&e)) != sum:
			reason = "its checksum is wrong"
		case e.Seq != next:
			reason = fmt.Sprintf("entry %d before it is missing", next)
		}
		if reason != "" {
			bad = append(bad, aside{e.Seq, reason, data})
			continue
		}
		entries = append(entries, e)
		next++
	}
	return entries, bad, rows.Err()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// putEntriesAside moves rows to realtime_damaged.
func putEntriesAside(ctx context.Context, tx *sql.Tx, room string, rows []aside) error {
	for _, r := range rows {
		if err := putAside(ctx, tx, room, fmt.Sprintf("journal entry %d", r.seq), r.reason, r.data); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq >= $2`, room, int64(rows[0].seq))
	return err
}

func putAside(ctx context.Context, tx *sql.Tx, room, what, reason string, data []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at, data) VALUES ($1, $2, $3, $4, $5)`,
		room, what, reason, time.Now().UnixMilli(), data)
	return err
}

func trim(ctx context.Context, tx *sql.Tx, room string, seq uint64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq <= $2`, room, int64(seq))
	return err
}

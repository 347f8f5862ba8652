package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// Append implements store.Store: one transaction, one fsync.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(entries) == 0 {
		return nil
	}
	err = s.journal.update(ctx, func(tx *sql.Tx) error { return appendEntries(ctx, tx, entries) })
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

func appendEntries(ctx context.Context, tx *sql.Tx, entries []store.Entry) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO realtime_journal (room_id, seq, author, at, data, meta, sum)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range entries {
		e := &entries[i]
		var meta []byte
		if e.Meta != nil {
			meta = codec.AppendMeta(nil, *e.Meta)
		}
		res, err := insert.ExecContext(ctx, e.Room, int64(e.Seq), e.Author, e.At.UnixMilli(), notNil(e.Update), meta, int64(codec.Sum(e)))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 1 {
			continue
		}
		var there []byte
		if err := tx.QueryRowContext(ctx, `SELECT data FROM realtime_journal WHERE room_id = ? AND seq = ?`, e.Room, int64(e.Seq)).Scan(&there); err != nil {
			return err
		}
		if !bytes.Equal(there, e.Update) {
			return &store.RoomError{Room: e.Room, Err: fmt.Errorf("entry %d: %w", e.Seq, store.ErrSeqTaken)}
		}
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

// tail is what the journal holds of a room after a sequence number.
type tail struct {
	entries []store.Entry // the intact prefix
	aside   []aside       // what follows it
}

// aside is a row that cannot be used.
type aside struct {
	seq    uint64
	reason string
	data   []byte
}

// readTail reads the entries of a room after base. q is the database or a
// transaction.
func readTail(ctx context.Context, q querier, room string, base uint64) (t tail, err error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, author, at, data, meta, sum FROM realtime_journal
		WHERE room_id = ? AND seq > ? ORDER BY seq`, room, int64(base))
	if err != nil {
		return t, err
	}
	defer rows.Close()
	next := base + 1
	for rows.Next() {
		var seq, author, at, sum int64
		var data, meta []byte
		if err := rows.Scan(&seq, &author, &at, &data, &meta, &sum); err != nil {
			return t, err
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
		case len(t.aside) > 0:
			reason = fmt.Sprintf("it follows entry %d, which cannot be used", t.aside[0].seq)
		case reason != "":
		case int64(codec.Sum(&e)) != sum:
			reason = "its checksum is wrong"
		case e.Seq != next:
			reason = fmt.Sprintf("entry %d before it is missing", next)
		}
		if reason != "" {
			t.aside = append(t.aside, aside{e.Seq, reason, data})
			continue
		}
		t.entries = append(t.entries, e)
		next++
	}
	return t, rows.Err()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// putEntriesAside moves rows to realtime_damaged.
func (s *Store) putEntriesAside(ctx context.Context, room string, rows []aside) error {
	return s.journal.update(ctx, func(tx *sql.Tx) error {
		for _, r := range rows {
			if _, err := tx.ExecContext(ctx, `INSERT INTO realtime_damaged (room_id, what, reason, found_at, data) VALUES (?, ?, ?, ?, ?)`,
				room, fmt.Sprintf("journal entry %d", r.seq), r.reason, time.Now().UnixMilli(), r.data); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = ? AND seq >= ?`, room, int64(rows[0].seq))
		return err
	})
}

// trim removes entries up to and including seq.
func (s *Store) trim(ctx context.Context, room string, seq uint64) error {
	_, err := s.journal.write.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = ? AND seq <= ?`, room, int64(seq))
	if err != nil {
		return fmt.Errorf("trim journal: %w", err)
	}
	return nil
}

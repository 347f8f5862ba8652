package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// everything is a sequence number above all.
const everything = 1 << 62

// Append implements store.Store: one transaction, one wait for the disk.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	switch {
	case s.b.Room == nil:
		return ErrReadOnly
	case len(entries) == 0:
		return nil
	}
	if err := s.b.Append(ctx, entries); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// Row is an entry as realtime_journal has it.
type Row struct {
	Room            string
	Seq, Author, At int64
	Data, Meta      []byte // Meta is nil for NULL
	Sum             int64
}

// RowOf encodes an entry.
func RowOf(e *store.Entry) Row {
	r := Row{Room: e.Room, Seq: int64(e.Seq), Author: e.Author, At: e.At.UnixMilli(), Data: notNil(e.Update), Sum: int64(codec.Sum(e))}
	if e.Meta != nil {
		r.Meta = codec.AppendMeta(nil, *e.Meta)
	}
	return r
}

// Conflict says what it means that an entry was there already: nothing if it is
// the same one, else a *store.RoomError with ErrSeqTaken.
func Conflict(ctx context.Context, q Querier, e *store.Entry) error {
	var there []byte
	if err := q.QueryRowContext(ctx, `SELECT data FROM realtime_journal WHERE room_id = $1 AND seq = $2`, e.Room, int64(e.Seq)).Scan(&there); err != nil {
		return err
	}
	if bytes.Equal(there, e.Update) {
		return nil
	}
	return &store.RoomError{Room: e.Room, Err: fmt.Errorf("entry %d: %w", e.Seq, store.ErrSeqTaken)}
}

// aside is a row that cannot be used.
type aside struct {
	seq    uint64
	reason string
	data   []byte
}

// readTail reads the entries of a room after base: the intact prefix, and what
// follows it.
func readTail(ctx context.Context, q Querier, room string, base uint64) (entries []store.Entry, bad []aside, err error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, author, at, data, meta, sum FROM realtime_journal
		WHERE room_id = $1 AND seq > $2 ORDER BY seq`, room, int64(base))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for next := base + 1; rows.Next(); {
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

// trim removes entries up to and including seq.
func (a *Access) trim(ctx context.Context, room string, seq uint64) error {
	err := a.UpdateJournal(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM realtime_journal WHERE room_id = $1 AND seq <= $2`, room, int64(seq))
		return err
	})
	if err != nil {
		return fmt.Errorf("trim journal: %w", err)
	}
	return nil
}

// trimLater is trim after a commit that counts. If the journal is apart, a
// failure is only reported: the next snapshot trims what is left.
func (s *Store) trimLater(ctx context.Context, a *Access, room string, seq uint64) error {
	err := a.trim(ctx, room, seq)
	if err == nil || !a.Apart {
		return err
	}
	if !errors.Is(err, context.Canceled) {
		s.b.Logger.Warn("journal could not be trimmed; tried again with the next snapshot", "room", room, "error", err)
	}
	return nil
}

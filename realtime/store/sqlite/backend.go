package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// backend is what package sqlstore needs of the two files.
func (s *files) backend() sqlstore.Backend {
	b := sqlstore.Backend{
		Look:   sqlstore.Access{Core: s.core.read, Journal: s.journal.read, Apart: true},
		Append: s.append,
		Aside:  s.kept,
		Close:  s.close,
		Logger: s.log,
	}
	if s.opts.ReadOnly {
		return b
	}
	change := b.Look
	change.UpdateCore, change.UpdateJournal = s.core.update, s.journal.update
	// Only one process has the rooms, and the file's one writing connection
	// puts those who change it in order.
	b.Room = func(_ context.Context, _ string, fn func(*sqlstore.Access) error) error { return fn(&change) }
	return b
}

const insertEntry = `INSERT INTO realtime_journal (room_id, seq, author, at, data, meta, sum)
	VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`

// append writes entries with a statement that is kept. Only the wait for the
// connection can be cut short: to watch a context the driver starts a goroutine
// for each row, and what it could end early is bounded by the busy timeout.
func (s *files) append(ctx context.Context, entries []store.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return s.journal.update(ctx, func(tx *sql.Tx) error {
		insert := tx.StmtContext(ctx, s.insert)
		for i := range entries {
			r := sqlstore.RowOf(&entries[i])
			res, err := insert.ExecContext(ctx, r.Room, r.Seq, r.Author, r.At, r.Data, r.Meta, r.Sum)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 1 {
				continue
			}
			if err := sqlstore.Conflict(ctx, tx, &entries[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// kept lists the journal files that were moved aside as a whole.
func (s *files) kept() (list []store.Damage, err error) {
	names, err := filepath.Glob(s.opts.Journal + ".damaged-*")
	for _, name := range names {
		if !strings.HasSuffix(name, "-wal") && !strings.HasSuffix(name, "-shm") {
			list = append(list, store.Damage{What: "journal file", Reason: "it could not be read and was kept as " + name})
		}
	}
	return list, err
}

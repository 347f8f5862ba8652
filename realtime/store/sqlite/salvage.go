package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openJournal opens the journal. One that SQLite cannot read is moved aside,
// and what can be read of it is copied.
func (s *files) openJournal(ctx context.Context) (file, error) {
	reason, kept, err := s.keepDamagedLog()
	if err != nil {
		return file{}, err
	}
	f, err := s.openReadable(ctx)
	if err == nil && reason != "" {
		err = f.noteDamagedLog(ctx, reason, kept)
	}
	return f, err
}

func (s *files) openReadable(ctx context.Context) (file, error) {
	f, err := openFile(ctx, s.opts.Journal, s.opts.BusyTimeout, journalMigrations)
	if err == nil {
		if err = f.check(ctx); err == nil {
			return f, nil
		}
		err = errors.Join(err, f.close())
	}
	if !isDamage(err) {
		return f, err
	}
	return s.salvage(ctx, err)
}

// check has SQLite look at the structure of the journal, which is small.
func (f *file) check(ctx context.Context) error {
	var answer string
	if err := f.read.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return &damageError{answer}
	}
	return nil
}

type damageError struct{ what string }

func (e *damageError) Error() string { return "database is damaged: " + e.what }

// isDamage reports whether a file is damaged, and not just busy or on a disk
// that fails.
func isDamage(err error) bool {
	var d *damageError
	if errors.As(err, &d) {
		return true
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return true
		}
	}
	return false
}

// salvage moves the journal aside and copies every entry that can be read to a
// new one. Entries that are missing then are found by Load as a gap.
func (s *files) salvage(ctx context.Context, cause error) (file, error) {
	path := s.opts.Journal
	kept := fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102T150405.000"))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return file{}, fmt.Errorf("move damaged journal aside: %w", err)
		}
	}
	f, err := openFile(ctx, path, s.opts.BusyTimeout, journalMigrations)
	if err != nil {
		return f, err
	}
	copied, err := s.copyReadable(ctx, kept, &f)
	if err != nil {
		return f, errors.Join(fmt.Errorf("copy what can be read of %s: %w", kept, err), f.close())
	}
	s.log.Error("the journal was damaged; it was moved aside, and what can be read of it was copied",
		"journal", path, "kept_as", kept, "entries_copied", copied, "cause", cause)
	return f, nil
}

// copyReadable copies entries from a damaged file. Reading stops at the first
// damaged page; it is tried upwards and downwards.
func (s *files) copyReadable(ctx context.Context, from string, to *file) (int, error) {
	old, err := openFile(ctx, from, s.opts.BusyTimeout, journalMigrations)
	if err != nil {
		return 0, nil // nothing can be read at all
	}
	defer old.close()
	copied := 0
	for _, order := range []string{"ASC", "DESC"} {
		batch := readEntries(ctx, &old, order)
		tx, err := to.write.BeginTx(ctx, nil)
		if err != nil {
			return copied, err
		}
		for _, r := range batch {
			res, err := tx.ExecContext(ctx, insertEntry, r...)
			if err != nil {
				return copied, errors.Join(err, tx.Rollback())
			}
			n, _ := res.RowsAffected()
			copied += int(n)
		}
		if err := tx.Commit(); err != nil {
			return copied, err
		}
	}
	return copied, nil
}

// readEntries reads rows until the first one that cannot be read. Their
// checksums are looked at by Load.
func readEntries(ctx context.Context, f *file, order string) (list [][]any) {
	rows, err := f.read.QueryContext(ctx, `SELECT room_id, seq, author, at, data, meta, sum FROM realtime_journal
		ORDER BY room_id `+order+`, seq `+order)
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var room string
		var seq, author, at, sum int64
		var data, meta []byte
		if rows.Scan(&room, &seq, &author, &at, &data, &meta, &sum) != nil {
			return list
		}
		if data == nil {
			data = []byte{} // NULL is not allowed
		}
		list = append(list, []any{room, seq, author, at, data, meta, sum})
	}
	return list
}

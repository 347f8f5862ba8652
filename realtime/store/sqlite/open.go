package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// JournalName is the name of the journal beside the core's database.
const JournalName = "realtime-journal.db"

// Options says where the data is.
type Options struct {
	// Core is the core's database file. It is created if there is none.
	Core string
	// Journal is the journal's file. "" = JournalName in Core's folder.
	Journal string
	// BusyTimeout is how long a call waits for another process's lock.
	// 0 = 5 s, as in CivicPress.
	BusyTimeout time.Duration
	// ReadOnly opens both files without changing anything, also while a
	// server has them open. Only Peek, Aside, Latest and Rooms work.
	ReadOnly bool
	Logger   *slog.Logger // nil = slog.Default()
}

// Store is a store.Store in two SQLite files.
type Store struct{ *sqlstore.Store }

// files are the two of them.
type files struct {
	opts          Options
	log           *slog.Logger
	core, journal file
	insert        inserter // of journal.write
}

// file is one database with one connection that writes, so that writers of
// this process queue instead of finding the file busy.
type file struct {
	path        string
	read, write *sql.DB
}

// Open opens both files, brings their tables up to date, and moves a journal
// that cannot be read aside.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Core == "" {
		return nil, errors.New("sqlite store: no database file given")
	}
	if o.Journal == "" {
		o.Journal = filepath.Join(filepath.Dir(o.Core), JournalName)
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &files{opts: o, log: o.Logger}
	var err error
	core := func() (file, error) { return openFile(ctx, o.Core, o.BusyTimeout, coreMigrations) }
	journal := func() (file, error) { return s.openJournal(ctx) }
	if o.ReadOnly {
		core = func() (file, error) { return openReadOnly(ctx, o.Core, coreMigrations) }
		journal = func() (file, error) { return openReadOnly(ctx, o.Journal, journalMigrations) }
	}
	if s.core, err = core(); err != nil {
		return nil, fmt.Errorf("sqlite store: open %s: %w", o.Core, err)
	}
	if s.journal, err = journal(); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite store: open %s: %w", o.Journal, err), s.core.close())
	}
	return &Store{sqlstore.New(s.backend())}, nil
}

// openFile opens one database in WAL mode and migrates it.
func openFile(ctx context.Context, path string, busy time.Duration, migrations []string) (f file, err error) {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return f, err
	}
	dsn := fileURL(path) +
		"?_txlock=immediate" + pragma("busy_timeout(%d)", busy.Milliseconds()) +
		pragma("journal_mode(WAL)") + pragma("synchronous(FULL)") + pragma("foreign_keys(ON)") +
		pragma("journal_size_limit(%d)", 16<<20) +
		pragma("cache_size(%d)", -256) // KiB a connection; the system caches the file once for all
	f.path = path
	if f.write, err = sql.Open("sqlite", dsn); err != nil {
		return f, err
	}
	f.write.SetMaxOpenConns(1)
	if f.read, err = sql.Open("sqlite", dsn); err != nil {
		return f, errors.Join(err, f.close())
	}
	f.read.SetMaxOpenConns(4)
	f.read.SetMaxIdleConns(2)
	f.read.SetConnMaxIdleTime(3 * time.Second) // each has a cache
	if err := f.migrate(ctx, migrations); err != nil {
		return f, errors.Join(err, f.close())
	}
	return f, nil
}

// openReadOnly opens a file without changing it. A file that is missing, or has
// none of our tables yet, is as good as an empty one.
func openReadOnly(ctx context.Context, path string, migrations []string) (f file, err error) {
	open := func(dsn string) error {
		if f.read, err = sql.Open("sqlite", dsn); err == nil {
			f.read.SetMaxOpenConns(1)
			f.path, f.write = path, f.read
		}
		return err
	}
	if _, err := os.Stat(path); err == nil {
		if err := open(fileURL(path) + "?mode=ro" + pragma("busy_timeout(%d)", 5000) + pragma("query_only(ON)")); err != nil {
			return f, err
		}
		switch _, err := sqlstore.Migrated(ctx, f.read, migrations); {
		case err == nil:
			return f, nil
		case errors.Is(err, store.ErrTooNew):
			return f, errors.Join(err, f.close())
		case !strings.Contains(err.Error(), "no such table"):
			return f, errors.Join(err, f.close())
		}
		if err := f.close(); err != nil {
			return f, err
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	if err := open(":memory:"); err != nil {
		return f, err
	}
	return f, f.migrate(ctx, migrations)
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}

func pragma(format string, args ...any) string {
	return "&_pragma=" + url.QueryEscape(fmt.Sprintf(format, args...))
}

func (f *file) close() error {
	var errs []error
	for i, db := range []*sql.DB{f.read, f.write} {
		if db != nil && (i == 0 || db != f.read) {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// migrate brings the tables up to date.
func (f *file) migrate(ctx context.Context, migrations []string) error {
	if have, err := sqlstore.Migrated(ctx, f.read, migrations); err == nil && have == len(migrations) {
		return nil // without a write
	}
	return f.update(ctx, func(tx *sql.Tx) error { return sqlstore.Migrate(ctx, tx, migrations) })
}

// update runs fn in a transaction that holds the file's write lock.
func (f *file) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := f.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // fn's error says more
		return err
	}
	return tx.Commit()
}

func (s *files) close() error {
	return errors.Join(s.insert.close(), s.journal.close(), s.core.close())
}

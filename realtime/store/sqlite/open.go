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
	"github.com/civicpress/realtimefx/realtime/store/internal/seglog"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// JournalName is the name of the journal's folder beside the core's database.
const JournalName = "realtime-journal"

// Options says where the data is.
type Options struct {
	// Core is the core's database file. It is created if there is none.
	Core string
	// Journal is the journal's folder, made if it is missing. "" = JournalName
	// in Core's folder. One process at a time may have it open for writing.
	Journal string
	// BusyTimeout is how long a call waits for another process's lock of the
	// database. 0 = 5 s, as in CivicPress.
	BusyTimeout time.Duration
	// ReadOnly opens both without changing anything, also while a server has
	// them open. Only Peek, Aside, Latest and Rooms work, and what is written
	// to the journal after Open is not seen.
	ReadOnly bool
	Logger   *slog.Logger // nil = slog.Default()
}

// Store is a store.Store in an SQLite file with a journal beside it.
type Store struct{ *sqlstore.Store }

// database is the core's database, with one connection that writes, so that
// writers of this process queue instead of finding the file busy, and the
// journal.
type database struct {
	opts        Options
	read, write *sql.DB
	log         *seglog.Log
	unlock      func() error // of the journal; nil = not locked
}

// Open opens the database and the journal and brings the tables up to date. It
// fails if another process has the journal open.
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
	d := &database{opts: o}
	open := d.openCore
	if o.ReadOnly {
		open = d.openReadOnly
	}
	if err := open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite store: open %s: %w", o.Core, err), d.close())
	}
	if err := d.openJournal(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite store: open the journal in %s: %w", o.Journal, err), d.close())
	}
	return &Store{sqlstore.New(d.backend())}, nil
}

// openCore opens the database in WAL mode and migrates it.
func (d *database) openCore(ctx context.Context) (err error) {
	if _, err := os.Stat(filepath.Dir(d.opts.Core)); err != nil {
		return err
	}
	dsn := fileURL(d.opts.Core) +
		"?_txlock=immediate" + pragma("busy_timeout(%d)", d.opts.BusyTimeout.Milliseconds()) +
		pragma("journal_mode(WAL)") + pragma("synchronous(FULL)") + pragma("foreign_keys(ON)") +
		pragma("journal_size_limit(%d)", 16<<20) +
		pragma("cache_size(%d)", -256) // KiB a connection; the system caches the file once for all
	if d.write, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(4)
	d.read.SetMaxIdleConns(2)
	d.read.SetConnMaxIdleTime(3 * time.Second) // each has a cache
	return d.migrate(ctx)
}

// openReadOnly opens the database without changing it. A file that is missing,
// or has none of our tables yet, is as good as an empty one.
func (d *database) openReadOnly(ctx context.Context) (err error) {
	open := func(dsn string) error {
		if d.read, err = sql.Open("sqlite", dsn); err == nil {
			d.read.SetMaxOpenConns(1)
		}
		return err
	}
	if _, err := os.Stat(d.opts.Core); err == nil {
		if err := open(fileURL(d.opts.Core) + "?mode=ro" + pragma("busy_timeout(%d)", 5000) + pragma("query_only(ON)")); err != nil {
			return err
		}
		_, err := sqlstore.Migrated(ctx, d.read, migrations)
		if err == nil || errors.Is(err, store.ErrTooNew) || !strings.Contains(err.Error(), "no such table") {
			return err
		}
		if err := d.read.Close(); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := open(":memory:"); err != nil {
		return err
	}
	d.write = d.read
	return d.migrate(ctx)
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}

func pragma(format string, args ...any) string {
	return "&_pragma=" + url.QueryEscape(fmt.Sprintf(format, args...))
}

// migrate brings the tables up to date.
func (d *database) migrate(ctx context.Context) error {
	if have, err := sqlstore.Migrated(ctx, d.read, migrations); err == nil && have == len(migrations) {
		return nil // without a write
	}
	return d.update(ctx, func(tx *sql.Tx) error { return sqlstore.Migrate(ctx, tx, migrations) })
}

// update runs fn in a transaction that holds the file's write lock.
func (d *database) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // fn's error says more
		return err
	}
	return tx.Commit()
}

// close releases what is open.
func (d *database) close() error {
	var errs []error
	if d.log != nil {
		d.log.Close()
	}
	if d.unlock != nil {
		errs = append(errs, d.unlock())
	}
	for i, db := range []*sql.DB{d.read, d.write} {
		if db != nil && (i == 0 || db != d.read) {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// Options says where the database is: a connection that the core shares, or an
// address of our own.
type Options struct {
	DB     *sql.DB      // shared; Close leaves it open
	DSN    string       // used if DB is nil, for example "postgres://user@host/db"
	Logger *slog.Logger // nil = slog.Default()
}

// Store is a store.Store in PostgreSQL.
type Store struct{ *sqlstore.Store }

// schemaLock keeps two processes from migrating at once.
const schemaLock = 0x63707274 // "cprt"

// Open connects and brings the tables up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	d := &database{db: o.DB}
	if d.db == nil {
		if o.DSN == "" {
			return nil, errors.New("postgres store: no database given")
		}
		var err error
		if d.db, err = sql.Open("pgx", o.DSN); err != nil {
			return nil, fmt.Errorf("postgres store: %w", err)
		}
		d.own = true
	}
	err := d.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, schemaLock); err != nil {
			return err
		}
		return sqlstore.Migrate(ctx, tx, migrations)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("postgres store: %w", err), d.close())
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Store{sqlstore.New(sqlstore.Backend{
		Look:   sqlstore.Access{Core: d.db, Journal: journal{d.db}},
		Room:   d.room,
		Append: d.append,
		Close:  d.close,
		Logger: o.Logger,
	})}, nil
}

// database is the connection.
type database struct {
	db  *sql.DB
	own bool
}

func (d *database) close() error {
	if d.own {
		return d.db.Close()
	}
	return nil
}

// update runs fn in a transaction whose commit waits for the disk.
func (d *database) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `SET LOCAL synchronous_commit = on`)
	if err == nil {
		err = fn(tx)
	}
	if err != nil {
		_ = tx.Rollback() // err says more
		return err
	}
	return tx.Commit()
}

// room runs fn in one transaction, ordered with all others of that room.
func (d *database) room(ctx context.Context, room string, fn func(*sqlstore.Access) error) error {
	return d.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, schemaLock, room); err != nil {
			return err
		}
		same := func(_ context.Context, fn func(*sql.Tx) error) error { return fn(tx) }
		return fn(&sqlstore.Access{Core: tx, UpdateCore: same, Journal: journal{tx}})
	})
}

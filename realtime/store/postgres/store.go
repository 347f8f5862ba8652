package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Options says where the database is: a connection that the core shares, or an
// address of our own.
type Options struct {
	DB  *sql.DB // shared; Close leaves it open
	DSN string  // used if DB is nil, for example "postgres://user@host/db"
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a Store in PostgreSQL.
type Store struct {
	db  *sql.DB
	own bool

	mu     sync.RWMutex // held for reading by every call, for writing by Close
	closed bool
}

// migrations are applied in order, each once.
var migrations = []string{
	`CREATE TABLE IF NOT EXISTS realtime_snapshots (
		id TEXT PRIMARY KEY, room_id TEXT NOT NULL, snapshot_data BYTEA NOT NULL, version BIGINT NOT NULL,
		integrity_hash TEXT NOT NULL DEFAULT '', format_version BIGINT NOT NULL DEFAULT 1,
		byte_size BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL);
	CREATE INDEX IF NOT EXISTS idx_realtime_snapshots_room_id ON realtime_snapshots(room_id);
	CREATE INDEX IF NOT EXISTS realtime_snapshots_created_at_idx ON realtime_snapshots(created_at);
	CREATE TABLE realtime_states (
		room_id TEXT NOT NULL, version BIGINT NOT NULL, seq BIGINT NOT NULL, created_at BIGINT NOT NULL,
		format_version BIGINT NOT NULL, state BYTEA NOT NULL, state_hash TEXT NOT NULL,
		meta_seq BIGINT NOT NULL, meta BYTEA NOT NULL, meta_hash TEXT NOT NULL,
		PRIMARY KEY (room_id, version));
	CREATE TABLE realtime_journal (
		room_id TEXT NOT NULL, seq BIGINT NOT NULL, author BIGINT NOT NULL, at BIGINT NOT NULL,
		data BYTEA NOT NULL, meta BYTEA, sum BIGINT NOT NULL,
		PRIMARY KEY (room_id, seq));
	CREATE TABLE realtime_damaged (
		id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room_id TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
		found_at BIGINT NOT NULL, data BYTEA)`,
}

// schemaLock keeps two processes from migrating at once.
const schemaLock = 0x63707274 // "cprt"

// Open connects and brings the tables up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{db: o.DB}
	if s.db == nil {
		if o.DSN == "" {
			return nil, errors.New("postgres store: no database given")
		}
		var err error
		if s.db, err = sql.Open("pgx", o.DSN); err != nil {
			return nil, fmt.Errorf("postgres store: %w", err)
		}
		s.own = true
	}
	if err := s.migrate(ctx); err != nil {
		err = fmt.Errorf("postgres store: %w", err)
		if s.own {
			err = errors.Join(err, s.db.Close())
		}
		return nil, err
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, schemaLock); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS realtime_schema (version BIGINT NOT NULL)`); err != nil {
			return err
		}
		have := 0
		err := tx.QueryRowContext(ctx, `SELECT version FROM realtime_schema`).Scan(&have)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.ExecContext(ctx, `INSERT INTO realtime_schema (version) VALUES (0)`)
		}
		if err != nil {
			return err
		}
		if have > len(migrations) {
			return fmt.Errorf("tables have version %d, this program knows %d: %w", have, len(migrations), store.ErrTooNew)
		}
		for i := have; i < len(migrations); i++ {
			if _, err := tx.ExecContext(ctx, migrations[i]); err != nil {
				return fmt.Errorf("migration %d: %w", i+1, err)
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE realtime_schema SET version = $1`, len(migrations))
		return err
	})
}

// update runs fn in a transaction whose commit waits for the disk.
func (s *Store) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
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

// change is update for one room, ordered with all others of that room.
func (s *Store) change(ctx context.Context, room string, fn func(tx *sql.Tx) error) error {
	return s.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, schemaLock, room); err != nil {
			return err
		}
		return fn(tx)
	})
}

// begin admits a call; the caller must call end.
func (s *Store) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, store.ErrClosed
	}
	return s.mu.RUnlock, nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.own {
		return s.db.Close()
	}
	return nil
}

func wrap(what, room string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, room, err)
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Migrations are applied in order, each once; the number done is kept in
// realtime_schema. CivicPress's own table is made only if it is missing.
var coreMigrations = []string{
	`CREATE TABLE IF NOT EXISTS realtime_snapshots (
		id TEXT PRIMARY KEY, room_id TEXT NOT NULL, snapshot_data BLOB NOT NULL, version INTEGER NOT NULL,
		integrity_hash TEXT NOT NULL DEFAULT '', format_version INTEGER NOT NULL DEFAULT 1,
		byte_size INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
	CREATE INDEX IF NOT EXISTS idx_realtime_snapshots_room_id ON realtime_snapshots(room_id);
	CREATE INDEX IF NOT EXISTS realtime_snapshots_created_at_idx ON realtime_snapshots(created_at);
	CREATE TABLE realtime_states (
		room_id TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, created_at INTEGER NOT NULL,
		format_version INTEGER NOT NULL, state BLOB NOT NULL, state_hash TEXT NOT NULL,
		meta_seq INTEGER NOT NULL, meta BLOB NOT NULL, meta_hash TEXT NOT NULL,
		PRIMARY KEY (room_id, version)) WITHOUT ROWID;
	CREATE TABLE realtime_damaged (
		id INTEGER PRIMARY KEY, room_id TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
		found_at INTEGER NOT NULL, data BLOB);`,
}

var journalMigrations = []string{
	`CREATE TABLE realtime_journal (
		room_id TEXT NOT NULL, seq INTEGER NOT NULL, author INTEGER NOT NULL, at INTEGER NOT NULL,
		data BLOB NOT NULL, meta BLOB, sum INTEGER NOT NULL,
		PRIMARY KEY (room_id, seq)) WITHOUT ROWID;
	CREATE TABLE realtime_damaged (
		id INTEGER PRIMARY KEY, room_id TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,
		found_at INTEGER NOT NULL, data BLOB);`,
}

// stateFormat is the format version of realtime_states: one zstd frame that
// holds a Yjs V1 full state update.
const stateFormat = 1

// migrate brings the tables up to date. A file that was written by a newer
// program is refused.
func (f *file) migrate(ctx context.Context, migrations []string) error {
	var have int
	err := f.read.QueryRowContext(ctx, `SELECT version FROM realtime_schema`).Scan(&have)
	if err == nil && have == len(migrations) {
		return nil
	}
	return f.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS realtime_schema (version INTEGER NOT NULL)`); err != nil {
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
		_, err = tx.ExecContext(ctx, `UPDATE realtime_schema SET version = ?`, len(migrations))
		return err
	})
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Migrate applies the migrations that have not been done, in order, each once;
// the number done is kept in realtime_schema. tx must keep others from doing
// the same. A database that a newer program wrote is refused with ErrTooNew.
func Migrate(ctx context.Context, tx *sql.Tx, migrations []string) error {
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS realtime_schema (version INTEGER NOT NULL)`); err != nil {
		return err
	}
	have, err := Migrated(ctx, tx, migrations)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, `INSERT INTO realtime_schema (version) VALUES (0)`)
	}
	if err != nil {
		return err
	}
	for i := have; i < len(migrations); i++ {
		if _, err := tx.ExecContext(ctx, migrations[i]); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE realtime_schema SET version = $1`, len(migrations))
	return err
}

// Migrated returns how many migrations have been done, and ErrTooNew if there
// are more than this program knows.
func Migrated(ctx context.Context, q Querier, migrations []string) (have int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT version FROM realtime_schema`).Scan(&have); err != nil {
		return 0, err
	}
	if have > len(migrations) {
		return have, fmt.Errorf("tables have version %d, this program knows %d: %w", have, len(migrations), store.ErrTooNew)
	}
	return have, nil
}

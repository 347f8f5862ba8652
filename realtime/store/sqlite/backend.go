package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore"
)

// backend is what package sqlstore needs.
func (d *database) backend() sqlstore.Backend {
	b := sqlstore.Backend{
		Look:   sqlstore.Access{Core: d.read, Journal: journal{d.log}, Apart: true},
		Append: d.append,
		Aside:  d.aside,
		Close:  d.close,
		Logger: d.opts.Logger,
	}
	if d.opts.ReadOnly {
		return b
	}
	change := b.Look
	change.UpdateCore = d.update
	// Only one process has the rooms, and the file's one writing connection
	// puts those who change it in order.
	b.Room = func(_ context.Context, _ string, fn func(*sqlstore.Access) error) error { return fn(&change) }
	return b
}

// oldest returns the sequence number of a room's oldest state. ErrNoRoom if it
// has none.
func (d *database) oldest(ctx context.Context, room string) (uint64, error) {
	var seq int64
	err := d.read.QueryRowContext(ctx, `SELECT seq FROM realtime_states WHERE room_id = $1 ORDER BY version LIMIT 1`, room).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNoRoom
	}
	return uint64(seq), err
}

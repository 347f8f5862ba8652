package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
	"github.com/civicpress/realtimefx/realtime/store/internal/seglog"
)

// openJournal opens the folder of the journal and settles what a crash left in
// it: entries that states cover, and those of rooms that do not exist.
func (d *database) openJournal(ctx context.Context) (err error) {
	dir := d.opts.Journal
	if err := refuseOld(dir); err != nil {
		return err
	}
	if !d.opts.ReadOnly {
		real := disk.Real{}
		if err := errors.Join(real.MkdirAll("", dir), real.SyncDir("", filepath.Dir(dir))); err != nil {
			return err
		}
		if d.unlock, err = disk.Lock(filepath.Join(dir, "lock")); err != nil {
			return fmt.Errorf("another process has it open: %w", err)
		}
	}
	d.log, err = seglog.Open(seglog.Options{
		Dir: dir, Damaged: d.damaged(), OS: disk.Real{}, Look: d.opts.ReadOnly, Logger: d.opts.Logger,
		Exists: func(room string) bool { _, err := d.oldest(ctx, room); return err == nil },
	})
	if err != nil || d.opts.ReadOnly {
		return err
	}
	return d.log.Settle(func(room string) (uint64, error) { return d.oldest(ctx, room) })
}

// refuseOld keeps the journal of a build before the first release, a database,
// from being forgotten.
func refuseOld(dir string) error {
	old := dir + ".db"
	if _, err := os.Stat(old); err == nil {
		return fmt.Errorf("%s is the journal of an older build, which this one does not read: start that build once more, stop it, so that it saves everything, and remove the file", old)
	}
	return nil
}

func (d *database) damaged() string { return filepath.Join(d.opts.Journal, "damaged") }

// aside lists what the journal has put aside.
func (d *database) aside() ([]store.Damage, error) {
	return disk.Kept(disk.Real{}, d.damaged())
}

// append writes entries. A write that has begun is not cut short.
func (d *database) append(ctx context.Context, entries []store.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.log.Append(entries)
}

// journal is the journal as a sqlstore.Journal.
type journal struct{ log *seglog.Log }

// Tail implements sqlstore.Journal.
func (j journal) Tail(_ context.Context, room string, base uint64) (*codec.Tail, []store.Damage, error) {
	return j.log.Tail(room, base)
}

// PutAside implements sqlstore.Journal.
func (j journal) PutAside(_ context.Context, room string, bad []codec.Unusable) error {
	return j.log.PutAside(room, bad)
}

// Trim implements sqlstore.Journal.
func (j journal) Trim(_ context.Context, room string, through uint64) error {
	return j.log.Trim(room, through)
}

// Forget implements sqlstore.Journal.
func (j journal) Forget(_ context.Context, room string) error { return j.log.Forget(room, 0) }

// Begin implements sqlstore.Journal.
func (j journal) Begin(_ context.Context, room string) error { return j.log.Begin(room) }

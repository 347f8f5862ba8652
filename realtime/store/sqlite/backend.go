package sqlite

import (
	"context"
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

package realtimefx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/fs"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/realtime/store/postgres"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

// OpenStore opens the configured store to look at what is kept, without a
// server and, for a database, also beside a running one. What is read there is
// not changed.
func OpenStore(ctx context.Context, d Deps, c config.Config) (store.Store, error) {
	s, err := newStorage(c.Snapshots, d.Database, d.SystemDir, true, d.Logger)
	if err != nil {
		return nil, err
	}
	return s.opener(ctx)
}

// storage is the configured store. It exists from construction on, so that
// journal, keeper and rooms can be put together, and is opened by Start.
type storage struct {
	store.Store // nil until open
	what        string
	opener      func(context.Context) (store.Store, error)
}

var errNoDatabase = errors.New("snapshots.storage is database, but the core has no database; set it to filesystem, api or memory in realtime.yml")

// newStorage chooses by snapshots.storage. It never falls back to another
// store than the one that was asked for.
func newStorage(c config.Snapshots, db host.Database, dir string, readOnly bool, log *slog.Logger) (*storage, error) {
	switch c.Storage {
	case config.StorageDatabase:
		return databaseStorage(db, dir, readOnly, log)
	case config.StorageFilesystem:
		folder := under(dir, c.Directory, "realtime")
		return &storage{
			what: "filesystem (" + folder + ")",
			opener: func(ctx context.Context) (store.Store, error) {
				return fs.Open(ctx, fs.Options{Dir: folder, Logger: log})
			},
		}, nil
	case config.StorageAPI:
		folder := under(dir, c.Directory, "realtime")
		return &storage{
			what: "api (" + c.APIURL + ", journal in " + folder + ")",
			opener: func(ctx context.Context) (store.Store, error) {
				return openAPI(ctx, c, dir, folder, log)
			},
		}, nil
	case config.StorageMemory:
		return &storage{what: "memory", opener: func(context.Context) (store.Store, error) { return mem.New(), nil }}, nil
	}
	return nil, fmt.Errorf("snapshots.storage: %q is not available in this build", c.Storage)
}

func databaseStorage(db host.Database, dir string, readOnly bool, log *slog.Logger) (*storage, error) {
	if db == nil {
		return nil, errNoDatabase
	}
	switch db.Dialect() {
	case "sqlite":
		o := sqlite.Options{Core: db.Path(), Journal: filepath.Join(dir, sqlite.JournalName), ReadOnly: readOnly, Logger: log}
		if o.Core == "" {
			return nil, errors.New("snapshots.storage is database, but the core's SQLite database has no file")
		}
		return &storage{
			what:   "database (SQLite " + o.Core + ")",
			opener: func(ctx context.Context) (store.Store, error) { return sqlite.Open(ctx, o) },
		}, nil
	case "postgres":
		return &storage{
			what: "database (PostgreSQL)",
			opener: func(ctx context.Context) (store.Store, error) {
				return postgres.Open(ctx, postgres.Options{DB: db.DB(), Logger: log})
			},
		}, nil
	}
	return nil, fmt.Errorf("snapshots.storage is database, but there is no store for a %q database", db.Dialect())
}

// under resolves a path of realtime.yml against the file's folder.
func under(dir, path, fallback string) string {
	if path == "" {
		path = fallback
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (s *storage) open(ctx context.Context) error {
	opened, err := s.opener(ctx)
	if err != nil {
		return err
	}
	s.Store = opened
	return nil
}

func (s *storage) close(context.Context) error { return s.Store.Close() }

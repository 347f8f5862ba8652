package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/sqlstore/nodetest"
)

func TestBesideNodeServer(t *testing.T) {
	nodetest.Run(t, func(t *testing.T) (store.Store, *sql.DB) {
		dir := t.TempDir()
		s := open(t, dir)
		return s, raw(t, filepath.Join(dir, "civic.db"))
	})
}

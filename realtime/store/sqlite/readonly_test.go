package sqlite_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

// TestReadOnlyChangesNothing looks at damaged data while a server has it open.
func TestReadOnlyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	peek := func() *store.Loaded {
		t.Helper()
		ro, err := sqlite.Open(ctx, sqlite.Options{Core: filepath.Join(dir, "civic.db"), ReadOnly: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer ro.Close()
		l, err := ro.Peek(ctx, "records:a")
		if err != nil {
			return nil
		}
		if _, err := ro.Load(ctx, "records:a"); err == nil {
			t.Error("Load works on a store for reading only")
		}
		if err := ro.Append(ctx, []store.Entry{{Room: "records:a", Seq: 9}}); err == nil {
			t.Error("Append works on a store for reading only")
		}
		if aside, err := ro.Aside(ctx); err != nil || len(aside) > 0 {
			t.Errorf("aside: %v, %v", aside, err)
		}
		return l
	}
	if peek() != nil {
		t.Error("there is a room before there are files")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("looking made files: %v, %v", files, err)
	}
	s := open(t, dir)
	if err := s.Create(ctx, "records:a", store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(ctx, []store.Entry{{Room: "records:a", Seq: 1, Update: []byte("one"), At: time.Now()}, {Room: "records:a", Seq: 2, Update: []byte("two"), At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	if err := storetest.Flip(filepath.Join(dir, sqlite.JournalName, "00000001.log"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if l := peek(); l == nil || len(l.Entries) != 1 || len(l.Damage) != 1 {
			t.Errorf("peek: %+v", l)
		}
	}
	if l, err := s.Load(ctx, "records:a"); err != nil || len(l.Damage) != 1 {
		t.Errorf("the server's load: %+v, %v", l, err)
	}
}

package sqlite_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

func refused(t *testing.T, dir, why string) {
	t.Helper()
	o := sqlite.Options{Core: filepath.Join(dir, "civic.db"), Logger: slog.New(slog.DiscardHandler)}
	if _, err := sqlite.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), sqlite.JournalName) {
		t.Errorf("open: %v; want an error that names the journal and says %q", err, why)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	refused(t, dir, "another process has it open")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// A journal of a build before the first release is not forgotten silently.
func TestOldJournalIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqlite.JournalName+".db"), []byte("SQLite format 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "older build")
}

// TestOpenSettles crashes between a snapshot or a deletion and what it does to
// the journal: neither keeps entries for ever.
func TestOpenSettles(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	for _, room := range []string{"records:saved", "records:deleted"} {
		if err := s.Create(ctx, room, store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(ctx, []store.Entry{{Room: room, Seq: 1, Update: []byte("one")}, {Room: room, Seq: 2, Update: []byte("two")}}); err != nil {
			t.Fatal(err)
		}
	}
	core := raw(t, filepath.Join(dir, "civic.db"))
	if err := exec1(core, `UPDATE realtime_states SET seq = 2 WHERE room_id = 'records:saved'`); err != nil {
		t.Fatal(err)
	}
	if err := exec1(core, `DELETE FROM realtime_states WHERE room_id = 'records:deleted'`); err != nil {
		t.Fatal(err)
	}
	// A segment is removed when another one follows it.
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		if err := s.Append(ctx, []store.Entry{{Room: "records:none", Seq: 1, Update: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, sqlite.JournalName, "*.log"))
	if err != nil || len(names) == 0 {
		t.Fatal("no segments", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("records:saved")) || bytes.Contains(b, []byte("records:deleted")) {
			t.Errorf("%s still has entries that nobody needs", name)
		}
	}
}

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Core: filepath.Join(dir, "civic.db"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// raw opens a file as any other program would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		dir := t.TempDir()
		return storetest.Harness{
			Open: func() (store.Store, error) {
				return sqlite.Open(t.Context(), sqlite.Options{Core: filepath.Join(dir, "civic é?#%.db"), Logger: slog.New(slog.DiscardHandler)})
			},
			Damage: func(room string, target storetest.Target, seq uint64) error {
				core, journal := raw(t, "file:"+filepath.Join(dir, "civic%20é%3f%23%25.db")), raw(t, filepath.Join(dir, sqlite.JournalName))
				defer core.Close()
				defer journal.Close()
				var err error
				flip := `substr(%[1]s, 1, length(%[1]s)-3) || x'00' || substr(%[1]s, -2)`
				switch target {
				case storetest.NewestState:
					err = exec1(core, `UPDATE realtime_states SET state = CAST(`+fmt.Sprintf(flip, "state")+` AS BLOB) WHERE room_id = ? AND version = (SELECT max(version) FROM realtime_states WHERE room_id = ?)`, room, room)
				case storetest.NewestMeta:
					err = exec1(core, `UPDATE realtime_states SET meta = CAST(`+fmt.Sprintf(flip, "meta")+` AS BLOB) WHERE room_id = ? AND version = (SELECT max(version) FROM realtime_states WHERE room_id = ?)`, room, room)
				case storetest.AllMetas:
					_, err = core.Exec(`UPDATE realtime_states SET meta = CAST(`+fmt.Sprintf(flip, "meta")+` AS BLOB) WHERE room_id = ?`, room)
				case storetest.AllStates:
					_, err = core.Exec(`UPDATE realtime_states SET state = CAST(`+fmt.Sprintf(flip, "state")+` AS BLOB) WHERE room_id = ?`, room)
				case storetest.JournalEntry:
					err = exec1(journal, `UPDATE realtime_journal SET data = CAST(`+fmt.Sprintf(flip, "data")+` AS BLOB) WHERE room_id = ? AND seq = ?`, room, seq)
				}
				return err
			},
		}
	})
}

func exec1(db *sql.DB, query string, args ...any) error {
	res, err := db.Exec(query, args...)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n != 1 {
		return fmt.Errorf("%d rows changed", n)
	}
	return nil
}

// TestTooNew checks that data of a newer program is refused, not read.
func TestTooNew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Create(t.Context(), "records:a", store.Meta{}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	db := raw(t, filepath.Join(dir, "civic.db"))
	if err := exec1(db, `UPDATE realtime_states SET format_version = 9`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "records:a"); !errors.Is(err, store.ErrTooNew) {
		t.Errorf("load: %v, want ErrTooNew", err)
	}
	if err := exec1(db, `UPDATE realtime_schema SET version = 99`); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), sqlite.Options{Core: filepath.Join(dir, "civic.db")})
	if !errors.Is(err, store.ErrTooNew) || !strings.Contains(err.Error(), "civic.db") {
		t.Errorf("open: %v, want ErrTooNew that names the file", err)
	}
}

// TestBusyIsAnErrorThatPasses checks that a lock held by another process fails
// the call after the timeout, writes nothing, and is over when the lock is.
func TestBusyIsAnErrorThatPasses(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Core: filepath.Join(dir, "civic.db"), BusyTimeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Create(t.Context(), "records:a", store.Meta{}, store.Snapshot{}); err != nil {
		t.Fatal(err)
	}
	other := raw(t, filepath.Join(dir, sqlite.JournalName))
	other.SetMaxOpenConns(1)
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	e := []store.Entry{{Room: "records:a", Seq: 1, Update: []byte("x"), At: time.Now()}}
	if err := s.Append(t.Context(), e); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("append while locked: %v", err)
	}
	if _, err := other.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Load(t.Context(), "records:a"); err != nil || l.LastSeq() != 1 {
		t.Errorf("load: %+v, %v", l, err)
	}
}

// TestDamagedBytesAreKept checks that what Load puts aside can be found again.
func TestDamagedBytesAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	ctx := t.Context()
	if err := s.Create(ctx, "records:a", store.Meta{}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	var es []store.Entry
	for seq := uint64(1); seq <= 3; seq++ {
		es = append(es, store.Entry{Room: "records:a", Seq: seq, Update: fmt.Appendf(nil, "update %d", seq), At: time.Now()})
	}
	if err := s.Append(ctx, es); err != nil {
		t.Fatal(err)
	}
	journal := raw(t, filepath.Join(dir, sqlite.JournalName))
	if err := exec1(journal, `UPDATE realtime_journal SET data = x'00' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	l, err := s.Load(ctx, "records:a")
	if err != nil || len(l.Entries) != 1 || len(l.Damage) != 2 {
		t.Fatalf("load: %+v, %v", l, err)
	}
	var kept []byte
	if err := journal.QueryRow(`SELECT data FROM realtime_damaged WHERE what = 'journal entry 3'`).Scan(&kept); err != nil || string(kept) != "update 3" {
		t.Errorf("kept %q, %v", kept, err)
	}
}

// TestUnreadableJournalIsMovedAside overwrites pages of the journal's file.
// What is before and after them must come back, the file must be kept.
func TestUnreadableJournalIsMovedAside(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	s := open(t, dir)
	rooms := make([]string, 60)
	for i := range rooms {
		rooms[i] = fmt.Sprintf("records:%02d", i)
		if err := s.Create(ctx, rooms[i], store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
			t.Fatal(err)
		}
		var es []store.Entry
		for seq := uint64(1); seq <= 20; seq++ {
			es = append(es, store.Entry{Room: rooms[i], Seq: seq, Update: make([]byte, 100), At: time.Now()})
		}
		if err := s.Append(ctx, es); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, sqlite.JournalName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := len(b) / 4096 / 2 * 4096
	for i := range 4096 {
		b[page+i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	whole, entries := 0, 0
	for _, room := range rooms {
		l, err := s.Load(ctx, room)
		if err != nil {
			t.Fatal(err)
		}
		entries += len(l.Entries)
		if len(l.Entries) == 20 {
			whole++
		}
	}
	if whole < 50 || whole == 60 {
		t.Errorf("%d of 60 rooms are whole (%d of 1200 entries)", whole, entries)
	}
	kept, err := filepath.Glob(path + ".damaged-*")
	if err != nil || len(kept) == 0 {
		t.Errorf("the damaged file was not kept: %v, %v", kept, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Not a database at all.
	if err := os.WriteFile(path, []byte(strings.Repeat("garbage ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if l, err := s.Load(ctx, rooms[0]); err != nil || string(l.Snapshot.State) != "seed" || len(l.Entries) != 0 {
		t.Errorf("load: %+v, %v", l, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := open(b, b.TempDir())
			es := make([]store.Entry, n)
			seq := uint64(0)
			for b.Loop() {
				seq++
				for i := range es {
					es[i] = store.Entry{Room: fmt.Sprint("records:", i), Seq: seq, Update: make([]byte, 40), At: time.Now()}
				}
				if err := s.Append(context.Background(), es); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
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
				core := raw(t, "file:"+filepath.Join(dir, "civic%20é%3f%23%25.db"))
				defer core.Close()
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
					err = storetest.FlipEntry(filepath.Join(dir, sqlite.JournalName), room, seq)
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

// TestOwnSnapshotsAreNotRead checks that a room is opened without reading the
// snapshots of it that CivicPress's own table holds: the Node server's newer ones
// are found by an index.
func TestOwnSnapshotsAreNotRead(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	var id, parent, unused int
	var plan string
	err := raw(t, filepath.Join(dir, "civic.db")).QueryRow(`EXPLAIN QUERY PLAN SELECT snapshot_data FROM realtime_snapshots
		WHERE room_id = ? AND version > ? ORDER BY version DESC`, "records:a", 1).Scan(&id, &parent, &unused, &plan)
	if err != nil || !strings.Contains(plan, "(room_id=? AND version>?)") {
		t.Errorf("plan %q, %v", plan, err)
	}
}

// TestMigratesOlderTables checks that what a program of an earlier format has
// written is brought up to date when it is opened, and stays.
func TestMigratesOlderTables(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Create(t.Context(), "records:a", store.Meta{}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := raw(t, filepath.Join(dir, "civic.db"))
	var now int
	if err := db.QueryRow(`SELECT version FROM realtime_schema`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	if err := exec1(db, `UPDATE realtime_schema SET version = 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`DROP INDEX realtime_snapshots_room_version_idx`); err != nil {
		t.Fatal(err)
	}

	loaded, err := open(t, dir).Load(t.Context(), "records:a")
	if err != nil || loaded.Snapshot == nil || string(loaded.Snapshot.State) != "seed" {
		t.Errorf("load: %+v, %v", loaded, err)
	}
	var version, indexes int
	if err := db.QueryRow(`SELECT version, (SELECT count(*) FROM sqlite_schema WHERE name = 'realtime_snapshots_room_version_idx')
		FROM realtime_schema`).Scan(&version, &indexes); err != nil || version != now || indexes != 1 {
		t.Errorf("version %d of %d, %d indexes, %v", version, now, indexes, err)
	}
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
	other := raw(t, filepath.Join(dir, "civic.db"))
	other.SetMaxOpenConns(1)
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	e := []store.Entry{{Room: "records:a", Seq: 1, Update: []byte("x"), At: time.Now()}}
	if err := s.Append(t.Context(), e); err != nil {
		t.Errorf("the journal waits for the core's database: %v", err)
	}
	if err := s.SaveMeta(t.Context(), "records:a", 1, store.Meta{Lineage: "M"}); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("save while locked: %v", err)
	}
	if _, err := other.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveMeta(t.Context(), "records:a", 1, store.Meta{Lineage: "N"}); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Load(t.Context(), "records:a"); err != nil || l.LastSeq() != 1 || l.Meta.Lineage != "N" {
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

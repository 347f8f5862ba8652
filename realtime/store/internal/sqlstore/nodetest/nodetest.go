// Package nodetest plays the Node server beside a store in a SQL database: it
// writes rows to realtime_snapshots as that server does, while we are away.
package nodetest

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// Run runs all checks. fresh opens a new store and the database in which
// realtime_snapshots is.
func Run(t *testing.T, fresh func(t *testing.T) (store.Store, *sql.DB)) {
	t.Run("room of the Node server is taken over", func(t *testing.T) { takenOver(t, fresh) })
	t.Run("Node server went on", func(t *testing.T) { wentOn(t, fresh) })
	t.Run("Node server finds our snapshots", func(t *testing.T) { readsOurs(t, fresh) })
}

// typed returns the state with a text added under a client id.
func typed(t *testing.T, state []byte, client uint64, text string) (next []byte, update []byte) {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{ClientID: client})
	if state != nil {
		if err := doc.ApplyUpdate(state, nil); err != nil {
			t.Fatal(err)
		}
	}
	defer doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })()
	if err := doc.Transact(nil, func(tx *yjs.Transaction) error { return doc.Text("default").Insert(tx, 0, text, nil) }); err != nil {
		t.Fatal(err)
	}
	next, err := doc.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return next, update
}

func textOf(t *testing.T, l *store.Loaded) string {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{})
	updates := [][]byte{l.Snapshot.State}
	for _, e := range l.Entries {
		updates = append(updates, e.Update)
	}
	for _, u := range updates {
		if err := doc.ApplyUpdate(u, nil); err != nil {
			t.Fatal(err)
		}
	}
	return doc.Text("default").String()
}

// nodeSaves does what the Node server does to save a room.
func nodeSaves(t *testing.T, db *sql.DB, room string, state []byte) (version int64) {
	t.Helper()
	if err := db.QueryRow(`SELECT coalesce(max(version), 0) + 1 FROM realtime_snapshots WHERE room_id = $1`, room).Scan(&version); err != nil {
		t.Fatal(err)
	}
	sum, now := sha256.Sum256(state), time.Now().UnixMilli()
	if _, err := db.Exec(`INSERT INTO realtime_snapshots (id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7)`, fmt.Sprintf("%s-%d-%d", room, version, now), room, state, version, hex.EncodeToString(sum[:]), len(state), now); err != nil {
		t.Fatal(err)
	}
	return version
}

func takenOver(t *testing.T, fresh func(*testing.T) (store.Store, *sql.DB)) {
	ctx := t.Context()
	s, db := fresh(t)
	state, _ := typed(t, nil, 77, "from Node")
	nodeSaves(t, db, "records:a", state)
	for range 2 {
		l, err := s.Load(ctx, "records:a")
		if err != nil || textOf(t, l) != "from Node" || l.Meta.Lineage == "" || l.Snapshot.Version != 1 || l.LastSeq() != 0 {
			t.Fatalf("load: %+v, %v", l, err)
		}
	}
	_, update := typed(t, state, 5, "ours ")
	if err := s.Append(ctx, []store.Entry{{Room: "records:a", Seq: 1, Update: update, At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Load(ctx, "records:a"); err != nil || textOf(t, l) != "ours from Node" {
		t.Errorf("load: %+v, %v", l, err)
	}
	// A damaged row is no room, and is reported.
	nodeSaves(t, db, "records:b", state)
	if _, err := db.Exec(`UPDATE realtime_snapshots SET snapshot_data = $1 WHERE room_id = 'records:b'`, []byte{0}); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Load(ctx, "records:b"); !errors.Is(err, store.ErrNoRoom) || len(l.Damage) != 1 {
		t.Errorf("load of a damaged row: %+v, %v", l, err)
	}
}

// wentOn has the Node server run between two of our starts, while
// an edit of ours is only in the journal.
func wentOn(t *testing.T, fresh func(*testing.T) (store.Store, *sql.DB)) {
	ctx := t.Context()
	s, db := fresh(t)
	seed, _ := typed(t, nil, 1<<33, "seed")
	if err := s.Create(ctx, "records:a", store.Meta{Lineage: "L"}, store.Snapshot{State: seed}); err != nil {
		t.Fatal(err)
	}
	first, update := typed(t, seed, 5, "one ")
	if err := s.Append(ctx, []store.Entry{{Room: "records:a", Seq: 1, Update: update, At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: "records:a", State: first, Seq: 1}, store.Meta{Lineage: "L"}); err != nil {
		t.Fatal(err)
	}
	_, late := typed(t, first, 6, "two ")
	if err := s.Append(ctx, []store.Entry{{Room: "records:a", Seq: 2, Update: late, At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	node, _ := typed(t, first, 4, "node ")
	nodeSaves(t, db, "records:a", node)
	l, err := s.Load(ctx, "records:a")
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, l); len(text) != len("node two one seed") || l.Meta.Lineage != "L" || l.LastSeq() != 2 || l.Snapshot.Version != 2 {
		t.Errorf("text %q, lineage %q, seq %d, version %d", text, l.Meta.Lineage, l.LastSeq(), l.Snapshot.Version)
	}
	both, err := yjs.MergeUpdates([][]byte{l.Snapshot.State, late})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.SaveSnapshot(ctx, store.Snapshot{Room: "records:a", State: both, Seq: 2}, l.Meta); err != nil || v != 3 {
		t.Errorf("our next snapshot has version %d, %v; want 3", v, err)
	}

	// From another seed: not united, nothing doubled.
	other, _ := typed(t, nil, 99, "node one seed")
	nodeSaves(t, db, "records:a", other)
	l, err = s.Load(ctx, "records:a")
	if err != nil || len(textOf(t, l)) != len("node two one seed") {
		t.Errorf("text %q, %v", textOf(t, l), err)
	}
	// The Node server's sweep takes all its rows; ours remain.
	if _, err := db.Exec(`DELETE FROM realtime_snapshots`); err != nil {
		t.Fatal(err)
	}
	if l, err = s.Load(ctx, "records:a"); err != nil || len(textOf(t, l)) != len("node two one seed") {
		t.Errorf("after the sweep: %+v, %v", l, err)
	}
}

// readsOurs checks the rows that CivicPress's Node server reads.
func readsOurs(t *testing.T, fresh func(*testing.T) (store.Store, *sql.DB)) {
	ctx := t.Context()
	s, db := fresh(t)
	const room = "records:climate-action"
	if err := s.Create(ctx, room, store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := db.QueryRow(`SELECT count(*) FROM realtime_snapshots`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("a seed made %d snapshots", n)
	}
	at := time.UnixMilli(1_795_385_872_168)
	for i := range 5 {
		state := fmt.Appendf(nil, "state %d", i)
		if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: room, State: state, Seq: uint64(i), CreatedAt: at}, store.Meta{Lineage: "L"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 3 {
		t.Errorf("%d versions kept, want 3", n)
	}
	var id, roomID, hash string
	var data []byte
	var version, format, size, created int64
	err := db.QueryRow(`SELECT id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at
		FROM realtime_snapshots WHERE room_id = $1 ORDER BY version DESC LIMIT 1`, room).Scan(&id, &roomID, &data, &version, &hash, &format, &size, &created)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("state 4"))
	if string(data) != "state 4" || version != 5 || format != 1 || size != 7 || created != at.UnixMilli() || roomID != room ||
		id != "records:climate-action-5-1795385872168" || hash != hex.EncodeToString(sum[:]) {
		t.Errorf("row: %s %s %q v%d %s f%d %d bytes at %d", id, roomID, data, version, hash, format, size, created)
	}
}

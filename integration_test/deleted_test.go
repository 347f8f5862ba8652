package integration_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecordDeleted deletes a record beside the server while two people have it
// open, with edits that no draft has yet. Their tabs are closed. When the record
// comes back as it was, the edits are there; when another one gets its id, it
// starts with its own text.
func TestRecordDeleted(t *testing.T) {
	for _, anew := range []bool{false, true} {
		s := startDemo(t, t.TempDir())
		c := startClients(t)
		o := newOutside(t, s, c)
		o.type2()
		c.join(s, "told", "alice", bylaw, true)
		c.do("saved", do{"client": "told"})
		file := recordFile(t, s, bylaw)
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		execute(t, s, `CREATE TABLE kept AS SELECT * FROM records WHERE id = ?`, bylaw)
		execute(t, s, `DELETE FROM record_drafts WHERE id = ?`, bylaw)
		execute(t, s, `DELETE FROM records WHERE id = ?`, bylaw)
		if got := c.closed("told"); got.Code != 4003 && got.Code != 4004 {
			t.Errorf("closed with %+v", got)
		}
		for _, who := range []string{"alice", "bob", "told"} {
			c.do("destroy", do{"client": who})
		}
		putAway(t, s)
		if anew {
			head, _, _ := strings.Cut(string(before), o.before[:20])
			if err := os.WriteFile(file, []byte(head+"Nothing of this was there before.\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		execute(t, s, `INSERT INTO records SELECT * FROM kept`)
		c.join(s, "fresh", "dave", bylaw, false)
		text := strings.Join(c.content("fresh").Texts, "\n")
		want := map[string]int{fromAlice: 1, fromBob: 1, o.text: 1, "Nothing of this": 0}
		if anew {
			want = map[string]int{fromAlice: 0, fromBob: 0, o.text: 0, "Nothing of this": 1}
		}
		for sentence, n := range want {
			if got := strings.Count(text, sentence); got != n {
				t.Errorf("made anew %v: %q is there %d times, want %d", anew, sentence, got, n)
			}
		}
	}
}

// putAway waits until the store holds the record's document as deleted, and
// nothing else of it.
func putAway(t *testing.T, s *server) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, ".system-data", "civic.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		var kept, left, node int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE room_id LIKE 'deleted:%:records:' || $1),
			count(*) FILTER (WHERE room_id = 'records:' || $1), (SELECT count(*) FROM realtime_snapshots WHERE room_id = 'records:' || $1)
			FROM realtime_states`, bylaw).Scan(&kept, &left, &node)
		if err != nil {
			t.Fatal(err)
		}
		if kept == 1 && left == 0 && node == 0 {
			return
		}
	}
	t.Fatal("the document of the deleted record is not put away")
}

package integration_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nodeRow is a row of the table from which the Node module starts.
type nodeRow struct {
	data    []byte
	hash    string
	version int64
	format  int
	size    int
}

// newestRow reads what the Node module would start from.
func newestRow(t *testing.T, dir, id string) (r nodeRow) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, ".system-data", "civic.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row := db.QueryRowContext(t.Context(), `SELECT snapshot_data, integrity_hash, version, format_version, byte_size
		FROM realtime_snapshots WHERE room_id = ? ORDER BY version DESC LIMIT 1`, "records:"+id)
	if err := row.Scan(&r.data, &r.hash, &r.version, &r.format, &r.size); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(r.data)
	if r.hash != hex.EncodeToString(sum[:]) || r.format != 1 || r.size != len(r.data) {
		t.Errorf("row %d: hash %s, format %d, %d bytes said and %d there", r.version, r.hash, r.format, r.size, len(r.data))
	}
	return r
}

// asNode saves a document as the Node module does: a row of its table, and
// then the draft.
func asNode(t *testing.T, s *server, id string, version int64, state []byte, markdown string) {
	t.Helper()
	sum := sha256.Sum256(state)
	at := time.Now().UnixMilli()
	execute(t, s, `INSERT INTO realtime_snapshots (id, room_id, snapshot_data, version, integrity_hash, format_version, byte_size, created_at)
		VALUES (?, ?, ?, ?, ?, 1, ?, ?)`, fmt.Sprintf("records:%s-%d-%d", id, version, at), "records:"+id, state, version, hex.EncodeToString(sum[:]), len(state), at)
	execute(t, s, `INSERT INTO record_drafts (id, title, type, status, workflow_state, markdown_body, author, created_by)
		VALUES (?, ?, 'bylaw', 'draft', 'draft', ?, 'realtime-snapshot', 'realtime-snapshot')
		ON CONFLICT (id) DO UPDATE SET markdown_body = excluded.markdown_body`, id, id, markdown)
}

// A town goes from the Node module to this server, back, and here again. What
// was typed under each is there under the next, once. Yjs itself stands for
// the Node module: it makes and reads the states.
func TestFromNodeAndBack(t *testing.T) {
	s := startDemo(t, t.TempDir()) // tells what the record is
	c := startClients(t)
	c.join(s, "before", "alice", bylaw, true)
	page := c.content("before")
	original := published(t, s, bylaw)
	block, text := plainParagraph(t, page, original)
	c.do("destroy", do{"client": "before"})
	dir := t.TempDir()
	s = startDemo(t, dir) // the town, of which this server has opened nothing
	s.stop(t, syscall.SIGTERM)

	type document struct {
		XML   string `json:"xml"`
		State []byte `json:"state"`
	}
	// Under Node: its own document, with ids of its own.
	var node document
	c.do("revise", do{"xml_of": page.State, "afresh": true, "block": block, "text": " Typed under Node."}, &node)
	asNode(t, s, bylaw, 7, node.State, strings.Replace(original, text, text+" Typed under Node.", 1))

	here := startDemo(t, dir)
	c.join(here, "alice", "alice", bylaw, true)
	if got := c.content("alice").Texts[block]; got != text+" Typed under Node." {
		t.Fatalf("after the Node module the paragraph is %q", got)
	}
	c.do("type", do{"client": "alice", "block": block, "text": " Typed here."})
	c.do("saved", do{"client": "alice"})
	here.stop(t, syscall.SIGTERM)
	c.do("destroy", do{"client": "alice"})

	row := newestRow(t, dir, bylaw)
	if row.version <= 7 {
		t.Errorf("the Node module would start from version %d, which is its own", row.version)
	}
	var back document
	c.do("revise", do{"xml_of": row.data, "block": block, "text": " And under Node again."}, &back)
	want := text + " Typed under Node. Typed here. And under Node again."
	if strings.Count(back.XML, want) != 1 {
		t.Errorf("going back, the Node module has\n%s", back.XML)
	}
	asNode(t, s, bylaw, row.version+1, back.State, strings.Replace(original, text, want, 1))

	again := startDemo(t, dir)
	c.join(again, "bob", "bob", bylaw, true)
	if got := c.content("bob"); got.Texts[block] != want || len(got.Blocks) != len(page.Blocks) {
		t.Errorf("here again the paragraph is %q among %d blocks, want %q among %d", got.Texts[block], len(got.Blocks), want, len(page.Blocks))
	}
	c.do("type", do{"client": "bob", "block": block, "text": " Done."})
	c.do("saved", do{"client": "bob"})
	snapshot(t, again, "alice", bylaw)
	if body, _ := draftRow(t, again, bylaw); strings.Count(body, want+" Done.") != 1 {
		t.Errorf("the draft lacks the paragraph, or has it twice:\n%s", body)
	}
}

package integration_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

const bylaw = "noise-bylaw"

// draftRow reads a record's draft straight from the database file, as the Node
// core would.
func draftRow(t testing.TB, s *server, id string) (body string, ok bool) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, ".system-data", "civic.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRowContext(t.Context(), "SELECT coalesce(markdown_body, '') FROM record_drafts WHERE id = ?", id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	return body, true
}

// published returns the Markdown of a published record.
func published(t testing.TB, s *server, id string) string {
	t.Helper()
	status, body := s.request(t, "alice", "GET", "/api/v1/records/"+id, "")
	var answer struct {
		Data struct {
			Content string `json:"content"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Data.Content == "" {
		t.Fatalf("GET record %s: %d %s", id, status, body)
	}
	return answer.Data.Content
}

// snapshot asks for a snapshot and so for the write-back to the draft.
func snapshot(t testing.TB, s *server, user, id string) {
	t.Helper()
	status, body := s.request(t, user, "POST", "/api/v1/records/"+id+"/snapshot", "")
	if status != 200 || !strings.Contains(body, `"snapshotCreated":true`) {
		t.Fatalf("snapshot of %s: %d %s", id, status, body)
	}
}

// plainParagraph returns a block of plain text that stands on one line of the
// Markdown, and its text: what an edit changes is then exactly that line.
func plainParagraph(t testing.TB, c content, markdown string) (block int, text string) {
	t.Helper()
	for i, xml := range c.Blocks {
		text, ok := strings.CutPrefix(xml, "<paragraph>")
		text, end := strings.CutSuffix(text, "</paragraph>")
		if ok && end && len(text) > 20 && !strings.ContainsAny(text, "<&*_[]`\\") && strings.Count(markdown, text) == 1 &&
			strings.Contains("\n"+markdown+"\n", "\n"+text+"\n") {
			return i, text
		}
	}
	t.Fatalf("no plain paragraph in %d blocks", len(c.Blocks))
	return 0, ""
}

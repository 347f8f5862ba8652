package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// From login to archive while the record is open: what editors see is
// published to the file and committed, the draft is gone and stays gone, and
// editing goes on without anything doubled.
func TestPublishWhileOpen(t *testing.T) {
	s := startDemo(t, t.TempDir())
	status, body := s.request(t, "", "POST", "/api/v1/auth/password", `{"username":"alice","password":"alice-demo"}`)
	var login struct {
		Data struct {
			Session struct {
				Token string `json:"token"`
			} `json:"session"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &login); err != nil || status != 200 || login.Data.Session.Token == "" {
		t.Fatalf("login: %d %s", status, body)
	}
	s.Users["alice"] = demoUser{Token: login.Data.Session.Token}

	c := startClients(t)
	before := published(t, s, bylaw)
	c.join(s, "alice", "alice", bylaw, true)
	c.join(s, "bob", "bob", bylaw, true)
	block, text := plainParagraph(t, c.content("alice"), before)
	c.do("type", do{"client": "alice", "block": block, "text": " Passed in third reading."})
	c.do("saved", do{"client": "alice"})

	if status, body := s.request(t, "alice", "POST", "/api/v1/records/"+bylaw+"/publish", "{}"); status != 200 {
		t.Fatalf("publish: %d %s", status, body)
	}
	want := strings.Replace(before, text, text+" Passed in third reading.", 1)
	if got := published(t, s, bylaw); got != want {
		t.Errorf("published: %s", diffLine(got, want))
	}
	if _, ok := draftRow(t, s, bylaw); ok {
		t.Error("the draft is still there")
	}
	file := recordFile(t, s, bylaw)
	src, err := os.ReadFile(file)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(src)), strings.TrimSpace(want)) {
		t.Errorf("the file does not hold the text: %v", err)
	}
	if out, err := exec.Command("git", "-C", filepath.Dir(file), "status", "--porcelain", "--", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("not committed: %v %s", err, out)
	}

	// Nobody edits: a write-back must not bring the draft back.
	snapshot(t, s, "bob", bylaw)
	if _, ok := draftRow(t, s, bylaw); ok {
		t.Error("the draft came back without an edit")
	}
	c.do("type", do{"client": "bob", "block": block, "text": " And amended."})
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": "Passed in third reading. And amended."})
	snapshot(t, s, "bob", bylaw)
	want = strings.Replace(before, text, text+" Passed in third reading. And amended.", 1)
	if got, _ := draftRow(t, s, bylaw); got != want {
		t.Errorf("draft: %s", diffLine(got, want))
	}
	if got := c.content("alice").Texts[block]; got != text+" Passed in third reading. And amended." {
		t.Errorf("alice has %q", got)
	}
}

// A logout closes the sockets of that session at once, and no other.
func TestLogoutClosesSockets(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	c.join(s, "bob", "bob", bylaw, true)
	if status, body := s.request(t, "alice", "POST", "/api/v1/auth/logout", ""); status != 200 {
		t.Fatalf("logout: %d %s", status, body)
	}
	if got := c.closed("alice"); got.Code != 4001 || !strings.Contains(got.Reason, "SESSION_REVOKED") {
		t.Errorf("alice was closed with %d %s", got.Code, got.Reason)
	}
	c.do("type", do{"client": "bob", "block": 0, "text": "!"})
	c.do("saved", do{"client": "bob"})

	// An admin sets bob's password: all of his sessions end.
	if status, body := s.request(t, "dave", "POST", "/api/v1/users/2/set-password", `{"newPassword":"a new one, longer"}`); status != 200 {
		t.Fatalf("set-password: %d %s", status, body)
	}
	if got := c.closed("bob"); got.Code != 4001 || !strings.Contains(got.Reason, "SESSION_REVOKED") {
		t.Errorf("bob was closed with %d %s", got.Code, got.Reason)
	}
}

func recordFile(t *testing.T, s *server, id string) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(filepath.Join(s.Dir, "data", "records"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == id+".md" {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no file of %s: %v", id, err)
	}
	return found
}

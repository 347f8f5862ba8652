package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// What somebody else adds to the record beside us, and what the tabs typed.
const (
	added     = "Added beside the editor."
	fromAlice = " Alice wrote this sentence."
	fromBob   = " Bob wrote that sentence."
)

// outsideWays are the ways in which a record's text changes without the
// editor. Each makes the last line of the text end in added.
var outsideWays = []struct {
	name   string
	change func(t *testing.T, s *server)
}{
	{"git pull", pull},
	{"draft of the Node core", nodeDraft},
}

// TestOutsideWhileLive changes the text beside a room in which two people type.
func TestOutsideWhileLive(t *testing.T) {
	for _, way := range outsideWays {
		t.Run(way.name, func(t *testing.T) {
			s := startDemo(t, t.TempDir())
			c := startClients(t)
			o := newOutside(t, s, c)
			o.type2()
			snapshot(t, s, "alice", bylaw)
			typing := c.start("type", do{"client": "bob", "block": o.block, "at": 0, "text": "While it came: ", "pause": 5})
			way.change(t, s)
			if _, err := typing(); err != nil {
				t.Fatal(err)
			}
			o.prefix = "While it came: "
			o.check(added)
		})
	}
}

// TestOutsideWhileCold changes the text while the server is down and both tabs
// are open and type on without it.
func TestOutsideWhileCold(t *testing.T) {
	for _, way := range outsideWays {
		t.Run(way.name, func(t *testing.T) {
			dir := t.TempDir()
			s := startDemo(t, dir)
			c := startClients(t)
			o := newOutside(t, s, c)
			o.type2()
			if code := s.stop(t, syscall.SIGTERM); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			c.do("disconnect", do{"client": "alice"})
			c.do("disconnect", do{"client": "bob"})
			c.do("type", do{"client": "bob", "block": o.block, "at": 0, "text": "While it slept: "})
			way.change(t, s)
			o.s = startDemo(t, dir, "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://"))
			c.do("connect", do{"client": "alice"})
			c.do("connect", do{"client": "bob"})
			o.prefix = "While it slept: "
			o.check(added)
		})
	}
}

// TestPublishAndTypeOn publishes what is open, with people typing through it,
// and again while the room is cold.
func TestPublishAndTypeOn(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	o := newOutside(t, s, c)
	o.type2()
	typing := c.start("type", do{"client": "bob", "block": o.block, "at": 0, "text": "Through the publication: ", "pause": 5})
	if status, body := s.request(t, "alice", "POST", "/api/v1/records/"+bylaw+"/publish", "{}"); status != 200 {
		t.Fatalf("publish: %d %s", status, body)
	}
	if _, err := typing(); err != nil {
		t.Fatal(err)
	}
	o.prefix = "Through the publication: "
	o.check("")
	for _, sentence := range []string{fromAlice, fromBob} {
		if n := strings.Count(published(t, s, bylaw), strings.TrimSpace(sentence)); n != 1 {
			t.Errorf("the published text says %q %d times", sentence, n)
		}
	}

	// The tabs lose the net and nobody has the record open; it is published,
	// and they come back with what they typed meanwhile.
	c.do("disconnect", do{"client": "alice"})
	c.do("disconnect", do{"client": "bob"})
	c.do("type", do{"client": "bob", "block": o.block, "at": 0, "text": "Later on. "})
	if status, body := s.request(t, "alice", "POST", "/api/v1/records/"+bylaw+"/publish", "{}"); status != 200 {
		t.Fatalf("publish: %d %s", status, body)
	}
	c.do("connect", do{"client": "alice"})
	c.do("connect", do{"client": "bob"})
	o.prefix = "Later on. " + o.prefix
	o.check("")
}

// TestTabsOfflineForADay has two tabs typing without a net while the server
// forgets the room, starts anew and a third person edits the same paragraph.
func TestTabsOfflineForADay(t *testing.T) {
	dir := t.TempDir()
	s := startDemo(t, dir)
	c := startClients(t)
	o := newOutside(t, s, c)
	o.type2()
	var day [2]string
	for i, who := range []string{"alice", "bob"} {
		c.do("disconnect", do{"client": who})
		for word := range 150 {
			day[i] += fmt.Sprintf(" %s%d", who, word)
		}
		c.do("type", do{"client": who, "block": o.block, "text": day[i]})
	}
	const fromDave = " Dave was there meanwhile."
	c.join(s, "dave", "dave", bylaw, true)
	c.do("type", do{"client": "dave", "block": o.block, "text": fromDave})
	c.do("saved", do{"client": "dave"})
	c.do("destroy", do{"client": "dave"})
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	s = startDemo(t, dir, "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://"))
	both := []string{"alice", "bob"}
	for _, who := range both {
		c.do("connect", do{"client": who})
	}
	for _, text := range []string{day[0], day[1], fromDave} {
		c.do("until", do{"clients": both, "equal": true, "contains": text})
	}
	snapshot(t, s, "bob", bylaw)
	content := c.content("alice")
	if len(content.Blocks) != o.blocks {
		t.Errorf("%d blocks, want %d", len(content.Blocks), o.blocks)
	}
	line := content.Texts[o.block]
	rest := line
	for _, text := range []string{o.text, fromAlice, fromBob, day[0], day[1], fromDave} {
		if n := strings.Count(line, text); n != 1 {
			t.Errorf("%.40q is there %d times", text, n)
		}
		rest = strings.Replace(rest, text, "", 1)
	}
	if rest != "" {
		t.Errorf("nobody typed %q", rest)
	}
	draft, _ := draftRow(t, s, bylaw)
	if want := strings.Replace(o.before, o.text, line, 1); draft != want {
		t.Errorf("draft: %s", diffLine(draft, want))
	}
}

// TestStaleTab starts the record anew, from its draft, while a tab still holds
// the document that the server has forgotten: the databases of a day ago were
// put back. The tab is told to load the record again, and what it holds is
// never merged into the new document.
func TestStaleTab(t *testing.T) {
	dir := t.TempDir()
	s := startDemo(t, dir)
	c := startClients(t)
	o := newOutside(t, s, c)
	o.type2()
	c.join(s, "told", "alice", bylaw, true)
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".system-data", "realtime-journal")); err != nil {
		t.Fatal(err)
	}
	execute(t, s, `DELETE FROM realtime_states`)
	execute(t, s, `DELETE FROM realtime_snapshots`)

	again := startDemo(t, dir, "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://"))
	c.do("frame", do{"client": "told", "match": "lineage.changed"})
	c.join(again, "fresh", "alice", bylaw, true)
	c.do("type", do{"client": "fresh", "block": o.block, "text": " And it goes on."})
	c.do("saved", do{"client": "fresh"}) // it has arrived
	snapshot(t, again, "alice", bylaw)
	fresh := c.content("fresh")
	if got, want := len(fresh.Blocks), o.blocks; got != want {
		t.Errorf("%d blocks, want %d", got, want)
	}
	if got, want := fresh.Texts[o.block], o.text+fromAlice+fromBob+" And it goes on."; got != want && got != o.text+fromBob+fromAlice+" And it goes on." {
		t.Errorf("the paragraph is %q, want %q", got, want)
	}
	draft, _ := draftRow(t, again, bylaw)
	if want := strings.Replace(o.before, o.text, fresh.Texts[o.block], 1); draft != want {
		t.Errorf("draft: %s", diffLine(draft, want))
	}
	for _, stale := range []string{"alice", "bob", "told"} {
		c.do("destroy", do{"client": stale})
	}
}

// outside is one record with two people at it.
type outside struct {
	t      *testing.T
	s      *server
	c      *clients
	before string // published when it was opened
	block  int    // that people type into
	text   string // what stood in it
	blocks int
	prefix string // typed at its start
}

func newOutside(t *testing.T, s *server, c *clients) *outside {
	t.Helper()
	o := &outside{t: t, s: s, c: c, before: published(t, s, bylaw)}
	c.join(s, "alice", "alice", bylaw, false)
	c.join(s, "bob", "bob", bylaw, false)
	content := c.content("alice")
	o.block, o.text = plainParagraph(t, content, o.before)
	o.blocks = len(content.Blocks)
	return o
}

// type2 lets both type at the end of the paragraph, one after the other.
func (o *outside) type2() {
	o.t.Helper()
	both := []string{"alice", "bob"}
	o.c.do("type", do{"client": "alice", "block": o.block, "text": fromAlice})
	o.c.do("until", do{"clients": both, "equal": true, "contains": fromAlice})
	o.c.do("type", do{"client": "bob", "block": o.block, "text": fromBob})
	o.c.do("until", do{"clients": both, "equal": true, "contains": fromBob})
}

// check waits until both see the change and what was typed, then holds blocks
// and draft against the text that there should be.
func (o *outside) check(change string) {
	o.t.Helper()
	both := []string{"alice", "bob"}
	o.c.do("until", do{"clients": both, "equal": true, "contains": o.prefix})
	if change != "" {
		o.c.do("until", do{"clients": both, "equal": true, "contains": change})
	}
	snapshot(o.t, o.s, "alice", bylaw)
	o.c.do("until", do{"clients": both, "equal": true})
	line := o.prefix + o.text + fromAlice + fromBob
	want := strings.Replace(o.before, o.text, line, 1)
	if change != "" {
		want = strings.TrimRight(want, "\n") + "\n\n" + change
		o.blocks++
	}
	for _, who := range both {
		content := o.c.content(who)
		if len(content.Blocks) != o.blocks {
			o.t.Errorf("%s has %d blocks, want %d", who, len(content.Blocks), o.blocks)
		}
		if got := content.Texts[o.block]; got != line {
			o.t.Errorf("%s has %q, want %q", who, got, line)
		}
		if n := strings.Count(content.XML, change); change != "" && n != 1 {
			o.t.Errorf("%s sees %q %d times", who, change, n)
		}
	}
	draft, _ := draftRow(o.t, o.s, bylaw)
	// Front matter and body are taken apart without the last line's end.
	if draft, want := strings.TrimRight(draft, "\n"), strings.TrimRight(want, "\n"); draft != want {
		o.t.Errorf("draft: %s", diffLine(draft, want))
	}
}

// pull does to the archive what a git pull does: another file, another commit.
func pull(t *testing.T, s *server) {
	t.Helper()
	file := recordFile(t, s, bylaw)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// As git does: never in place.
	temp := file + ".new"
	if err := os.WriteFile(temp, []byte(strings.TrimRight(string(b), "\n")+"\n\n"+added+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, file); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "git", "-C", filepath.Dir(file), "-c", "user.name=Eve", "-c", "user.email=eve@town.example",
		"commit", "--quiet", "--message", "Add a sentence at home", "--", file).CombinedOutput()
	if err != nil {
		t.Fatalf("git commit: %v\n%s", err, out)
	}
}

// nodeDraft does what the draft PUT of the Node core does: it writes the row
// over a connection of its own.
func nodeDraft(t *testing.T, s *server) {
	t.Helper()
	body, ok := draftRow(t, s, bylaw) // as its form loaded it
	if !ok {
		t.Fatal("there is no draft")
	}
	execute(t, s, `UPDATE record_drafts SET markdown_body = ?, last_draft_saved_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP WHERE id = ?`,
		strings.TrimRight(body, "\n")+"\n\n"+added+"\n", bylaw)
}

// execute runs a statement on the core's database beside the server.
func execute(t *testing.T, s *server, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, ".system-data", "civic.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := db.ExecContext(ctx, statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

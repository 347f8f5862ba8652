package integration_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// Two people type into the middle of the same paragraph at once. Both end with
// the same document, and the draft is the published text with exactly that
// line changed.
func TestTwoClerksTypeIntoOneParagraph(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	before := published(t, s, bylaw)
	c.join(s, "alice", "alice", bylaw, false)
	c.join(s, "bob", "bob", bylaw, false)
	block, text := plainParagraph(t, c.content("alice"), before)
	if _, ok := draftRow(t, s, bylaw); ok {
		t.Fatal("there is a draft before anything was edited")
	}

	const fromAlice, fromBob = "Alice wrote this at length. ", "Bob wrote that, not less. "
	middle := len([]rune(text)) / 2
	alice := c.start("type", do{"client": "alice", "block": block, "at": middle, "text": fromAlice, "pause": 3})
	bob := c.start("type", do{"client": "bob", "block": block, "at": middle, "text": fromBob, "pause": 4})
	for _, wait := range []func() (answer, error){alice, bob} {
		if _, err := wait(); err != nil {
			t.Fatal(err)
		}
	}
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": fromAlice})
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": fromBob, "presence": 2})

	after := c.content("bob").Texts[block]
	if len(after) != len(text)+len(fromAlice)+len(fromBob) {
		t.Fatalf("the paragraph is %q", after)
	}
	snapshot(t, s, "alice", bylaw)
	got, ok := draftRow(t, s, bylaw)
	if want := strings.Replace(before, text, after, 1); !ok || got != want {
		t.Fatalf("draft:\n%s\nwant the published text with one line changed:\n%s", diffLine(got, want), after)
	}
}

// Opening and closing a record changes nothing, not even a row.
func TestNoEditNoDraft(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	for _, id := range s.Records {
		c.join(s, id, "alice", id, false)
		if xml := c.content(id).XML; xml == "" {
			t.Errorf("%s opens empty", id)
		}
	}
	for _, id := range s.Records {
		if status, body := s.request(t, "alice", "POST", "/api/v1/records/"+id+"/snapshot", ""); status != 200 {
			t.Errorf("snapshot of %s: %d %s", id, status, body)
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, id := range s.Records {
		if body, ok := draftRow(t, s, id); ok {
			t.Errorf("%s has a draft although nobody edited it:\n%.200s", id, body)
		}
	}
}

// A viewer's edit changes nothing for anyone.
func TestViewerCannotEdit(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	before := published(t, s, bylaw)
	c.join(s, "alice", "alice", bylaw, false)
	c.join(s, "carol", "carol", bylaw, true)
	c.join(s, "stock carol", "carol", bylaw, false)
	block, text := plainParagraph(t, c.content("alice"), before)

	const graffiti, proper = "GRAFFITI", " A proper edit."
	c.do("type", do{"client": "carol", "block": block, "text": graffiti})
	c.do("frame", do{"client": "carol", "match": "PERMISSION_DENIED"}) // refused by now
	c.do("type", do{"client": "stock carol", "block": block, "text": graffiti})
	c.do("type", do{"client": "alice", "block": block, "text": proper})
	c.do("until", do{"clients": []string{"alice", "carol", "stock carol"}, "contains": proper})

	c.join(s, "bob", "bob", bylaw, false)
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": proper, "lacks": graffiti})
	if c.content("alice").Texts[block] != text+proper {
		t.Errorf("alice has %q", c.content("alice").Texts[block])
	}
	snapshot(t, s, "alice", bylaw)
	got, _ := draftRow(t, s, bylaw)
	if want := strings.Replace(before, text, text+proper, 1); got != want {
		t.Fatalf("draft: %s", diffLine(got, want))
	}
}

// Stop while people type, start again: what was reported saved is there before
// anybody brings it back, and everything typed is there once they do.
func TestStopWhileTypingAndStartAgain(t *testing.T) {
	dir := t.TempDir()
	s := startDemo(t, dir)
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	block, text := plainParagraph(t, c.content("alice"), published(t, s, bylaw))

	typed := ""
	for i := range 60 {
		typed += fmt.Sprintf(" w%02d", i)
	}
	wait := c.start("type", do{"client": "alice", "block": block, "text": typed, "pause": 5})
	c.do("until", do{"clients": []string{"alice"}, "contains": "w20"})
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	c.do("disconnect", do{"client": "alice"})
	saved := int(c.content("alice").Saved) // one clock a letter
	if saved == 0 {
		t.Fatal("nothing was reported saved")
	}
	if _, err := wait(); err != nil { // typed on, offline
		t.Fatal(err)
	}
	draft, ok := draftRow(t, s, bylaw)
	if !ok || !strings.Contains(draft, text+typed[:saved]) {
		t.Fatalf("%d letters were reported saved; the draft has %q", saved, lineWith(draft, text[:20]))
	}

	again := startDemo(t, dir, "--realtime-addr", strings.TrimPrefix(s.Realtime, "ws://"))
	if again.Users["bob"].Token != s.Users["bob"].Token {
		t.Error("the second start has other tokens")
	}
	c.join(again, "bob", "bob", bylaw, false)
	if got := c.content("bob").Texts[block]; !strings.HasPrefix(got, text+typed[:saved]) || !strings.HasPrefix(text+typed, got) {
		t.Fatalf("%d letters were reported saved; after the restart there is %q", saved, got)
	}
	c.do("connect", do{"client": "alice"})
	c.do("until", do{"clients": []string{"alice", "bob"}, "equal": true, "contains": typed})
	c.do("saved", do{"client": "alice"})
	if got := c.content("bob").Texts[block]; got != text+typed {
		t.Fatalf("got %q", got)
	}
	snapshot(t, again, "bob", bylaw)
	if draft, _ := draftRow(t, again, bylaw); strings.Count(draft, typed) != 1 {
		t.Fatalf("the draft has %q", lineWith(draft, text[:20]))
	}
}

// lineWith returns the first line that holds the text.
func lineWith(body, text string) string {
	for line := range strings.SplitSeq(body, "\n") {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

// diffLine shows the first line in which two texts differ.
func diffLine(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(end)", "(end)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is %q, want %q", i+1, a, b)
		}
	}
	return "equal"
}

package instance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/civicpress/realtimefx/host"
)

// published is a record as the Node core and people left it: comments, odd
// spacing, keys nobody here knows, no final newline.
const published = `---
id: an-older-id
title: 'Noise bylaw'
type: bylaw
status: approved

author: alice
authors:
  - name: Alice
    username: alice   # the deputy

created: '2021-03-04T05:06:07.000Z'
updated: '2021-03-04T05:06:07.000Z'

tags: [noise,   quiet]
geography_data: {zone: R-2}
attached_files:
  - id: f1
    path: a.pdf
x_unknown: 007

---


# Noise

Quiet.`

// withPublished makes an instance with that record, committed.
func withPublished(t *testing.T, text string) (*Instance, host.User) {
	t.Helper()
	in := open(t)
	u, _ := addUser(t, in, "bob", "clerk")
	writeData(t, in, "records/bylaws/noise.md", text)
	execSQL(t, in, `INSERT INTO records (id, title, type, status, content, path, author) VALUES ('noise', 'Noise bylaw', 'bylaw', 'approved', 'stale', 'records/bylaws/noise.md', 'alice')`)
	repo, err := openRepository(in.layout.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := commitAll(repo, "Add the record", author{"Alice", "alice@example.org"}); err != nil {
		t.Fatal(err)
	}
	return in, u
}

func file(t *testing.T, in *Instance, path string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(in.layout.DataDir, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// draftOf makes a draft as the plugin does: all that the record has.
func draftOf(t *testing.T, in *Instance, id, body string) {
	t.Helper()
	r, err := in.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = body
	if err := in.CreateDraft(t.Context(), host.Draft{Fields: r.Fields, CreatedBy: snapshotAuthor}); err != nil {
		t.Fatal(err)
	}
}

func TestPublishChangesOnlyTheBody(t *testing.T) {
	in, bob := withPublished(t, published)
	var events []string
	for _, e := range []string{host.EventRecordCreated, host.EventRecordUpdated, host.EventStatusChanged, host.EventRecordPublished, host.EventRecordCommitted} {
		in.Subscribe(e, func(ctx context.Context, p any) {
			ev := p.(host.RecordEvent)
			if ev.RecordID != "noise" || ev.UserID != bob.ID || (e == host.EventRecordCommitted) != (ev.Commit != "") {
				t.Errorf("%s: %+v", e, ev)
			}
			if _, err := in.Draft(ctx, "noise"); !errors.Is(err, host.ErrNotFound) {
				t.Errorf("%s: announced while the draft is there: %v", e, err)
			}
			events = append(events, e)
		})
	}
	draftOf(t, in, "noise", "# Noise\n\nQuiet, please.")
	p, err := in.Publish(t.Context(), "noise", "", bob)
	if err != nil {
		t.Fatal(err)
	}
	got := file(t, in, "records/bylaws/noise.md")
	updated := regexpUpdated(t, got)
	want := strings.Replace(strings.Replace(published, "Quiet.", "Quiet, please.", 1), "updated: '2021-03-04T05:06:07.000Z'", "updated: '"+updated+"'", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if at, err := time.Parse("2006-01-02T15:04:05.000Z", updated); err != nil || time.Since(at) > time.Minute {
		t.Errorf("updated is %s", updated)
	}
	if p.Created || p.DraftKept || len(p.Commit) != 40 || p.Record.ID != "noise" {
		t.Errorf("got %+v", p)
	}
	if want := []string{host.EventRecordUpdated, host.EventRecordPublished, host.EventRecordCommitted}; !slices.Equal(events, want) {
		t.Errorf("got %q, want %q", events, want)
	}
	if got, want := gitOutput(t, in, "log", "-1", "--format=%an <%ae> %s"), "Name of bob <bob@example.org> feat(clerk): Update record: Noise bylaw\n"; got != want {
		t.Errorf("got commit %q, want %q", got, want)
	}
	if got := gitOutput(t, in, "show", "--stat", "--format=", "HEAD"); !strings.Contains(got, "2 insertions(+), 2 deletions(-)") {
		t.Errorf("the commit changes more than the text and the time: %s", got)
	}
	if out := gitOutput(t, in, "status", "--porcelain") + gitOutput(t, in, "fsck"); out != "" {
		t.Errorf("got %s", out)
	}
	if got := column(t, in, `SELECT content || '|' || COALESCE(workflow_state, 'NULL') || '|' || geography FROM records WHERE id = 'noise'`); got != `# Noise`+"\n\nQuiet, please.|NULL|"+`{"zone":"R-2"}` {
		t.Errorf("got row %q", got)
	}
	if _, err := in.Publish(t.Context(), "noise", "", bob); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("without a draft: got %v, want ErrNotFound", err)
	}
}

func regexpUpdated(t *testing.T, src string) string {
	t.Helper()
	_, rest, ok := strings.Cut(src, "\nupdated: '")
	value, _, ok2 := strings.Cut(rest, "'\n")
	if !ok || !ok2 {
		t.Fatalf("no time stamp in %q", src)
	}
	return value
}

func TestPublishWithoutChangeIsNoDiff(t *testing.T) {
	for name, text := range map[string]string{
		"plain": published, "crlf": strings.ReplaceAll(published, "\n", "\r\n"), "bom and tail": "\ufeff" + published + "\n\n \n",
	} {
		in, bob := withPublished(t, text)
		r, err := in.Record(t.Context(), "noise")
		if err != nil {
			t.Fatal(err)
		}
		draftOf(t, in, "noise", r.Body)
		head := gitOutput(t, in, "rev-parse", "HEAD")
		p, err := in.Publish(t.Context(), "noise", "", bob)
		if err != nil || p.Commit != "" || file(t, in, "records/bylaws/noise.md") != text || gitOutput(t, in, "rev-parse", "HEAD") != head {
			t.Errorf("%s: something changed: %+v, %v", name, p, err)
		}
		if _, err := in.Draft(t.Context(), "noise"); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("%s: the draft is still there: %v", name, err)
		}
	}
}

// TestPublishOfANodeDraft publishes a draft as the Node module makes it:
// without geography, attachments, authors and source.
func TestPublishOfANodeDraft(t *testing.T) {
	in, bob := withPublished(t, published)
	if err := in.CreateDraft(t.Context(), host.Draft{Fields: host.Fields{
		ID: "noise", Title: "Noise bylaw", Type: "bylaw", Status: "approved", Body: "New.", Metadata: []byte(`{"tags":["noise","quiet"]}`),
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Publish(t.Context(), "noise", "", bob); err != nil {
		t.Fatal(err)
	}
	got := file(t, in, "records/bylaws/noise.md")
	head, _, _ := strings.Cut(published, "\n# Noise")
	head = strings.Replace(head, "updated: '2021-03-04T05:06:07.000Z'", "updated: '"+regexpUpdated(t, got)+"'", 1)
	if got != head+"\nNew." {
		t.Errorf("got\n%s\nwant the front matter of before", got)
	}
}

func TestPublishOfChangedFields(t *testing.T) {
	in, bob := withPublished(t, published)
	statuses := 0
	in.Subscribe(host.EventStatusChanged, func(_ context.Context, p any) {
		if ev := p.(host.RecordEvent); ev.OldStatus != "approved" || ev.Status != "archived" {
			t.Errorf("got %+v", ev)
		}
		statuses++
	})
	if err := in.PutDraft(t.Context(), host.Draft{Fields: host.Fields{
		ID: "noise", Title: "It's quiet", Type: "bylaw", Status: "approved", Body: "# Noise\n\nQuiet.",
		Metadata:  []byte(`{"tags":["noise"],"x_unknown":7,"slug":"quiet","reviewer":"carol","authors":null}`),
		Geography: []byte(`{"zone":"R-3","n":1}`), AttachedFiles: []byte(`[]`), LinkedRecords: []byte(`[{"id":"other"}]`),
	}}, bob.ID); err != nil {
		t.Fatal(err)
	}
	if got := column(t, in, `SELECT created_by FROM record_drafts`); got != "1" {
		t.Errorf("created_by is %q, want the user's number as text", got)
	}
	if _, err := in.Publish(t.Context(), "noise", "archived", bob); err != nil {
		t.Fatal(err)
	}
	got := file(t, in, "records/bylaws/noise.md")
	want := `---
id: an-older-id
title: 'It''s quiet'
type: bylaw
status: archived

author: alice

created: '2021-03-04T05:06:07.000Z'
updated: '` + regexpUpdated(t, got) + `'

tags:
  - noise
slug: quiet
geography_data:
  zone: R-3
  "n": 1
linked_records:
  - id: other
x_unknown: 007
metadata:
  reviewer: carol

---


# Noise

Quiet.`
	if got != want || statuses != 1 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPublishOfANewRecord(t *testing.T) {
	in := open(t)
	bob, _ := addUser(t, in, "bob", "clerk")
	created := 0
	in.Subscribe(host.EventRecordCreated, func(context.Context, any) { created++ })
	d := draftFor("record-1", "memo", "\n\nHello *world*\n")
	d.Metadata = []byte(`{"authors":[{"name":"Bob"}],"source":{"reference":"x"},"tags":["t"],"custom":"c"}`)
	d.Author = snapshotAuthor
	if err := in.CreateDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	p, err := in.Publish(t.Context(), "record-1", "", bob)
	if err != nil {
		t.Fatal(err)
	}
	path := "records/memo/" + time.Now().UTC().Format("2006") + "/record-1.md"
	if p.Record.Path != path || !p.Created || created != 1 {
		t.Errorf("got %+v", p)
	}
	text := file(t, in, path)
	if !strings.HasPrefix(text, "---\nid: record-1\ntitle: T\ntype: memo\nstatus: draft\n\nauthor: bob\nauthors:\n  - name: Bob\n\ncreated: ") ||
		!strings.HasSuffix(text, "\n\nmetadata:\n  custom: c\n\n---\n\nHello *world*\n") {
		t.Errorf("got\n%s", text)
	}
	r, err := in.Record(t.Context(), "record-1")
	if err != nil || r.Body != "Hello *world*" || r.Title != "T" {
		t.Errorf("got %+v, %v", r, err)
	}
	if !strings.Contains(gitOutput(t, in, "log", "-1", "--format=%s"), "Create record: T") {
		t.Error("not committed")
	}
}

func draftFor(id, recordType, body string) host.Draft {
	return host.Draft{Fields: host.Fields{ID: id, Title: "T", Type: recordType, Body: body}}
}

func TestPublishStaysInside(t *testing.T) {
	in := open(t)
	bob, _ := addUser(t, in, "bob", "clerk")
	outside := filepath.Join(in.layout.Root, "outside.md")
	if err := os.WriteFile(outside, []byte(published), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(in.layout.DataDir, "records", "link.md")); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.Symlink(in.layout.Root, filepath.Join(in.layout.DataDir, "records", "dirlink")); err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{"../outside.md", "/etc/passwd", outside, "records/../../outside.md", "records/link.md", "records/dirlink/outside.md", ".", "records", ".git/config", ".civic/roles.yml", "records/.hidden/x.md"} {
		id := "r" + string(rune('a'+i))
		execSQL(t, in, `INSERT INTO records (id, title, type, status, content, path) VALUES (?, 'T', 'memo', 'draft', 'from the database', ?)`, id, path)
		if r, err := in.Record(t.Context(), id); err != nil || r.Body != "from the database" {
			t.Errorf("%s: got %.40q, %v, want the database's text", path, r.Body, err)
		}
		if err := in.CreateDraft(t.Context(), draftFor(id, "memo", "overwritten")); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Publish(t.Context(), id, "", bob); !errors.Is(err, ErrUnsafePath) {
			t.Errorf("%s: got %v, want ErrUnsafePath", path, err)
		}
	}
	for _, id := range []string{"../../evil", "a/b", ".git", "nul\x00", "-rf", "con trol", strings.Repeat("x", 300)} {
		if err := in.CreateDraft(t.Context(), draftFor(id, "memo", "x")); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Publish(t.Context(), id, "", bob); !errors.Is(err, ErrUnsafePath) {
			t.Errorf("id %.20q: got %v, want ErrUnsafePath", id, err)
		}
	}
	if err := in.CreateDraft(t.Context(), draftFor("ok", "../../x", "x")); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Publish(t.Context(), "ok", "", bob); !errors.Is(err, ErrUnsafePath) {
		t.Errorf("type: got %v, want ErrUnsafePath", err)
	}
	if src, err := os.ReadFile(outside); err != nil || string(src) != published {
		t.Error("a file outside was changed")
	}
}

// TestPublishFailsWhole makes the commit fail: everything is as before, and
// publishing again completes it.
func TestPublishFailsWhole(t *testing.T) {
	in, bob := withPublished(t, published)
	draftOf(t, in, "noise", "changed")
	head := filepath.Join(in.layout.DataDir, ".git", "HEAD")
	ref, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(in.layout.DataDir, ".git", "index")
	index, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte("not an index"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Publish(t.Context(), "noise", "", bob); err == nil {
		t.Fatal("want an error")
	}
	if got := file(t, in, "records/bylaws/noise.md"); got != published {
		t.Errorf("the file is not put back: %s", got)
	}
	if d, err := in.Draft(t.Context(), "noise"); err != nil || d.Body != "changed" {
		t.Errorf("the draft is lost: %v", err)
	}
	if err := os.WriteFile(broken, index, 0o644); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(head); err != nil || string(now) != string(ref) {
		t.Error("HEAD moved")
	}

	// A broken file is not overwritten.
	writeData(t, in, "records/bylaws/noise.md", "---\nid: [\n---\nsomething")
	if _, err := in.Publish(t.Context(), "noise", "", bob); !errors.Is(err, ErrFrontMatter) {
		t.Errorf("got %v, want ErrFrontMatter", err)
	}
	writeData(t, in, "records/bylaws/noise.md", published)

	// The process died between the file and the commit: publishing again
	// commits what is there.
	once, err := revise(published, mustDraft(t, in, "noise"))
	if err != nil {
		t.Fatal(err)
	}
	writeData(t, in, "records/bylaws/noise.md", once)
	p, err := in.Publish(t.Context(), "noise", "", bob)
	if err != nil || p.Commit == "" || file(t, in, "records/bylaws/noise.md") != once {
		t.Errorf("got %+v, %v", p, err)
	}
	leftovers, err := fs.Glob(os.DirFS(in.layout.DataDir), "records/bylaws/.*")
	if err != nil || len(leftovers) > 0 {
		t.Errorf("left behind: %q, %v", leftovers, err)
	}
}

func mustDraft(t *testing.T, in *Instance, id string) host.Draft {
	t.Helper()
	d, err := in.Draft(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPublishKeepsANewerDraft saves the draft while it is being published.
func TestPublishKeepsANewerDraft(t *testing.T) {
	in, bob := withPublished(t, published)
	draftOf(t, in, "noise", "first")
	record, err := in.Record(t.Context(), "noise")
	if err != nil {
		t.Fatal(err)
	}
	if err := in.SaveDraftBody(t.Context(), "noise", "first", "second"); err != nil {
		t.Fatal(err)
	}
	kept, err := in.storePublished(t.Context(), record, "first")
	if err != nil || !kept {
		t.Errorf("got %v, %v, want the draft kept", kept, err)
	}
	if d := mustDraft(t, in, "noise"); d.Body != "second" {
		t.Errorf("got %q", d.Body)
	}
	if p, err := in.Publish(t.Context(), "noise", "", bob); err != nil || p.DraftKept || p.Record.Body != "second" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestCommitWaitsForGit(t *testing.T) {
	in, bob := withPublished(t, published)
	draftOf(t, in, "noise", "changed")
	lock := filepath.Join(in.layout.DataDir, ".git", "index.lock")
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	repo, err := openRepository(in.layout.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockIndex(ctx, repo); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := in.Publish(t.Context(), "noise", "", bob)
		done <- err
	}()
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(lock); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock is still there: %v", err)
	}
}

func TestPublishNeedsGit(t *testing.T) {
	in, bob := withPublished(t, published)
	draftOf(t, in, "noise", "changed")
	if err := os.RemoveAll(filepath.Join(in.layout.DataDir, ".git")); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Publish(t.Context(), "noise", "", bob); !errors.Is(err, ErrNoRepository) || !strings.Contains(err.Error(), "git init") {
		t.Errorf("got %v, want ErrNoRepository with advice", err)
	}
}

// A data directory may be part of a larger repository.
func TestPublishInAnOuterRepository(t *testing.T) {
	in, bob := withPublished(t, published)
	if err := os.Rename(filepath.Join(in.layout.DataDir, ".git"), filepath.Join(in.layout.Root, ".git")); err != nil {
		t.Fatal(err)
	}
	draftOf(t, in, "noise", "changed")
	if p, err := in.Publish(t.Context(), "noise", "", bob); err != nil || p.Commit == "" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := gitOutput(t, in, "show", "--format=", "--name-only", "HEAD"); !strings.Contains(got, "data/records/bylaws/noise.md") {
		t.Errorf("got %q", got)
	}
}

func TestPublishOfUnusableMetadata(t *testing.T) {
	in, bob := withPublished(t, published)
	for _, metadata := range []string{`{"a":`, `[1]`, `"text"`, `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`} {
		execSQL(t, in, `DELETE FROM record_drafts`)
		d := draftFor("noise", "bylaw", "x")
		d.Metadata = []byte(metadata)
		if err := in.CreateDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Publish(t.Context(), "noise", "", bob); !errors.Is(err, ErrFrontMatter) {
			t.Errorf("%.20s: got %v, want ErrFrontMatter", metadata, err)
		}
		if file(t, in, "records/bylaws/noise.md") != published {
			t.Fatalf("%.20s: the file changed", metadata)
		}
	}
}

// FuzzDraftFile writes a record of any title and metadata: what is written
// reads the same, and publishing the same draft again changes nothing.
func FuzzDraftFile(f *testing.F) {
	f.Add("Title: 'x' # y", `{"tags":["a: b","- c",""],"n":1.5e3,"o":{"x":null,"yes":true}}`, "Body")
	f.Add("---", `{"":"","a b":"\n","é\u0000":"\u2028"}`, "---\ntitle: x\n---")
	f.Add("1", `{"date":"2024-01-01","0x1f":"0o17","~":"null","metadata":{"a":1}}`, "")
	f.Fuzz(func(t *testing.T, title, metadata, body string) {
		if !utf8.ValidString(title) {
			return
		}
		d := draftFor("r", "memo", body)
		d.Title, d.Metadata = title, []byte(metadata)
		text, err := draftFile(d, host.Record{}, host.User{Username: "bob"})
		if err != nil {
			return
		}
		r, err := parseRecord(text)
		if err != nil {
			if title != "" {
				t.Fatalf("written, but not readable: %v\n%s", err, text)
			}
			return
		}
		if r.Title != title || r.Body != trimmed(body) {
			t.Fatalf("got %q, %q from\n%s", r.Title, r.Body, text)
		}
		again, err := revise(text, d)
		if err != nil || again != text {
			t.Fatalf("publishing again changes it (%v):\n%s\n%s", err, text, again)
		}
	})
}

// TestOddTextsCanBePublished: whatever a person types as a title or a tag, it
// must not be in the way of publishing.
func TestOddTextsCanBePublished(t *testing.T) {
	for _, s := range []string{
		"a\tb", "\ta", "🏛️", "- x", "-", "---", "? y", "?", "yes", "2024-01-01", "é: à", "'", `"`, "#x", "a #b", "{a}", "[b]", "*x", "&y", "!z",
		"|", ">", "%", "@", "`", "null", "~", "true", "1e3", "0x1f", "12:30", "line\nbreak", "line\n", "\nline", "a\n b", "  a\nb", "  lead", "trail ",
		`\`, `a\nb`, "key: value: more", "a\rb", "a\r\nb", "\u0085", "\u2028", "\u00a0x", "\ufeff", "\x01", `a: 'b' "c"`, "=", "<<", "..", "...", ".inf",
		".nan", "0", "-0", "1_000", "on", "n", "a:", ":a", ": a", "x\n---\ny", "x\n...\ny", " ", "é\x00",
	} {
		meta, err := marshalJSON(fields{{"tags", []any{s, "z"}}, {"k", fields{{"v", s}, {"w", "x"}}}, {"top", s}})
		if err != nil {
			t.Fatal(err)
		}
		d := draftFor("r", "memo", "b")
		d.Title, d.Metadata = s, meta
		text, err := draftFile(d, host.Record{}, host.User{Username: "b"})
		if err != nil {
			t.Errorf("new file, %q: %v", s, err)
			continue
		}
		if r, err := parseRecord(text); err != nil || r.Title != s {
			t.Errorf("%q reads as %q, %v", s, r.Title, err)
		}
		revised, err := revise(published, d)
		if err != nil {
			t.Errorf("old file, %q: %v", s, err)
			continue
		}
		if r, err := parseRecord(revised); err != nil || r.Title != s {
			t.Errorf("%q reads as %q, %v", s, r.Title, err)
		}
	}
}

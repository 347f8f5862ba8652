package instance

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
)

func TestSplitDocument(t *testing.T) {
	for _, c := range []struct{ src, yaml, lead, body, tail string }{
		{"---\na: 1\n---\n\nBody\n", "a: 1\n", "\n", "Body", "\n"},
		{"---\na: 1\n\n---\n\nBody", "a: 1\n\n", "\n", "Body", ""},
		{"\ufeff---\r\na: 1\r\n---\r\n\r\nBody\r\nx  \r\n", "a: 1\r\n", "\r\n", "Body\r\nx", "  \r\n"},
		{"---\n---\nBody", "", "", "Body", ""},
		{"---\na: 1\n---", "a: 1\n", "", "", ""},
		{"--- \na: 1\n--- \n---\nrule", "a: 1\n", "", "---\nrule", ""},
		{"---\na: |\n  ---\n  x\n---\nB", "a: |\n  ---\n  x\n", "", "B", ""},
		{"---\na: 1\n----\n---\nB", "a: 1\n----\n", "", "B", ""},
		{"---\na: 1\n---\n\u00a0\u2003 B\ufeff", "a: 1\n", "\u00a0\u2003 ", "B", "\ufeff"},
		{"---\na: 1\n---\n\u0085B", "a: 1\n", "", "\u0085B", ""}, // not white space to JavaScript
	} {
		d, ok := splitDocument(c.src)
		if !ok || d.yaml != c.yaml || d.lead != c.lead || d.body != c.body || d.tail != c.tail {
			t.Errorf("%q: got %+v, %v", c.src, d, ok)
		}
		if d.String() != c.src || d.head[d.at:d.at+len(d.yaml)] != d.yaml {
			t.Errorf("%q: does not come together again: %q", c.src, d.String())
		}
	}
	for _, src := range []string{"", "Body", "---", "---\n", "---\na: 1\nBody", "----\na: 1\n---\n", " ---\na: 1\n---\n", "---js\n1\n---\n"} {
		if d, ok := splitDocument(src); ok || d.String() != src {
			t.Errorf("%q: got %+v, want no front matter", src, d)
		}
	}
}

const fullHead = `id: x
title: "Title: with colon"
type: bylaw
status: approved
authors:
  - name: Ann Lee
    username: ann
created: 2024-05-01T10:00:00.000Z
updated: '2024-05-02'
tags: [a, b]
source: {reference: '1998-07'}
custom: 1.50
geography_data:
  zone: R-2
linkedRecords:
  - id: y
attached_files: []
metadata:
  inner: true
  tags: [not, these]
`

func TestParseRecord(t *testing.T) {
	r, err := parseRecord("---\n" + fullHead + "---\n\nBody\n")
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "Title: with colon" || r.Type != "bylaw" || r.Status != "approved" || r.Author != "ann" || r.Body != "Body" {
		t.Errorf("got %+v", r)
	}
	if want := `{"authors":[{"name":"Ann Lee","username":"ann"}],"tags":["a","b"],"source":{"reference":"1998-07"},"custom":1.5,"inner":true}`; string(r.Metadata) != want {
		t.Errorf("got  %s\nwant %s", r.Metadata, want)
	}
	if string(r.Geography) != `{"zone":"R-2"}` || string(r.LinkedRecords) != `[{"id":"y"}]` || string(r.AttachedFiles) != `[]` || r.LinkedGeographyFiles != nil {
		t.Errorf("got %s, %s, %s, %s", r.Geography, r.LinkedRecords, r.AttachedFiles, r.LinkedGeographyFiles)
	}
	if !r.CreatedAt.Equal(time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)) || !r.UpdatedAt.Equal(time.Date(2024, 5, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %v", r.CreatedAt, r.UpdatedAt)
	}

	for name, src := range map[string]string{
		"no front matter": "Body",
		"no title":        "---\n" + strings.Replace(fullHead, "title:", "subtitle:", 1) + "---\n",
		"no yaml":         "---\nid: [\n---\n",
		"not a mapping":   "---\n- id\n---\n",
		"deep":            "---\nid: " + strings.Repeat("[", 50_000) + "\n---\n",
		"deep blocks":     "---\nid:\n " + strings.Repeat("- ", 50_000) + "\n---\n",
		"large":           "---\nid: " + strings.Repeat("x", maxFrontMatter) + "\n---\n",
		"bomb":            "---\n" + bomb(9) + fullHead + "---\n",
	} {
		start := time.Now()
		if _, err := parseRecord(src); !errors.Is(err, ErrFrontMatter) {
			t.Errorf("%s: got %v, want ErrFrontMatter", name, err)
		}
		t.Logf("%s: %v", name, time.Since(start))
	}
}

// bomb is YAML of a few hundred bytes that expands to 9^levels values.
func bomb(levels int) string {
	s := "b0: &b0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i <= levels; i++ {
		s += fmt.Sprintf("b%d: &b%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*b%d,", i-1), 9), ","))
	}
	return s
}

func TestSetKeysTouchesNothingElse(t *testing.T) {
	const head = `# A comment of the archivist
id: x
title: 'It''s old'   # keep
type: bylaw
"status": "approved"

tags:
- a
- b
# about the source
source:
    reference:   1998-07
    note: |
      ---
      title: not a key
updated: 2024-01-01
empty:
metadata: { inner: true }
`
	d, ok := splitDocument("---\n" + head + "---\nBody")
	if !ok {
		t.Fatal("no front matter")
	}
	for _, c := range []struct {
		name     string
		change   fields
		old, new string
	}{
		{"single quotes stay", fields{{"title", "It's new: really"}}, `title: 'It''s old'   # keep`, `title: 'It''s new: really'`},
		{"double quotes and key stay", fields{{"status", `a "b"`}}, `"status": "approved"`, `"status": "a \"b\""`},
		{"plain", fields{{"updated", "2024-02-02"}}, "updated: 2024-01-01", `updated: "2024-02-02"`},
		{"list at the margin", fields{{"tags", []any{"c"}}}, "- a\n- b\n", "  - c\n"},
		{"block", fields{{"source", fields{{"reference", "y"}}}}, "source:\n    reference:   1998-07\n    note: |\n      ---\n      title: not a key\n", "source:\n  reference: \"y\"\n"},
		{"removed", fields{{"tags", nil}}, "tags:\n- a\n- b\n", ""},
		{"no such key to remove", fields{{"nothing", nil}}, "", ""},
		{"empty value", fields{{"empty", int64(3)}}, "empty:\n", "empty: 3\n"},
		{"new in its group", fields{{"slug", "s"}}, "- a\n- b\n", "- a\n- b\nslug: s\n"},
		{"new at the end", fields{{"zzz", true}}, "metadata: { inner: true }\n", "metadata: { inner: true }\nzzz: true\n"},
		{"flow mapping", fields{{"metadata", fields{{"inner", true}, {"more", "x"}}}}, "metadata: { inner: true }\n", "metadata:\n  inner: true\n  more: x\n"},
	} {
		got, err := setKeys(d, c.change)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := "---\n" + strings.Replace(head, c.old, c.new, 1) + "---\nBody"
		if got.String() != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
	}

	// What cannot be edited line by line is refused, not damaged.
	for _, src := range []string{
		"---\n{id: x, title: old}\n---\n",
		"---\n? title\n: old\n---\n",
		"---\n\"ti\\u0074le\": old\n---\n",
		"---\nnote: 'a quotation\ntitle: fake\nthat ends here'\ntitle: old\n---\n",
		"---\nid: x\n...\ntitle: old\n---\n", // what follows ... does not count
	} {
		d, _ := splitDocument(src)
		got, err := setKeys(d, fields{{"title", "new"}})
		if err == nil {
			f, _ := parseFrontMatter(got.yaml)
			if f.text("title") != "new" {
				t.Errorf("%q: became %q", src, got)
			}
		} else if !errors.Is(err, ErrFrontMatter) {
			t.Errorf("%q: got %v, want ErrFrontMatter", src, err)
		}
	}
	crlf, _ := splitDocument("---\r\ntitle: old\r\nx: y\r\n---\r\n")
	if got, err := setKeys(crlf, fields{{"title", "new"}, {"tags", []any{"a"}}}); err != nil || got.String() != "---\r\ntitle: new\r\ntags:\r\n  - a\r\nx: y\r\n---\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRenderFrontMatter(t *testing.T) {
	got, err := renderFrontMatter(fields{
		{"other", "x"}, {"attached_files", []any{fields{{"id", "f"}, {"n", int64(1)}}}}, {"created", "2024-01-01T00:00:00.000Z"},
		{"status", "draft"}, {"title", "A: b"}, {"id", "i"}, {"type", "bylaw"}, {"author", "a"}, {"tags", []any{"yes", "1", ""}}, {"slug", nil},
	})
	want := `---
id: i
title: "A: b"
type: bylaw
status: draft

author: a

created: "2024-01-01T00:00:00.000Z"

tags:
  - "yes"
  - "1"
  - ""

attached_files:
  - id: f
    "n": 1

other: x

---
`
	if err != nil || got != want {
		t.Errorf("got\n%s\n%v\nwant\n%s", got, err, want)
	}
}

func FuzzFrontMatter(f *testing.F) {
	f.Add("---\n" + fullHead + "---\n\nBody\n")
	f.Add("\ufeff---\r\na: 1\r\n---\r\nx")
	f.Add("---\n? a\n: b\n---\n")
	f.Add("---\n" + bomb(3) + "---\n")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 20_000 {
			return
		}
		d, ok := splitDocument(src)
		if d.String() != src {
			t.Fatalf("%q does not come together again: %q", src, d.String())
		}
		if !ok {
			return
		}
		before, err := parseFrontMatter(d.yaml)
		if err != nil {
			return
		}
		_, _ = parseRecord(src)
		changed, err := setKeys(d, fields{{"title", "new: \"title\""}, {"tags", []any{"a", fields{{"k", nil}}}}})
		if err != nil {
			return
		}
		again, ok := splitDocument(changed.String())
		if !ok || again.body != d.body || again.tail != d.tail {
			t.Fatalf("%q: an edit of the front matter moved the body: %q", src, changed)
		}
		after, err := parseFrontMatter(again.yaml)
		if err != nil || !same(after, applied(before, fields{{"title", "new: \"title\""}, {"tags", []any{"a", fields{{"k", nil}}}}})) {
			t.Fatalf("%q: became %q (%v)", src, changed, err)
		}
	})
}

func TestHeadCacheIsNeverStale(t *testing.T) {
	in, _ := withPublished(t, published)
	read := func() host.Record {
		t.Helper()
		r, err := in.Record(t.Context(), "noise")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := read()
	first.Metadata[0] = 'X' // the caller's own
	if again := read(); again.Metadata[0] == 'X' {
		t.Error("the cache shares its bytes")
	}
	writeData(t, in, "records/bylaws/noise.md", strings.Replace(published, "'Noise bylaw'", "'Noise Bylaw'", 1))
	if got := read().Title; got != "Noise Bylaw" {
		t.Errorf("got %q: the change is not seen", got)
	}
	for i := range 2 * maxHeads {
		in.heads.store(fmt.Sprint(i), head{})
	}
	if n := len(in.heads.heads); n > maxHeads {
		t.Errorf("the cache holds %d entries", n)
	}
}

// What a crowd asked for is not kept when it has gone, but that of a few is.
func TestHeadCacheAfterACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c headCache
		fill := func(n int) {
			for i := range n {
				c.store(fmt.Sprint(i), head{})
			}
		}
		kept := func() int {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.heads)
		}
		fill(calmHeads)
		time.Sleep(10 * headsRest)
		if n := kept(); n != calmHeads {
			t.Errorf("of %d heads %d are kept", calmHeads, n)
		}
		fill(calmHeads + 1)
		time.Sleep(headsRest / 2)
		_, _ = c.parseRecord("0", "---\ntitle: x\n---\n")
		time.Sleep(headsRest - 1)
		if n := kept(); n != calmHeads+1 {
			t.Errorf("%d heads are there, want %d", n, calmHeads+1)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := kept(); n != 0 {
			t.Errorf("%d heads are kept after a crowd", n)
		}
	})
}

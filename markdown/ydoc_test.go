package markdown

import (
	"bytes"
	"errors"
	"testing"

	"github.com/civicpress/realtimefx/yjs"
)

// docOf applies an update to an empty document.
func docOf(t testing.TB, update []byte) *yjs.Doc {
	t.Helper()
	d := yjs.NewDoc(yjs.Options{ClientID: 7})
	if err := d.ApplyUpdate(update, nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// withoutAtomMarks is a tree as Yjs can hold it: only text has marks.
func withoutAtomMarks(n *Node) *Node {
	c := *n
	if c.Type != typeText {
		c.Marks = nil
	}
	c.Content = nil
	for _, k := range n.Content {
		c.Content = append(c.Content, withoutAtomMarks(k))
	}
	return &c
}

func TestSeedCorpus(t *testing.T) {
	for _, file := range []string{"own.jsonl", "markdown-dev.jsonl", "commonmark-dev.jsonl"} {
		for _, c := range readCorpus(t, file) {
			t.Run(c.Name, func(t *testing.T) {
				s, err := Seed([]byte(c.Markdown), SeedOptions{ClientID: 1})
				if err != nil {
					t.Fatal(err)
				}
				got := Read(docOf(t, s.Update).XMLFragment(FragmentName))
				if want := withoutAtomMarks(s.Source.doc); !Equal(got, want) {
					t.Errorf("read back %s\nwritten %s", jsonOf(t, got), jsonOf(t, want))
				}
				if exceptions[c.Name] != "" {
					return
				}
				if !bytes.Equal(s.Update, c.Update) {
					t.Errorf("update\n got %x\nwant %x", s.Update, c.Update)
				}
				if sv := docOf(t, s.Update).EncodeStateVector(); !bytes.Equal(sv, c.StateVector) {
					t.Errorf("state vector %x, want %x", sv, c.StateVector)
				}
			})
		}
	}
}

// TestReadCorpus: documents as the existing stack writes them give the tree it had, and are
// written by us with the same bytes.
func TestReadCorpus(t *testing.T) {
	for _, c := range readCorpus(t, "document-to-markdown-dev.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			got := Read(docOf(t, c.Update).XMLFragment(FragmentName))
			want := withoutAtomMarks(c.PM)
			if !Equal(got, want) {
				t.Errorf("read %s\nwant %s", jsonOf(t, got), jsonOf(t, want))
			}
			if c.MarkdownOut != nil && c.ReadBack != nil {
				if out := string(Canonical(got)); out != *c.MarkdownOut {
					t.Errorf("written %q, want %q", out, *c.MarkdownOut)
				}
			}
			d := yjs.NewDoc(yjs.Options{ClientID: 1})
			err := d.Transact(nil, func(tx *yjs.Transaction) error {
				return Write(tx, d.XMLFragment(FragmentName), c.PM)
			})
			if err != nil {
				t.Fatal(err)
			}
			update, err := d.EncodeStateAsUpdate(nil)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(update, c.Update) {
				t.Errorf("update\n got %x\nwant %x", update, c.Update)
			}
			if direct, err := encodeTree(c.PM, 1, 0); err != nil || !bytes.Equal(direct, update) {
				t.Errorf("encoded without a document (error %v)\n got %x\nwant %x", err, direct, update)
			}
		})
	}
}

// TestMalformedDocuments: nothing panics, no text is lost, the document stays as it is.
func TestMalformedDocuments(t *testing.T) {
	for _, c := range readCorpus(t, "malformed-documents-dev.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			d := docOf(t, c.MalUpdate)
			before, err := d.EncodeStateAsUpdate(nil)
			if err != nil {
				t.Fatal(err)
			}
			doc := Read(d.XMLFragment(FragmentName))
			checkReadsBack(t, doc)
			out := Canonical(doc)
			t.Logf("%s\n%q", jsonOf(t, doc), out)
			if c.Kept && string(out) != c.Markdown {
				theirs, err := Parse([]byte(c.Markdown))
				if err != nil {
					t.Fatal(err)
				}
				if Equal(normalForm(theirs), normalForm(doc)) {
					t.Errorf("written %q, want %q", out, c.Markdown)
				}
			}
			after, err := d.EncodeStateAsUpdate(nil)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("reading changed the document")
			}
			back, err := Parse(out)
			if err != nil {
				t.Fatal(err)
			}
			text := allText(back)
			for _, w := range wordsOf(justText(doc)) {
				if !bytes.Contains([]byte(text), []byte(w)) {
					t.Errorf("%q is lost in %q", w, out)
				}
			}
		})
	}
}

func justText(n *Node) string {
	s := n.Text
	for _, c := range n.Content {
		s += " " + justText(c)
	}
	return s
}

func TestWriteTwice(t *testing.T) {
	d := yjs.NewDoc(yjs.Options{})
	doc, err := Parse([]byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(tx *yjs.Transaction) error { return Write(tx, d.XMLFragment(FragmentName), doc) }
	if err := d.Transact(nil, write); err != nil {
		t.Fatal(err)
	}
	if err := d.Transact(nil, write); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("got %v, want %v", err, ErrNotEmpty)
	}
}

func TestSeedClientID(t *testing.T) {
	a := SeedClientID("by-law-12", []byte("text"))
	if a != SeedClientID("by-law-12", []byte("text")) {
		t.Error("the same record has two seeds")
	}
	if a == SeedClientID("by-law-13", []byte("text")) || a == SeedClientID("by-law-12", []byte("text ")) {
		t.Error("two records share a seed")
	}
	if a < 1<<32 || a >= 1<<53 {
		t.Errorf("client id %d", a)
	}
}

// TestReadPlainRoot: a root that another side opened as text loses none of it.
func TestReadPlainRoot(t *testing.T) {
	doc := yjs.NewDoc(yjs.Options{ClientID: 1})
	frag := doc.XMLFragment(FragmentName)
	err := doc.Transact(nil, func(tx *yjs.Transaction) error {
		if _, err := frag.InsertElement(tx, 0, typeRule); err != nil {
			return err
		}
		return frag.Text().Insert(tx, 0, "plain *text*", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Canonical(Read(frag))); got != "---\n\nplain \\*text\\*" {
		t.Errorf("got %q", got)
	}
}

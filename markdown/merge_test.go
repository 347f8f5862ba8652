package markdown

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/yjs"
)

// liveDoc seeds a text into a document and returns both sides.
func liveDoc(t testing.TB, text string) (*yjs.Doc, *Source) {
	t.Helper()
	seed, err := Seed([]byte(text), SeedOptions{ClientID: 1})
	if err != nil {
		t.Fatal(err)
	}
	doc := yjs.NewDoc(yjs.Options{ClientID: 2})
	if err := doc.ApplyUpdate(seed.Update, nil); err != nil {
		t.Fatal(err)
	}
	s, err := NewSource([]byte(text), doc.XMLFragment(FragmentName))
	if err != nil {
		t.Fatal(err)
	}
	return doc, s
}

func rendered(t testing.TB, doc *yjs.Doc, s *Source) string {
	t.Helper()
	out, err := Render(doc.XMLFragment(FragmentName), s)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// type_ inserts text behind a piece of text in the live document.
func typeAfter(t testing.TB, doc *yjs.Doc, after, text string) {
	t.Helper()
	if !typeIn(t, doc, doc.XMLFragment(FragmentName), after, text) {
		t.Fatalf("%q is not in the document", after)
	}
}

func typeIn(t testing.TB, doc *yjs.Doc, p parent, after, text string) bool {
	for i := range p.Len() {
		switch c := p.Get(i).(type) {
		case *yjs.XMLText:
			if at := strings.Index(c.String(), after); at >= 0 {
				err := doc.Transact(nil, func(tx *yjs.Transaction) error {
					return c.Insert(tx, utf16Len(c.String()[:at]+after), text, nil)
				})
				if err != nil {
					t.Fatal(err)
				}
				return true
			}
		case *yjs.XMLElement:
			if typeIn(t, doc, c, after, text) {
				return true
			}
		}
	}
	return false
}

func TestMergeWithoutConcurrentEditsGivesTheNewText(t *testing.T) {
	for _, c := range []struct{ name, base, next string }{
		{"nothing", "a\n", "a\n"},
		{"word", "# T\n\none two *three*\n", "# T\n\none 2 *three* four\n"},
		{"marks", "one two three\n", "one **two** [three](/x)\n"},
		{"marks away", "one **two** [three](/x)\n", "one two three\n"},
		{"break in text", "one two\n", "one\\\ntwo\n"},
		{"break away", "one\\\ntwo\n", "one two\n"},
		{"image", "one two\n", "one ![a](b.png) two\n"},
		{"heading level", "## a\n", "### a\n"},
		{"kind", "a\n\nb\n", "a\n\n> b\n"},
		{"list items", "- a\n- b\n- c\n", "- a\n- new\n- c\n- d\n"},
		{"nested", "- a\n  - b\n- c\n", "- a\n  - b\n  - bb\n- c\n"},
		{"table", "| a | b |\n|---|---|\n| 1 | 2 |\n", "| a | b |\n|---|---|\n| 1 | 3 |\n| 4 | 5 |\n"},
		{"table column", "| a | b |\n|---|---|\n| 1 | 2 |\n", "| a | b | c |\n|---|---|--:|\n| 1 | 2 | 3 |\n"},
		{"code", "```go\na\nb\n```\n", "```rust\na\nc\n```\n"},
		{"html", "<div>\na\n</div>\n\nx\n", "<div>\nb\n</div>\n\nx\n"},
		{"all", "a\n\nb\n", "c\n"},
		{"empty to text", "", "a\n"},
		{"text to empty", "a\n", ""},
		{"emoji", "a 😀 b\n", "a 😀😀 c\n"},
		{"front matter", "---\ntitle: a\n---\n\nx\n", "---\ntitle: b\n---\n\nx\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, base := liveDoc(t, c.base)
			next, err := Merge(doc, base, []byte(c.next), "outside")
			if err != nil {
				t.Fatal(err)
			}
			if got := rendered(t, doc, next); got != c.next {
				t.Errorf("got\n%s\nwant\n%s", show(got), show(c.next))
			}
			want, _ := parseSource(c.next)
			if got := Read(doc.XMLFragment(FragmentName)); !sameReading(got, want.doc) {
				t.Errorf("the document is\n%s\nwant\n%s", js(got), js(want.doc))
			}
		})
	}
}

func TestMergeKeepsConcurrentEdits(t *testing.T) {
	base := "# Bylaw\n\nThe fine is $25 for a first offence.\n\nNo dogs.\n\n- one\n- two\n"
	for _, c := range []struct {
		name  string
		live  [2]string // text typed behind another
		next  string
		wants []string
	}{
		{"another block", [2]string{"No dogs", " or cats"}, strings.Replace(base, "$25", "$50", 1), []string{"The fine is $50 for", "No dogs or cats."}},
		{"same block, other words", [2]string{"offence", " ever"}, strings.Replace(base, "$25", "$50", 1), []string{"The fine is $50 for a first offence ever."}},
		{"same words", [2]string{"$25", "0"}, strings.Replace(base, "$25", "$50", 1), []string{"250", "50 for"}},
		{"deleted outside", [2]string{"No dogs", " or cats"}, strings.Replace(base, "No dogs.\n\n", "", 1), []string{"No dogs or cats."}},
		{"item beside", [2]string{"one", " and a half"}, base + "- three\n", []string{"- one and a half\n- two\n- three\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, s := liveDoc(t, base)
			typeAfter(t, doc, c.live[0], c.live[1])
			next, err := Merge(doc, s, []byte(c.next), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := rendered(t, doc, next)
			for _, w := range c.wants {
				if !strings.Contains(got, w) {
					t.Errorf("%q is not in\n%s", w, got)
				}
			}
		})
	}
}

func TestMergeKeepsIdentities(t *testing.T) {
	doc, base := liveDoc(t, "a\n\nb\n\nc\n")
	before := childIDs(doc.XMLFragment(FragmentName))
	if _, err := Merge(doc, base, []byte("a\n\nnew\n\nb2\n\nc\n"), nil); err != nil {
		t.Fatal(err)
	}
	after := childIDs(doc.XMLFragment(FragmentName))
	if after[0] != before[0] || after[3] != before[2] {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestRandomMerges turns texts into others, with and without edits meanwhile.
func TestRandomMerges(t *testing.T) {
	texts := sampleTexts(t)
	for ti, text := range texts {
		r := rand.New(rand.NewPCG(uint64(ti), 7))
		s, tree := sourceOf(t, text)
		if len(tree.Content) == 0 {
			continue
		}
		what := ""
		for range 1 + r.IntN(3) {
			w, _ := edit(r, tree)
			what += w + "; "
		}
		next := s.render(tree)
		doc, base := liveDoc(t, text)
		merged, err := Merge(doc, base, []byte(next), nil)
		if err != nil {
			t.Fatalf("text %d: %s: %v", ti, what, err)
		}
		if got := rendered(t, doc, merged); got != next {
			t.Errorf("text %d: %s\nbase\n%s\ngot\n%s\nwant\n%s", ti, what, show(text), show(got), show(next))
		}
		want, _ := parseSource(next)
		if got := Read(doc.XMLFragment(FragmentName)); !sameReading(got, want.doc) {
			t.Errorf("text %d: %s\nthe document is\n%s\nwant\n%s", ti, what, js(got), js(want.doc))
		}
	}
}

func TestSourceSurvivesStorage(t *testing.T) {
	doc, s := liveDoc(t, "# a\n\n- b\n- c\n\n| x |\n|---|\n| y |\n")
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Source
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	typeAfter(t, doc, "c", "d")
	if got, want := rendered(t, doc, &again), "# a\n\n- b\n- cd\n\n| x |\n|---|\n| y |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for n := range b {
		if err := new(Source).UnmarshalBinary(b[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a source", n, len(b))
		}
	}
}

// TestRandomConcurrentEdits has an editor and somebody outside change a text at
// the same time, in the same block or in two: neither's words may vanish.
func TestRandomConcurrentEdits(t *testing.T) {
	merges := 0
	for ti, text := range sampleTexts(t) {
		r := rand.New(rand.NewPCG(uint64(ti), 11))
		_, tree := sourceOf(t, text)
		var leaves []*Node
		var visit func(n *Node)
		visit = func(n *Node) {
			if n.Type == typeText && len(strings.FieldsFunc(n.Text, isJSSpace)) > 0 && !hasMark(n.Marks, markLink) {
				leaves = append(leaves, n)
			}
			if !isRaw(n) {
				for _, c := range n.Content {
					visit(c)
				}
			}
		}
		visit(tree)
		if len(leaves) == 0 {
			continue
		}
		// Outside, a word becomes another.
		n := leaves[r.IntN(len(leaves))]
		words := strings.FieldsFunc(n.Text, isJSSpace)
		n.Text = strings.Replace(n.Text, words[r.IntN(len(words))], "OUTSIDE", 1)
		next := string(Canonical(tree))
		if !strings.Contains(next, "OUTSIDE") {
			continue
		}
		// Meanwhile an editor types.
		doc, base := liveDoc(t, text)
		if !typeSomewhere(t, r, doc, "LIVE") {
			continue
		}
		merged, err := Merge(doc, base, []byte(next), nil)
		if err != nil {
			t.Fatalf("text %d: %v", ti, err)
		}
		merges++
		live := textIn(Read(doc.XMLFragment(FragmentName)))
		got := rendered(t, doc, merged)
		written, err := Parse([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []string{"OUTSIDE", "LIVE"} {
			if !strings.Contains(live, w) || !strings.Contains(textIn(written), w) {
				t.Errorf("text %d: %s is lost\nbase\n%s\noutside\n%s\ngot\n%s", ti, w, show(text), show(next), show(got))
			}
		}
	}
	if merges < 20 {
		t.Errorf("only %d merges were tried", merges)
	}
}

func typeSomewhere(t testing.TB, r *rand.Rand, doc *yjs.Doc, word string) bool {
	var texts []*yjs.XMLText
	var visit func(p parent)
	visit = func(p parent) {
		for i := range p.Len() {
			switch c := p.Get(i).(type) {
			case *yjs.XMLText:
				texts = append(texts, c)
			case *yjs.XMLElement:
				visit(c)
			}
		}
	}
	visit(doc.XMLFragment(FragmentName))
	if len(texts) == 0 {
		return false
	}
	x := texts[r.IntN(len(texts))]
	if err := doc.Transact(nil, func(tx *yjs.Transaction) error {
		return x.Insert(tx, r.IntN(x.Len()+1), word, nil)
	}); err != nil {
		t.Fatal(err)
	}
	return true
}

func BenchmarkMergeOneWordOfManyBlocks(b *testing.B) {
	base := strings.Repeat("One of many paragraphs, all of them alike.\n\n- item\n- item\n\n", 2000)
	next := base[:len(base)/2] + strings.Replace(base[len(base)/2:], "many", "very many", 1)
	for b.Loop() {
		b.StopTimer()
		doc, s := liveDoc(b, base)
		b.StartTimer()
		if _, err := Merge(doc, s, []byte(next), nil); err != nil {
			b.Fatal(err)
		}
	}
}

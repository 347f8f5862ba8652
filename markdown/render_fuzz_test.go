package markdown

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/civicpress/realtimefx/yjs"
)

var fuzzSeeds = []string{
	"", "\n", "\ufeff# a\r\n\r\n* b\r\n* c", "a  \nb\\\nc", "> a\n> - b\n>   c\n\n1) d\n2) e\n", "| a | b |\n|:-|-:|\n| \\| | `|` |\n",
	"---\ntitle: x\n---\n\nT\n===\n\n[a]: /b 'c'\n\n[a] <b>c</b> <!-- d -->\n\n<div>\ne\n</div>\n",
	"```go\na\n```\n\n    b\n\n***\n\nx[^1]\n\n[^1]: y\n\n    z\n", "- [ ] a\n- [x] b\n  - c\n\n\n- d\n", "\x00\xff\xed\xa0\x80 \u2028", "*a _b_ **c***", "[![a](b)](c)\n",
}

// FuzzRender: a document that nobody edited gives its source byte for byte, and
// one that somebody did gives a text that reads as the document.
func FuzzRender(f *testing.F) {
	for i, s := range fuzzSeeds {
		f.Add([]byte(s), uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if len(text) > 4096 {
			return
		}
		seeded, err := Seed(text, SeedOptions{ClientID: 1})
		if err != nil {
			t.Fatal(err)
		}
		doc := yjs.NewDoc(yjs.Options{ClientID: 2})
		if err := doc.ApplyUpdate(seeded.Update, nil); err != nil {
			t.Fatal(err)
		}
		out, err := Render(doc.XMLFragment(FragmentName), seeded.Source)
		if err != nil || !bytes.Equal(out, text) {
			t.Fatalf("%v: wrote %q for %q", err, out, text)
		}
		tree := Read(doc.XMLFragment(FragmentName))
		if len(tree.Content) == 0 {
			return
		}
		what, _ := edit(rand.New(rand.NewPCG(seed, 0)), tree)
		got := seeded.Source.render(tree)
		again, err := parseSource(got)
		if err != nil {
			t.Fatal(err)
		}
		if !sameReading(again.doc, tree) {
			t.Fatalf("%s: %q was written for %q\nread %s\nwant %s", what, got, text, js(again.doc), js(tree))
		}
	})
}

// FuzzMerge: any text turns into any other.
func FuzzMerge(f *testing.F) {
	for i, s := range fuzzSeeds {
		f.Add([]byte(s), []byte(fuzzSeeds[(i+1)%len(fuzzSeeds)]))
	}
	f.Fuzz(func(t *testing.T, base, next []byte) {
		if len(base)+len(next) > 4096 {
			return
		}
		doc, s := liveDoc(t, string(base))
		merged, err := Merge(doc, s, next, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := rendered(t, doc, merged); got != string(next) {
			t.Fatalf("%q became %q, not %q", base, got, next)
		}
	})
}

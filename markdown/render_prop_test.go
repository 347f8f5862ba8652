package markdown

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// edit changes one place of a document at random and returns a description and
// the block that it touched; nil if it moved, added or deleted one.
func edit(r *rand.Rand, doc *Node) (what string, touched *Node) {
	top := r.IntN(len(doc.Content))
	block := doc.Content[top]
	touched = block
	holder := make(map[*Node]*Node) // the list item, table row or block of the top level around a text
	var texts, items, rows []*Node
	var parents []*Node
	var visit func(n, parent *Node)
	visit = func(n, parent *Node) {
		holder[n] = holder[parent]
		if parent == doc || n.Type == typeListItem || n.Type == typeTableRow {
			holder[n] = n
		}
		switch n.Type {
		case typeText:
			if len(strings.FieldsFunc(n.Text, isJSSpace)) > 0 && !hasMark(n.Marks, markLink) && !isRaw(parent) {
				texts = append(texts, n)
			}
		case typeListItem:
			items = append(items, n)
			parents = append(parents, parent)
		case typeTableRow:
			rows = append(rows, n)
		}
		for _, c := range n.Content {
			visit(c, n)
		}
	}
	visit(block, doc)
	switch k := r.IntN(10); {
	case k < 5 && len(texts) > 0:
		n := texts[r.IntN(len(texts))]
		w := strings.FieldsFunc(n.Text, isJSSpace)
		word := w[r.IntN(len(w))]
		n.Text = strings.Replace(n.Text, word, "Zebra", 1)
		return fmt.Sprintf("%q becomes Zebra", word), holder[n]
	case k < 6 && len(items) > 0:
		i := r.IntN(len(items))
		insertAfter(doc, items[i], item(para("a new item")))
		return "new item", block
	case k < 7 && len(items) > 1:
		i := r.IntN(len(items))
		if len(parents[i].Content) > 1 {
			remove(doc, items[i])
			return "item deleted", block
		}
		return "nothing", block
	case k < 8:
		insertAfter(doc, block, para("A new paragraph."))
		return "new paragraph", nil
	case k < 9 && len(doc.Content) > 1:
		remove(doc, block)
		return "block deleted", nil
	case len(doc.Content) > 1:
		to := r.IntN(len(doc.Content))
		doc.Content[top], doc.Content[to] = doc.Content[to], doc.Content[top]
		return "blocks swapped", nil
	}
	return "nothing", block
}

// TestRandomEdits checks two promises on many texts: what is written reads
// back as the document, and one edited block changes no line outside of it.
func TestRandomEdits(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 1
	}
	for ti, text := range sampleTexts(t) {
		for round := range rounds {
			r := rand.New(rand.NewPCG(uint64(ti), uint64(round)))
			s, doc := sourceOf(t, text)
			if len(doc.Content) == 0 || !inSource(s.doc.Content[0]) {
				continue
			}
			what, touched := edit(r, doc)
			got := s.render(doc)
			read, err := parseSource(got)
			if err != nil {
				t.Fatal(err)
			}
			again := read.doc
			if !sameReading(again, doc) {
				t.Errorf("text %d round %d: %s: does not read back\nsource\n%s\nwritten\n%s\nis read\n%s\nwant\n%s", ti, round, what, show(text), show(got), js(again), js(doc))
			}
			if touched == nil {
				continue
			}
			// The lines before and after the block are untouched. What is
			// indented below a list may lose that, or it would be part of it.
			var b span
			eachBlock(s.doc, func(n *Node) bool {
				if n.id == touched.id {
					b = n.src
				}
				return true
			})
			before := text[:strings.LastIndexAny(text[:b.start], "\r\n")+1]
			after := text[b.end:]
			if next := strings.TrimLeft(after, "\r\n"); isList(touched) && strings.HasPrefix(next, " ") {
				continue
			}
			if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
				t.Errorf("text %d round %d: %s: changes lines outside its block\nsource\n%s\nwritten\n%s", ti, round, what, show(text), show(got))
			}
		}
	}
}

// sameReading compares with the document in the form that Markdown can show.
func sameReading(got, doc *Node) bool {
	if sameBlocks(textual(got), textual(doc)) {
		return true
	}
	normal, err := Parse(Canonical(doc))
	return err == nil && sameBlocks(textual(got), textual(normal))
}

// textual returns the blocks of the top level but for empty paragraphs.
func textual(doc *Node) []*Node { return new(Source).shown(doc) }

func js(n *Node) string { b, _ := n.MarshalJSON(); return string(b) }

func sampleTexts(t testing.TB) (texts []string) {
	for _, name := range []string{"own.jsonl", "markdown-dev.jsonl", "commonmark-dev.jsonl"} {
		for _, c := range readCorpus(t, name) {
			texts = append(texts, c.Markdown)
		}
	}
	return texts
}

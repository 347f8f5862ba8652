package markdown

import (
	"bytes"
	"testing"

	"github.com/civicpress/realtimefx/yjs"
)

func parseSeeds(f *testing.F) {
	for _, file := range []string{"own.jsonl", "markdown-dev.jsonl"} {
		for _, c := range readCorpus(f, file) {
			f.Add([]byte(c.Markdown))
		}
	}
	for _, s := range []string{"", "\xff\x00a", "\r\n> a\r\n\tb\r", "[^1]: a\n\n    b\n", "```civicpress:markdown\n<b>\n```\n",
		"[a](civicpress:markdown)", "| a\\|b |\n|:-:|\n| <br> | `|`", "- - - a\n\n  b\n", "*a **b*** <!-- c\n -->"} {
		f.Add([]byte(s))
	}
}

// FuzzParse: any bytes give a document of the schema, which reads back from its Markdown,
// whose blocks say where they stand, and which has the same seed however it is written.
func FuzzParse(f *testing.F) {
	parseSeeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := Parse(src)
		if err != nil {
			t.Skip()
		}
		if !valid(doc) {
			t.Fatalf("not a document of the schema: %s", jsonOf(t, doc))
		}
		checkSpans(t, src, doc, span{0, int32(len(src))})
		checkReadsBack(t, doc)

		update, err := encodeTree(doc, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		d := docOf(t, update)
		if got := Read(d.XMLFragment(FragmentName)); !Equal(got, withoutAtomMarks(doc)) {
			t.Fatalf("Yjs holds %s, want %s", jsonOf(t, got), jsonOf(t, doc))
		}
		w := yjs.NewDoc(yjs.Options{ClientID: 1})
		err = w.Transact(nil, func(tx *yjs.Transaction) error { return Write(tx, w.XMLFragment(FragmentName), doc) })
		if err != nil {
			t.Fatal(err)
		}
		written, err := w.EncodeStateAsUpdate(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written, update) {
			t.Fatalf("update %x, encoded without a document %x", written, update)
		}
	})
}

// checkSpans: blocks lie inside of their parents, one after the other, and begin and end with
// something visible.
func checkSpans(t *testing.T, src []byte, n *Node, outer span) {
	t.Helper()
	at := outer.start
	for _, c := range n.Content {
		if schema[c.Type].inline || c.Type == typeTableCell || c.Type == typeTableHeader {
			return
		}
		if c.src == (span{}) {
			if c.Type != typeParagraph || len(c.Content) > 0 {
				t.Fatalf("%s has no place in %q", c.Type, src)
			}
			continue
		}
		if c.src.start < at || c.src.end < c.src.start || c.src.end > outer.end {
			t.Fatalf("%s at %v is not in %v of %q", c.Type, c.src, outer, src)
		}
		text := src[c.src.start:c.src.end]
		if len(text) == 0 || isSpace(text[0]) || text[0] == '\n' {
			t.Fatalf("%s at %v begins with %q in %q", c.Type, c.src, text, src)
		}
		checkSpans(t, src, c, c.src)
		at = c.src.end
	}
}

// FuzzDocument: any tree at all can be written, and reads back in its normal form.
func FuzzDocument(f *testing.F) {
	for _, c := range readCorpus(f, "document-to-markdown-dev.jsonl") {
		b, err := c.PM.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc Node
		if err := doc.UnmarshalJSON(data); err != nil {
			t.Skip()
		}
		checkReadsBack(t, &doc)
	})
}

// FuzzRead: any update that Yjs takes can be read and written, and stays as it is.
func FuzzRead(f *testing.F) {
	for _, c := range readCorpus(f, "malformed-documents-dev.jsonl") {
		f.Add(c.MalUpdate)
	}
	f.Fuzz(func(t *testing.T, update []byte) {
		d := yjs.NewDoc(yjs.Options{ClientID: 7})
		if err := d.ApplyUpdate(update, nil); err != nil {
			t.Skip()
		}
		before := d.EncodeStateVector()
		checkReadsBack(t, Read(d.XMLFragment(FragmentName)))
		if after := d.EncodeStateVector(); !bytes.Equal(before, after) {
			t.Fatal("reading changed the document")
		}
	})
}

package records

import (
	"maps"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

const bylaw = "Noise by-law\n============\n\n* wrapped\n  text with <!-- a comment -->\n* second\n\n| Hour | Limit |\n|------|:-----:|\n| 7    | 55 dB |\n\nLast words,   spaced.\n"

// typeInto inserts text at the start of the block with the index.
func typeInto(t *testing.T, state []byte, block int, text string) []byte {
	t.Helper()
	doc, err := scratch(state)
	if err != nil {
		t.Fatal(err)
	}
	e := doc.XMLFragment(markdown.FragmentName).Get(block).(*yjs.XMLElement)
	err = doc.Transact(nil, func(tx *yjs.Transaction) error {
		return e.Get(0).(*yjs.XMLText).Insert(tx, 0, text, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	next, err := doc.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestMappingKeepsUntouchedBytes(t *testing.T) {
	s, err := mapping{}.seed("noise", bylaw)
	if err != nil {
		t.Fatal(err)
	}
	text, source, err := mapping{}.render(s.state, s.source)
	if err != nil || text != bylaw {
		t.Fatalf("rendered %q, %v", text, err)
	}
	edited := typeInto(t, s.state, 3, "Very ")
	text, source, err = mapping{}.render(edited, source)
	want := strings.Replace(bylaw, "Last", "Very Last", 1)
	if err != nil || text != want {
		t.Fatalf("rendered %q, want %q, %v", text, want, err)
	}
	// The source that came with it is the base of the next change.
	put := strings.Replace(want, "55 dB", "50 dB", 1)
	update, next, err := mapping{}.merge(edited, source, put)
	if err != nil || update == nil {
		t.Fatal(update, err)
	}
	merged, err := yjs.MergeUpdates([][]byte{edited, update})
	if err != nil {
		t.Fatal(err)
	}
	if text, _, err = (mapping{}).render(merged, next); err != nil || text != put {
		t.Errorf("after the merge %q, want %q, %v", text, put, err)
	}
	if update, _, err = (mapping{}).merge(merged, next, put); err != nil || update != nil {
		t.Errorf("merging the same text again made an update of %d bytes, %v", len(update), err)
	}
}

// TestMappingWithoutItsSource checks that a source that cannot be read costs
// style, never text.
func TestMappingWithoutItsSource(t *testing.T) {
	s, err := mapping{}.seed("noise", bylaw)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("garbage"), s.source[:len(s.source)-1]} {
		text, _, err := mapping{}.render(s.state, bad)
		if err != nil || !strings.Contains(text, "Last words, ") || !strings.Contains(text, "55 dB") {
			t.Errorf("rendered %q, %v", text, err)
		}
		update, _, err := mapping{}.merge(s.state, bad, strings.Replace(bylaw, "Last", "Final", 1))
		if err != nil || update == nil {
			t.Errorf("merge: %v, %v", update, err)
		}
	}
}

func TestLineage(t *testing.T) {
	a, err := mapping{}.seed("noise", bylaw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := mapping{}.seed("noise", bylaw)
	if err != nil || string(again.state) != string(a.state) || again.lineage != a.lineage {
		t.Errorf("the same bytes gave another seed: %v", err)
	}
	b, err := mapping{}.seed("noise", bylaw+"\nmore\n")
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{}
	vector := func(state []byte) yjs.StateVector {
		doc, err := scratch(state)
		if err != nil {
			t.Fatal(err)
		}
		return doc.StateVector()
	}
	meta := store.Meta{Lineage: a.lineage}
	if h.Foreign(meta, vector(a.state)) || h.Foreign(meta, vector(typeInto(t, a.state, 3, "x"))) || h.Foreign(meta, nil) {
		t.Error("our own document is called foreign")
	}
	if !h.Foreign(meta, vector(b.state)) {
		t.Error("a document of another seed is not noticed")
	}
	for what, sv := range map[string]yjs.StateVector{"seed": vector(a.state), "edited": vector(typeInto(t, a.state, 3, "x"))} {
		if got := h.Lineage(sv); got != a.lineage {
			t.Errorf("%s: the document tells the lineage %q, want %q", what, got, a.lineage)
		}
	}
	both := vector(a.state)
	maps.Copy(both, vector(b.state))
	for what, sv := range map[string]yjs.StateVector{"nothing": nil, "no seed": {7: 3}, "two seeds": both} {
		if got := h.Lineage(sv); got != "" {
			t.Errorf("%s: lineage %q", what, got)
		}
	}
}

package load

import (
	"slices"
	"testing"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// everything is a document with every kind of content, by two clients, some of
// it deleted.
func everything(t *testing.T) *yjs.Doc {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{ClientID: 7})
	for turn := range 2 {
		doc.SetClientID(uint64(7 + 3_000_000_000*turn))
		err := doc.Transact(nil, func(tx *yjs.Transaction) error {
			e, err := doc.XMLFragment("default").InsertElement(tx, 0, "heading")
			if err != nil {
				return err
			}
			sub, err := yjs.NewSubdoc("other", true, false, nil)
			if err != nil {
				return err
			}
			text := doc.Text("t")
			for _, err := range []error{
				e.SetAttribute(tx, "level", 2.0),
				text.Insert(tx, 0, "né 😀 de ville", nil),
				text.Format(tx, 1, 4, yjs.Attributes{{Key: "bold", Value: true}}),
				text.InsertEmbed(tx, 2, lib0.Object{{Key: "image", Value: "x"}}, nil),
				text.Delete(tx, 6, 3),
				doc.Array("a").Insert(tx, 0, 1.0, "two", nil, []byte{3}),
				doc.Map("m").Set(tx, "k", []byte{1, 2}),
				doc.Map("m").Set(tx, "sub", sub),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return doc
}

func TestRangesAreThoseOfTheDocument(t *testing.T) {
	doc := everything(t)
	update, err := doc.EncodeStateAsUpdate(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := AppendRanges(nil, update)
	if err != nil {
		t.Fatal(err)
	}
	for client, to := range doc.StateVector() {
		if !slices.Contains(got, Range{client, 0, to}) {
			t.Errorf("client %d: not 0 to %d in %v", client, to, got)
		}
	}
	for cut := range update {
		if _, err := AppendRanges(nil, update[:cut]); err == nil && cut < len(update)-8 {
			// What is cut behind the structs is the delete set, which is not read.
			if rest := len(update) - cut; rest > 40 {
				t.Errorf("an update cut at %d of %d bytes is read without an error", cut, len(update))
			}
		}
	}
}

func TestRangesLeaveOutWhatIsSkipped(t *testing.T) {
	typing, err := Type(5, 4)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := yjs.MergeUpdates([][]byte{typing.Letters[0], typing.Letters[1], typing.Letters[3]})
	if err != nil {
		t.Fatal(err)
	}
	got, err := AppendRanges(nil, merged)
	if err != nil {
		t.Fatal(err)
	}
	first := typing.First
	if want := []Range{{5, first, first + 2}, {5, first + 3, first + 4}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func BenchmarkAppendRanges(b *testing.B) {
	typing, err := Type(5, 10)
	if err != nil {
		b.Fatal(err)
	}
	var dst []Range
	for b.Loop() {
		if dst, err = AppendRanges(dst[:0], typing.Letters[5]); err != nil {
			b.Fatal(err)
		}
	}
}

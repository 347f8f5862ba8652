package yjs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf16"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A writer is a document that is written to, with what it has sent.
type writer struct {
	doc  *Doc
	sent [][]byte
}

func newWriter(id uint64) *writer {
	w := &writer{doc: NewDoc(Options{ClientID: id})}
	w.doc.OnUpdate(func(u []byte, origin any, _ *Transaction) {
		if origin == nil {
			w.sent = append(w.sent, u)
		}
	})
	return w
}

var samples = []string{"a", "bc", "é", "東京", "😀", "x😀y", "long enough to be cut in the middle"}

// edit makes a random change.
func (w *writer) edit(t testing.TB, r *rand.Rand) {
	t.Helper()
	err := w.doc.Transact(nil, func(tx *Transaction) error {
		for range 1 + r.IntN(3) {
			if err := w.edit1(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *writer) edit1(tx *Transaction, r *rand.Rand) error {
	f := w.doc.XMLFragment("default")
	if f.Len() == 0 || r.IntN(12) == 0 {
		_, err := f.InsertElement(tx, r.IntN(f.Len()+1), "p")
		return err
	}
	i := r.IntN(f.Len())
	e := f.Get(i).(*XMLElement)
	switch r.IntN(14) {
	case 0:
		return f.Delete(tx, i, 1)
	case 1:
		return e.SetAttribute(tx, fmt.Sprint("k", r.IntN(3)), []any{r.IntN(5), "v", nil})
	case 2:
		return e.RemoveAttribute(tx, fmt.Sprint("k", r.IntN(3)))
	case 3:
		return w.doc.Map("m").Set(tx, fmt.Sprint(r.IntN(4)), r.IntN(100))
	case 4:
		a := w.doc.Array("a")
		if n := a.Len(); n > 4 && r.IntN(2) == 0 {
			return a.Delete(tx, r.IntN(n-2), 2)
		}
		return a.Insert(tx, r.IntN(a.Len()+1), 1, "two", []byte{3}, lib0.Undefined, lib0.BigInt(4))
	}
	var text *XMLText
	if e.Len() > 0 {
		text, _ = e.Get(0).(*XMLText)
	}
	if text == nil {
		_, err := e.InsertText(tx, 0)
		return err
	}
	units := unitsOf(text)
	n := len(units)
	at := whole(units, r.IntN(n+1))
	switch r.IntN(5) {
	case 0:
		return text.Delete(tx, at, whole(units, min(n, at+r.IntN(4)))-at)
	case 1:
		values := []any{true, nil, lib0.Object{{Key: "href", Value: "x"}}}
		return text.Format(tx, at, whole(units, min(n, at+r.IntN(6)))-at, Attributes{{Key: fmt.Sprint("m", r.IntN(2)), Value: values[r.IntN(3)]}})
	case 2:
		return text.InsertEmbed(tx, at, lib0.Object{{Key: "image", Value: 1}}, nil)
	default:
		return text.Insert(tx, at, samples[r.IntN(len(samples))], nil)
	}
}

// unitsOf returns the UTF-16 units of a text; an embed is a zero.
func unitsOf(t *XMLText) (units []uint16) {
	for _, op := range t.Delta() {
		if s, ok := op.Insert.(string); ok {
			units = append(units, utf16.Encode([]rune(s))...)
		} else {
			units = append(units, 0)
		}
	}
	return units
}

// whole moves a position out of a surrogate pair. Documents in which a pair is
// cut while others write need not converge: they do not in Yjs either.
func whole(units []uint16, at int) int {
	if at < len(units) && units[at] >= 0xDC00 && units[at] < 0xE000 {
		return at + 1
	}
	return at
}

// TestConverge lets writers change documents of their own, delivers what they
// sent in orders of all kinds, and expects equal documents.
func TestConverge(t *testing.T) {
	runs := 300
	if testing.Short() {
		runs = 60
	}
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 7))
		ws := make([]*writer, 2+r.IntN(3))
		for i := range ws {
			ws[i] = newWriter(uint64(1 + r.IntN(1<<20)<<3 + i))
		}
		seen := make([]map[[2]int]bool, len(ws))
		for i := range seen {
			seen[i] = map[[2]int]bool{}
		}
		deliver := func(to, from, n int) {
			if to != from && !seen[to][[2]int{from, n}] {
				seen[to][[2]int{from, n}] = true
				if err := ws[to].doc.ApplyUpdate(ws[from].sent[n], "remote"); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		for range 40 {
			w := r.IntN(len(ws))
			ws[w].edit(t, r)
			if from := r.IntN(len(ws)); len(ws[from].sent) > 0 {
				deliver(w, from, r.IntN(len(ws[from].sent))) // often too early
			}
		}
		for to := range ws {
			for from := range ws {
				for n := range ws[from].sent {
					deliver(to, from, n)
				}
			}
		}
		want := show(ws[0].doc)
		late := NewDoc(Options{})
		var all [][]byte
		for i, w := range ws {
			w.doc.check(t)
			if got := show(w.doc); got != want {
				t.Fatalf("seed %d: writer %d has\n%s\nwriter 0 has\n%s", seed, i, got, want)
			}
			if w.doc.HasPending() {
				t.Fatalf("seed %d: writer %d still waits", seed, i)
			}
			all = append(all, w.sent...)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		err := late.Transact("remote", func(tx *Transaction) error {
			for _, u := range append(all, all[:len(all)/2]...) {
				if err := tx.ApplyUpdate(u); err != nil {
					return err
				}
			}
			return nil
		})
		late.check(t)
		if got := show(late); err != nil || got != want {
			t.Fatalf("seed %d: shuffled, in one transaction (%v):\n%s\nwant\n%s", seed, err, got, want)
		}
		kept := NewDoc(Options{DisableGC: true}) // deletes what comes into deleted parents too
		mustTransact(t, kept, "remote", func(tx *Transaction) error {
			for _, u := range all {
				if err := tx.ApplyUpdate(u); err != nil {
					return err
				}
			}
			return nil
		})
		kept.check(t)
		if got, want := deletesOf(kept), deletesOf(late); !bytes.Equal(got, want) || show(kept) != show(late) {
			t.Fatalf("seed %d: without collecting, deleted\n%x, want\n%x", seed, got, want)
		}
		reloaded := testDoc(t, Options{}, state(t, late))
		if show(reloaded) != want || !bytes.Equal(state(t, reloaded), state(t, late)) {
			t.Fatalf("seed %d: another document after a reload", seed)
		}
	}
}

func deletesOf(d *Doc) []byte { return d.appendAllDeletes(nil) }

// show writes the whole content of a document as text.
func show(d *Doc) string {
	var out []byte
	for _, name := range []string{"default", "m", "a"} {
		b := d.root([]byte(name))
		out = fmt.Appendf(out, "%s: ", name)
		out = showBranch(out, b)
		out = append(out, '\n')
	}
	return string(out)
}

func showBranch(out []byte, b *branch) []byte {
	if b.kind == typeXMLText || b.kind == typeText {
		for _, op := range b.delta() {
			out = fmt.Appendf(out, "%q%v ", op.Insert, op.Attributes)
		}
		return out
	}
	keys := map[string]any{}
	for k, v := range b.attributes() {
		keys[k] = v
	}
	out = fmt.Appendf(out, "%s%v(", b.name, keys)
	for _, v := range b.values() {
		if n, ok := v.(Node); ok {
			out = showBranch(out, n.base())
		} else {
			out = fmt.Appendf(out, "%v", v)
		}
		out = append(out, ' ')
	}
	return append(out, ')')
}

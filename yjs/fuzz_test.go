package yjs

import (
	"bytes"
	"testing"
)

// FuzzApply applies any bytes to documents that hold something: nothing
// panics, a refused update changes nothing, and whatever the document has
// become can be written, read again and written to.
func FuzzApply(f *testing.F) {
	vs := vectors(f)
	for i, v := range vs {
		for _, u := range append(v.updates(f), unhex(f, v.State)) {
			f.Add(uint8(i), u, []byte{})
		}
		if us := v.updates(f); len(us) > 1 {
			f.Add(uint8(255), us[1], us[0])
		}
	}
	for _, make := range attacks {
		f.Add(uint8(255), make(3), []byte{0, 0})
	}
	f.Fuzz(func(t *testing.T, base uint8, first, second []byte) {
		d := NewDoc(Options{ClientID: 3, CleanFormatting: base%2 == 0})
		d.longScan, d.scanPasses = int(base%3), 0
		if int(base) < len(vs) {
			for _, u := range vs[base].updates(t) {
				if err := d.ApplyUpdate(u, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		events := 0
		f := d.XMLFragment("default")
		ObserveDeep(f, func(es []*Event) {
			for _, e := range es {
				events += len(e.Path()) + len(e.Delta()) + len(e.Keys())
			}
		})
		for _, u := range [][]byte{first, second} {
			before := state(t, d)
			if err := d.ApplyUpdate(u, nil); err != nil && !bytes.Equal(before, state(t, d)) {
				t.Fatalf("refused (%v), and changed", err)
			}
			d.check(t)
		}
		after := state(t, d)
		again := NewDoc(Options{})
		if err := again.ApplyUpdate(after, nil); err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		again.check(t)
		if err := d.ApplyUpdate(after, nil); err != nil {
			t.Fatal(err)
		}
		d.check(t)
		show(d)
		err := d.Transact(nil, func(tx *Transaction) error {
			e, err := f.InsertElement(tx, f.Len(), "p")
			if err != nil {
				return err
			}
			x, err := e.InsertText(tx, 0)
			if err != nil {
				return err
			}
			if err := x.Insert(tx, 0, "a😀", nil); err != nil {
				return err
			}
			return f.Delete(tx, 0, f.Len())
		})
		if err != nil {
			t.Fatal(err)
		}
		d.check(t)
	})
}

package yjs

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestOrderFindsWhatScansFind applies the same updates to a document that
// scans and to one that looks up every conflict in an order.
func TestOrderFindsWhatScansFind(t *testing.T) {
	compare := func(name string, updates ...[]byte) {
		t.Helper()
		scans, orders := NewDoc(Options{}), NewDoc(Options{})
		scans.longScan, orders.longScan, orders.scanPasses = 1<<30, 0, 0
		for _, d := range []*Doc{scans, orders} {
			err := d.Transact(nil, func(tx *Transaction) error {
				for _, u := range updates {
					if err := tx.ApplyUpdate(u); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			d.check(t)
		}
		if !bytes.Equal(state(t, scans), state(t, orders)) || show(scans) != show(orders) || scans.Text("d").String() != orders.Text("d").String() {
			t.Fatalf("%s: documents differ", name)
		}
	}
	for name, make := range attacks {
		for _, n := range []int{10, 300} {
			compare(name, make(n))
		}
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 99))
		// Many people write into one list without hearing of each other.
		base := newWriter(1)
		for range 5 {
			base.edit(t, r)
		}
		all := base.sent
		for i := range 3 + r.IntN(30) {
			w := newWriter(uint64(2 + r.IntN(1<<16)<<8 + i))
			for _, u := range base.sent {
				if err := w.doc.ApplyUpdate(u, "remote"); err != nil {
					t.Fatal(err)
				}
			}
			for range 1 + r.IntN(6) {
				w.edit(t, r)
			}
			all = append(all, w.sent...)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		compare("random", all...)
	}
	for seed := range uint64(60) {
		// Many clients at few places, who know of some of the others.
		r := rand.New(rand.NewPCG(seed, 5))
		base := newWriter(1)
		edit := func(w *writer, at int, s string) {
			mustTransact(t, w.doc, nil, func(tx *Transaction) error { return w.doc.Text("d").Insert(tx, at, s, nil) })
		}
		edit(base, 0, "zz")
		all := base.sent
		for i := range 10 + r.IntN(50) {
			w := newWriter(uint64(2 + r.IntN(1<<16)<<8 + i))
			knows := len(base.sent) + r.IntN(len(all)-len(base.sent)+1)*r.IntN(2)
			for _, u := range all[:knows] {
				if err := w.doc.ApplyUpdate(u, "remote"); err != nil {
					t.Fatal(err)
				}
			}
			for range 1 + r.IntN(3) {
				edit(w, r.IntN(3), "yx"[:1+r.IntN(2)])
			}
			all = append(all, w.sent...)
		}
		// The first ones first: what waits would be integrated by client id.
		rest := all[len(base.sent):]
		if r.IntN(2) == 0 {
			r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		}
		compare("siblings", all...)
	}
}

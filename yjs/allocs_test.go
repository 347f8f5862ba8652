package yjs

import "testing"

// TestAllocations holds what loading and encoding allocate, in allocations: no
// clock, so it says the same on any machine.
func TestAllocations(t *testing.T) {
	u := blocks()
	d := testDoc(t, Options{}, u)
	thousands := float64(d.items) / 1000
	load := testing.AllocsPerRun(5, func() {
		if err := NewDoc(Options{}).ApplyUpdate(u, nil); err != nil {
			t.Fatal(err)
		}
	})
	// Items and types come in slabs, text in chunks; what remains are the tables
	// of keys of those elements that have attributes.
	if most := 60.0; load/thousands > most {
		t.Errorf("loading takes %.0f allocations per 1000 items, most is %.0f", load/thousands, most)
	}
	// The difference to a vector, and the state: the result and a few tables.
	for name, sv := range map[string][]byte{"state": nil, "difference": d.EncodeStateVector()} {
		if n := testing.AllocsPerRun(5, func() { d.EncodeStateAsUpdate(sv) }); n > 12 {
			t.Errorf("encoding the %s takes %.0f allocations, most is 12", name, n)
		}
	}
	t.Logf("%d items, %.1f allocations per 1000 to load", d.items, load/thousands)
}

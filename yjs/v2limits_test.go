package yjs

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// bombs are updates in format V2 that say as much as possible in as few bytes, for
// a number of structs n: each has its runs in other columns.
func bombs(t testing.TB, n uint64) map[string][]byte {
	deleted := func(i uint64) block { return block{id: ID{1, i}, info: kindDeleted, len: 1}.root("") }
	kinds := map[string]func(i uint64) block{
		"collected": func(i uint64) block { return block{id: ID{1, i}, info: kindGC, len: 1} },
		"gaps":      func(i uint64) block { return block{id: ID{1, i}, info: kindSkip, len: 1} },
		"roots":     deleted,
		"keys": func(i uint64) block {
			b := deleted(i)
			b.info |= infoSub
			return b
		},
		"origins": func(i uint64) block {
			if i == 0 {
				return deleted(i)
			}
			return block{id: ID{1, i}, info: kindDeleted, len: 1}.after(1, i-1)
		},
		"right origins": func(i uint64) block {
			if i == 0 {
				return deleted(i)
			}
			return block{id: ID{1, i}, info: kindDeleted, len: 1}.before(1, i-1)
		},
		"types, one in the other": func(i uint64) block {
			b := block{id: ID{1, i}, info: kindType, typeRef: typeXMLText, len: 1}
			if i == 0 {
				return b.root("")
			}
			b.hasPID, b.parent = true, ID{1, i - 1}
			return b
		},
		"elements without a name": func(i uint64) block {
			return block{id: ID{1, i}, info: kindType, typeRef: typeXMLElement, len: 1, data: []byte{}}.root("")
		},
		"values": func(i uint64) block { return block{id: ID{1, i}, info: kindAny, len: 1, data: []byte{126}}.root("") },
		"embeds": func(i uint64) block {
			return block{id: ID{1, i}, info: kindEmbed, len: 1, data: []byte("null")}.root("")
		},
		"JSON": func(i uint64) block {
			return block{id: ID{1, i}, info: kindJSON, len: 1, data: lib0.AppendString(nil, "undefined")}.root("")
		},
	}
	all := map[string][]byte{}
	for name, kind := range kinds {
		w := &v2Writer{}
		for i := range n {
			b := kind(i)
			if err := w.write(&b, 0); err != nil {
				t.Fatal(err)
			}
		}
		u, err := w.finish(nil)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = u
	}
	return all
}

// endless has runs of 2^50 in every column, and one struct of each kind to begin
// with, and says that there are 2^50 structs.
func endless(kind byte) []byte {
	const many = 1 << 50
	w := &v2Writer{}
	w.heads = []groupHead{{many, 0}}
	w.buf = []byte{0} // clock
	w.client = uintColumn{last: 1, run: many}
	w.typeRef = uintColumn{last: typeXMLText, run: many}
	w.length = uintColumn{last: 1, run: many}
	w.key, w.left, w.right = diffColumn{diff: 1, run: many}, diffColumn{diff: 1, run: many}, diffColumn{diff: 1, run: many}
	w.info, w.parentInfo = byteColumn{last: kind, run: 1}, byteColumn{last: 1, run: 1}
	w.strings = stringColumn{lens: uintColumn{last: 0, run: many}}
	u, _ := w.finish(nil)
	return u
}

func TestExpansionOfV2IsBounded(t *testing.T) {
	check := func(t *testing.T, u []byte, times int) {
		t.Helper()
		d := testDoc(t, Options{}, update([]block{text(7, 0, "held").root("")}, nil))
		before := state(t, d)
		for act, f := range map[string]func() error{
			"apply":   func() error { return d.ApplyUpdateV2(u, nil) },
			"convert": func() error { _, err := ConvertV2ToV1(u); return err },
			"merge":   func() error { _, err := MergeUpdatesV2([][]byte{u, u}); return err },
			"diff":    func() error { _, err := DiffUpdateV2(u, []byte{1, 1, 5}); return err },
		} {
			var err error
			alloc, _ := allocated(func() *Doc { err = f(); return nil })
			if most := uint64(times*len(u) + 1<<20); alloc > most {
				t.Errorf("%s: %d bytes allocated for an update of %d (error %v), most is %d", act, alloc, len(u), err, most)
			}
			if err != nil && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v is neither ErrLimit nor ErrMalformed", act, err)
			}
			if act == "apply" && err != nil && !bytes.Equal(before, state(t, d)) {
				t.Errorf("refused (%v), and changed", err)
			}
		}
		d.check(t)
	}
	for _, n := range []uint64{100, 2000, 1 << 12, 1 << 16} {
		for name, u := range bombs(t, n) {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				// A struct takes about as much memory as one of format V1, and can
				// be a single byte here.
				check(t, u, 160)
			})
		}
	}
	for kind := range byte(kindSkip + 1) {
		for _, flags := range []byte{0, infoSub, infoOrigin, infoRight, infoOrigin | infoRight} {
			t.Run(fmt.Sprintf("endless/%d/%x", kind, flags), func(t *testing.T) { check(t, endless(kind|flags), 64) })
		}
	}
}

// What people type is never too much, however well it packs: here each letter
// stands before the one typed last, by a client with a long id.
func TestExpansionOfV2LetsEditingPass(t *testing.T) {
	d := NewDoc(Options{ClientID: 1<<32 - 1})
	err := d.Transact(nil, func(tx *Transaction) error {
		for range 40_000 {
			if err := d.Text("t").Insert(tx, 0, "x", nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := d.EncodeStateAsUpdateV2(nil)
	if err != nil {
		t.Fatal(err)
	}
	again := NewDoc(Options{})
	if err := again.ApplyUpdateV2(u, nil); err != nil {
		t.Fatalf("%d bytes of V2 that are %d in V1: %v", len(u), len(state(t, d)), err)
	}
	strict := NewDoc(Options{Limits: Limits{V2Expansion: 2}})
	var limit *LimitError
	if err := strict.ApplyUpdateV2(u, nil); !errors.As(err, &limit) || limit.Name != "V2Expansion" {
		t.Errorf("got %v, want a LimitError on V2Expansion", err)
	}
	if strict.HasPending() || len(strict.StateVector()) > 0 {
		t.Error("refused, and changed")
	}
}

// Reading format V2 allocates in proportion to the structs, whichever column has
// them. That it takes no more than one look at each string is for
// TestStringsAreReadFrontToBack.
func TestReadingV2AllocatesInProportion(t *testing.T) {
	const n, times = 1000, 8
	few, many := bombs(t, n), bombs(t, times*n)
	for name := range few {
		var allocs, bytes [2]float64
		for i, u := range [][]byte{few[name], many[name]} {
			read := func() {
				if _, err := toInternal(u, 1<<20); err != nil {
					t.Fatal(err)
				}
			}
			allocs[i] = testing.AllocsPerRun(1, read)
			b, _ := allocated(func() *Doc { read(); return nil })
			bytes[i] = float64(b)
		}
		t.Logf("%-24s %6.0f allocations, then %6.0f; %8.0f bytes, then %8.0f", name, allocs[0], allocs[1], bytes[0], bytes[1])
		if most := 1.1*times*allocs[0] + 50; allocs[1] > most {
			t.Errorf("%s: %d times the structs take %.0f allocations, at most %.0f are allowed", name, times, allocs[1], most)
		}
		if most := 2*times*bytes[0] + 1<<16; bytes[1] > most { // buffers double
			t.Errorf("%s: %d times the structs take %.0f bytes, at most %.0f are allowed", name, times, bytes[1], most)
		}
	}
}

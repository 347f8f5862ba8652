package yjs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// update writes blocks, which must be sorted by client and clock, and deletes.
func update(bs []block, ds deleteSet) []byte {
	slices.SortStableFunc(bs, func(a, b block) int { return int(int64(b.id.Client) - int64(a.id.Client)) })
	groups, last := 0, uint64(0)
	for _, b := range bs {
		if b.id.Client != last {
			groups++
			last = b.id.Client
		}
	}
	u := lib0.AppendVarUint(nil, uint64(groups))
	for len(bs) > 0 {
		n := 1
		for n < len(bs) && bs[n].id.Client == bs[0].id.Client {
			n++
		}
		u = lib0.AppendVarUint(u, uint64(n))
		u = appendID(u, bs[0].id)
		for i := range bs[:n] {
			u = appendBlock(u, &bs[i], 0)
		}
		bs = bs[n:]
	}
	return ds.append(u)
}

func text(client, clock uint64, s string) block {
	return block{id: ID{client, clock}, info: kindString, len: uint64(lib0.UTF16Len([]byte(s))), data: []byte(s)}
}

func (b block) root(sub string) block {
	b.hasName, b.rootName = true, []byte("d")
	if sub != "" {
		b.info, b.sub = b.info|infoSub, []byte(sub)
	}
	return b
}

func (b block) after(client, clock uint64) block {
	b.info, b.origin = b.info|infoOrigin, ID{client, clock}
	return b
}

func (b block) before(client, clock uint64) block {
	b.info, b.right = b.info|infoRight, ID{client, clock}
	return b
}

// attacks are updates that make a straightforward implementation slow, each
// for a size n.
var attacks = map[string]func(n int) []byte{
	// One long text, and characters that each cut it, from its end to its start.
	"cuts from the end":   func(n int) []byte { return cuts(n, "a", func(i int) int { return 2 * (n - 1 - i) }) },
	"cuts from the start": func(n int) []byte { return cuts(n, "a", func(i int) int { return 2 * i }) },
	"cuts of wide text":   func(n int) []byte { return cuts(n, "é", func(i int) int { return 2 * (n - 1 - i) }) },
	"cuts everywhere":     func(n int) []byte { return cuts(n, "東", func(i int) int { return 2 * (i * 7919 % n) }) },
	// Each client must wait for a lower one and then passes all of them.
	"same origin, ascending": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			c := 10 + i
			if i > 0 {
				bs = append(bs, text(c, 0, "x").after(c-1, 1))
			} else {
				bs = append(bs, text(c, 0, "x").root("k"))
			}
			bs = append(bs, text(c, 1, "y").root(""))
		}
		return update(bs, nil)
	},
	"same key, ascending": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			c := 10 + i
			if i > 0 {
				bs = append(bs, text(c, 0, "x").after(c-1, 1))
			} else {
				bs = append(bs, text(c, 0, "x").root(""))
			}
			bs = append(bs, text(c, 1, "y").root("k"))
		}
		return update(bs, nil)
	},
	// Half of the clients wait for lower ones, half for higher ones.
	"same origin, both ways": func(n int) []byte {
		var bs []block
		mid := uint64(10 + n)
		for i := range uint64(n) {
			c, last := mid+i/2, mid+i/2-1
			if i%2 == 1 {
				c, last = mid-1-i/2, mid+i/2
			}
			switch {
			case i == 0:
				bs = append(bs, text(c, 0, "x").root("k"))
			case i%2 == 0:
				bs = append(bs, text(c, 0, "x").after(mid-1-(i-1)/2, 1))
			default:
				bs = append(bs, text(c, 0, "x").after(last, 1))
			}
			bs = append(bs, text(c, 1, "y").root(""))
		}
		return update(bs, nil)
	},
	// Siblings that each have descendants.
	"siblings with descendants": func(n int) []byte {
		bs := []block{text(1, 0, "z").root("")}
		for i := range uint64(n / 2) {
			c := 10 + i
			if i > 0 {
				bs = append(bs, text(c, 0, "x").after(c-1, 2))
			} else {
				bs = append(bs, text(c, 0, "x").root("k"))
			}
			bs = append(bs, text(c, 1, "y").after(1, 0), text(c, 2, "y").after(c, 1))
		}
		return update(bs, nil)
	},
	"same key": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			bs = append(bs, text(10+i, 0, "y").root("k"))
		}
		return update(bs, nil)
	},
	// One client, always at the start, with the last item as right origin.
	"before the last": func(n int) []byte {
		bs := []block{text(1, 0, "z").root("")}
		for i := range uint64(n) {
			bs = append(bs, text(1, 1+i, "y").before(1, 0))
		}
		return update(bs, nil)
	},
	// Right origins that alternate.
	"two right origins": func(n int) []byte {
		bs := []block{text(1, 0, "z").root(""), text(1, 1, "z").after(1, 0)}
		for i := range uint64(n) {
			bs = append(bs, text(1, 2+i, "y").before(1, i%2))
		}
		return update(bs, nil)
	},
	"array cut everywhere": func(n int) []byte {
		data := bytes.Repeat([]byte{126}, 2*n)
		bs := []block{block{id: ID{1, 0}, info: kindAny, len: uint64(2 * n), data: data}.root("")}
		for i := range uint64(n) {
			bs = append(bs, text(2, i, "b").after(1, 2*(uint64(n)-1-i)))
		}
		return update(bs, nil)
	},
	// Values that must be written anew, of elements that take much memory.
	"values to rewrite": func(n int) []byte {
		data := lib0.AppendVarUint([]byte{118}, uint64(n))
		for range n {
			data = append(data, 0, 126)
		}
		data = append(lib0.AppendVarUint(append(data, 117), uint64(n)), bytes.Repeat([]byte{126}, n)...)
		data = append(data, 125, 0x80, 0)
		return update([]block{block{id: ID{1, 0}, info: kindAny, len: 3, data: data}.root("")}, nil)
	},
	"JSON to rewrite": func(n int) []byte {
		return update([]block{block{id: ID{1, 0}, info: kindEmbed, len: 1, data: []byte("[" + strings.Repeat("1,", n) + "{}, 1]")}.root(""),
			block{id: ID{1, 1}, info: kindEmbed, len: 1, data: []byte("{" + strings.Repeat(`"":1,`, n) + `"a":[] }`)}.root("")}, nil)
	},
	"deletes everywhere": func(n int) []byte {
		var rs []deleteRange
		for i := range n {
			rs = append(rs, deleteRange{uint64(2 * i), 1})
		}
		return update([]block{text(1, 0, string(bytes.Repeat([]byte("é"), 2*n))).root("")}, deleteSet{{1, rs}})
	},
	"deep": func(n int) []byte {
		bs := []block{block{id: ID{1, 0}, info: kindType, typeRef: typeXMLText, len: 1}.root("")}
		for i := range uint64(n) {
			bs = append(bs, block{id: ID{1, 1 + i}, info: kindType, typeRef: typeXMLText, len: 1, hasPID: true, parent: ID{1, i}})
		}
		return update(bs, deleteSet{{1, []deleteRange{{0, 1}}}})
	},
	"roots": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			b := text(1, i, "x").root("")
			b.rootName = fmt.Append(nil, i)
			bs = append(bs, b)
		}
		return update(bs, nil)
	},
	"clients": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			bs = append(bs, block{id: ID{1<<20 + i, 0}, info: kindGC, len: 1})
		}
		return update(bs, nil)
	},
	"collected": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			bs = append(bs, block{id: ID{1, i}, info: kindGC, len: 1})
		}
		return update(bs, nil)
	},
	"waiting": func(n int) []byte {
		var bs []block
		for i := range uint64(n) {
			bs = append(bs, text(10+i, 1, "x").root(""))
		}
		return update(bs, nil)
	},
}

func cuts(n int, char string, at func(int) int) []byte {
	bs := []block{text(1, 0, string(bytes.Repeat([]byte(char), 2*n))).root("")}
	for i := range n {
		bs = append(bs, text(2, uint64(i), "b").after(1, uint64(at(i))))
	}
	return update(bs, nil)
}

// TestAttacks applies each attack at two sizes: the work must not grow like
// the square, memory stays within bounds, and the document is in order.
func TestAttacks(t *testing.T) {
	for name, make := range attacks {
		t.Run(name, func(t *testing.T) {
			var work [2]int
			for i, n := range []int{1500, 6000} {
				u := make(n)
				alloc, d := allocated(func() *Doc {
					d := NewDoc(Options{})
					if err := d.ApplyUpdate(u, nil); err != nil {
						t.Fatal(err)
					}
					return d
				})
				if most := uint64(64*len(u) + 1<<20); alloc > most {
					t.Errorf("n %d: %d bytes allocated for an update of %d, most is %d", n, alloc, len(u), most)
				}
				work[i] = d.work
				d.check(t)
				testDoc(t, Options{}, state(t, d))
			}
			if work[1] > 8*work[0]+2_000_000 {
				t.Errorf("4 times the size took %d steps instead of %d", work[1], work[0])
			}
		})
	}
}

func allocated(f func() *Doc) (uint64, *Doc) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, d
}

// TestHostileFiles applies the files of a folder beside the repository, if it
// is there.
func TestHostileFiles(t *testing.T) {
	files, _ := filepath.Glob("../../shared/replica/hostile/*.bin")
	if len(files) == 0 {
		t.Skip("no folder with hostile updates")
	}
	for _, f := range files {
		u, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		alloc, d := allocated(func() *Doc {
			d := NewDoc(Options{})
			err = d.ApplyUpdate(u, nil)
			return d
		})
		t.Logf("%-34s %8d B %8v %5.1f MB %v", filepath.Base(f), len(u), time.Since(start).Round(100*time.Microsecond), float64(alloc)/1e6, err)
		if most := uint64(64*len(u) + 1<<20); alloc > most {
			t.Errorf("%s: %d bytes allocated, most is %d", filepath.Base(f), alloc, most)
		}
		d.check(t)
		if err != nil && !bytes.Equal(state(t, d), []byte{0, 0}) {
			t.Errorf("%s: refused, and changed the document", f)
		}
	}
}

func BenchmarkAttack(b *testing.B) {
	for name, make := range attacks {
		for _, n := range []int{5000, 20000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				u := make(n)
				b.ReportMetric(float64(len(u)), "bytes")
				b.ReportAllocs()
				for b.Loop() {
					if err := NewDoc(Options{}).ApplyUpdate(u, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

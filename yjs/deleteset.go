package yjs

import (
	"cmp"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A deleteRange is a run of deleted clocks of one client.
type deleteRange struct{ clock, len uint64 }

func (r deleteRange) end() uint64 { return r.clock + r.len }

type clientDeletes struct {
	client uint64
	ranges []deleteRange
}

// A deleteSet holds deleted ranges by client. A client stands in it once;
// the order of clients and ranges is the one in which they were added.
type deleteSet []clientDeletes

// normalize sorts clients, higher ids first, and the ranges of each, and
// joins ranges that touch.
func (ds deleteSet) normalize() {
	ds.sortClients()
	for i := range ds {
		ds[i].ranges = joinRanges(ds[i].ranges)
	}
}

func (ds deleteSet) sortClients() {
	slices.SortStableFunc(ds, func(a, b clientDeletes) int { return cmp.Compare(b.client, a.client) })
}

// joinRanges sorts ranges and joins those that touch or overlap, in place.
func joinRanges(rs []deleteRange) []deleteRange {
	if len(rs) < 2 {
		return rs
	}
	if !slices.IsSortedFunc(rs, compareRanges) {
		slices.SortStableFunc(rs, compareRanges)
	}
	out := rs[:1]
	for _, r := range rs[1:] {
		if last := &out[len(out)-1]; last.end() >= r.clock {
			last.len = max(last.len, r.end()-last.clock)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func compareRanges(a, b deleteRange) int { return cmp.Compare(a.clock, b.clock) }

// append writes the set as update format V1 has it. Clients must be sorted.
func (ds deleteSet) append(dst []byte) []byte {
	dst = lib0.AppendVarUint(dst, uint64(len(ds)))
	for _, c := range ds {
		dst = lib0.AppendVarUint(dst, c.client)
		dst = lib0.AppendVarUint(dst, uint64(len(c.ranges)))
		for _, r := range c.ranges {
			dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, r.clock), r.len)
		}
	}
	return dst
}

// eachDelete reads a delete set in format V1 and calls f with every range
// that is not empty. A nil f only checks.
func eachDelete(d *lib0.Decoder, f func(client uint64, r deleteRange)) error {
	clients, err := d.VarUint()
	if err != nil {
		return malformed(err, "number of clients with deletes")
	}
	for range clients {
		client, err := d.VarUint()
		if err != nil {
			return malformed(err, "client with deletes")
		}
		n, err := d.VarUint()
		if err == nil && n > uint64(d.Len()/2) {
			err = lib0.ErrUnexpectedEnd
		}
		if err != nil {
			return malformed(err, "number of deletes")
		}
		for range n {
			var r deleteRange
			if r.clock, err = d.VarUint(); err == nil {
				r.len, err = d.VarUint()
			}
			if err == nil && r.clock > lib0.MaxSafeInteger-r.len {
				err = errClock
			}
			if err != nil {
				return malformed(err, "deleted range")
			}
			if f != nil && r.len > 0 {
				f(client, r)
			}
		}
	}
	return nil
}

// readDeleteSet reads a delete set in format V1, without sorting anything.
func readDeleteSet(d *lib0.Decoder) (deleteSet, error) {
	var ds deleteSet
	index := map[uint64]int{}
	err := eachDelete(d, func(client uint64, r deleteRange) {
		i, ok := index[client]
		if !ok {
			i = len(ds)
			index[client] = i
			ds = append(ds, clientDeletes{client: client})
		}
		ds[i].ranges = append(ds[i].ranges, r)
	})
	return ds, err
}

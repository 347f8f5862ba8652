package yjs

import "github.com/civicpress/realtimefx/yjs/lib0"

// An item is one struct of a document: a run of content with its place in the
// list of its parent, or a collected run of which only the length is left
// (kindGC). Clients and keys are indexes into tables of the Doc, clocks are
// 32 bits wide: a document of a million characters typed by fifty people has
// a few thousand items, and each costs 112 bytes plus its text.
//
// Items live in slabs and are used again after they have been merged into
// their left neighbour. Nothing outside of the document holds a pointer to
// one; what does inside (markers) is moved in mergeWith.
type item struct {
	left, right *item   // neighbours in the list of the parent
	parent      *branch // nil for kindGC only
	typ         *branch // kindType
	aux         *aux    // kindFormat, kindDoc; offsets of kindAny, kindJSON
	data        []byte  // text, values, bytes: as in block.data
	clock, len  uint32
	oclient     uint32 // origin, 0: none
	oclock      uint32
	rclient     uint32 // right origin, 0: none
	rclock      uint32
	client      uint32
	sub         uint32 // key in the parent, 0: in its list
	scan        uint32 // last conflict scan that passed it, see integrate
	kind        byte
	deleted     bool
}

// aux is content that few items have. Marks with equal key and value share
// one.
type aux struct {
	key   string // kindFormat
	value string // kindFormat: JSON text, see block.data
	doc   *Subdoc
	offs  []uint32 // kindAny, kindJSON: where each value starts, from base
	base  uint32
}

func (it *item) end() uint32       { return it.clock + it.len }
func (it *item) lastClock() uint32 { return it.clock + it.len - 1 }
func (it *item) isGC() bool        { return it.kind == kindGC }

// countable tells whether the item takes part in lengths and positions.
func (it *item) countable() bool {
	return it.kind != kindDeleted && it.kind != kindFormat && it.kind != kindGC
}

func (it *item) visible() bool { return !it.deleted && it.countable() }

// slabs hands out items in slabs and takes merged ones back. Types it hands out
// too, in smaller slabs, and never takes back: programs may hold them.
type slabs struct {
	free *item // linked by right
	n    int   // of free
	slab []item
	want int // size of the next slab

	branches []branch
	types    int // size of the next slab of branches
}

func (s *slabs) get() *item {
	if it := s.free; it != nil {
		s.free = it.right
		s.n--
		it.right = nil
		return it
	}
	if len(s.slab) == 0 {
		s.want = min(max(s.want, 4), 256)
		s.slab = make([]item, s.want)
		s.want *= 2
	}
	it := &s.slab[0]
	s.slab = s.slab[1:]
	return it
}

func (s *slabs) branch() *branch {
	if len(s.branches) == 0 {
		s.branches = make([]branch, max(s.types, 1))
		s.types = min(2*len(s.branches), 32)
	}
	b := &s.branches[0]
	s.branches = s.branches[1:]
	return b
}

func (s *slabs) put(it *item) {
	const most = 4096 // more are left to the garbage collector, slab by slab
	if s.n >= most {
		*it = item{}
		return
	}
	*it = item{right: s.free}
	s.free = it
	s.n++
}

// arena copies bytes out of updates into chunks, so that a thousand short
// texts do not take a thousand allocations.
type arena struct {
	chunk []byte
	want  int
}

func (a *arena) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > cap(a.chunk)-len(a.chunk) {
		if len(b) >= 4096 {
			return append(make([]byte, 0, len(b)), b...)
		}
		a.want = min(max(a.want*2, 64), 8192)
		a.chunk = make([]byte, 0, max(a.want, len(b)))
	}
	from := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[from:len(a.chunk):len(a.chunk)]
}

// splitData cuts the content of it after n clocks and returns the right part.
// Nothing is copied unless a character of two UTF-16 units is cut in half:
// then both halves become U+FFFD, as in Yjs.
func (it *item) splitData(n uint32) []byte {
	switch it.kind {
	case kindString:
		at, inside := int(n), false
		if len(it.data) != int(it.len) {
			at, inside = lib0.UTF16Offset(it.data, int(n), int(it.len))
		}
		if inside {
			right := append([]byte(replacement), it.data[at+4:]...)
			it.data = append(it.data[:at:at], replacement...)
			return right
		}
		right := it.data[at:]
		it.data = it.data[:at:at]
		return right
	case kindAny, kindJSON:
		at := it.valueOffset(n)
		right := it.data[at:]
		it.data = it.data[:at:at]
		return right
	}
	return nil
}

// valueOffset finds where value n starts. Items of many values remember it.
func (it *item) valueOffset(n uint32) int {
	const many = 16
	if it.len <= many {
		return len(it.data) - len(skipValues(it.kind, it.data, uint64(n)))
	}
	if it.aux == nil {
		offs := make([]uint32, it.len)
		d := lib0.NewDecoder(it.data)
		for i := range offs {
			offs[i] = uint32(d.Pos())
			if it.kind == kindAny {
				d.SkipAny()
			} else {
				d.Bytes()
			}
		}
		it.aux = &aux{offs: offs}
	}
	if n == it.len {
		return len(it.data)
	}
	return int(it.aux.offs[n] - it.aux.base)
}

// splitAux gives the right part of a split its share of the offsets.
func (it *item) splitAux(n uint32) *aux {
	if it.aux == nil || it.kind != kindAny && it.kind != kindJSON {
		return it.aux
	}
	a := it.aux
	right := &aux{offs: a.offs[n:], base: a.offs[n]}
	it.aux = &aux{offs: a.offs[:n], base: a.base}
	return right
}

// canMerge tells whether right, the next struct of the same client, continues
// left.
func canMerge(left, right *item) bool {
	if left.kind != right.kind || left.deleted != right.deleted {
		return false
	}
	if left.kind == kindGC {
		return left.len <= maxLen-right.len
	}
	return right.oclient == left.client && right.oclock == right.clock-1 &&
		left.right == right && left.rclient == right.rclient && left.rclock == right.rclock &&
		left.end() == right.clock && left.len <= maxLen-right.len &&
		(left.kind == kindString || left.kind == kindDeleted || left.kind == kindAny || left.kind == kindJSON)
}

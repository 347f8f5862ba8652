package yjs

import (
	"slices"
	"sort"
)

// manySiblings is the number of siblings that an order looks at one by one.
const manySiblings = 32

// siblings are the items of one origin in an order. Those with the same right
// origin stand in the order of their client ids: that is what the conflict
// rule makes of them.
type siblings struct {
	all   sortedItems                // in the order of the list
	byEnd map[originKey]*sortedItems // by right origin
}

func newSiblings(x *order, first, it *item) *siblings {
	g := &siblings{byEnd: make(map[originKey]*sortedItems)}
	for s := first; s != nil && s.oclient == it.oclient && s.oclock == it.oclock; s = x.after(s) {
		g.all.insert(x, g.all.end(), s)
		end := g.endOf(s)
		end.insert(x, end.end(), s)
	}
	return g
}

func (g *siblings) endOf(it *item) *sortedItems {
	key := originKey{it.rclient, it.rclock}
	if g.byEnd[key] == nil {
		g.byEnd[key] = &sortedItems{}
	}
	return g.byEnd[key]
}

func (x *order) clientID(it *item) uint64 { return x.doc.clients[it.client].id }

// notBefore finds the first sibling that is not before an item.
func (g *siblings) notBefore(x *order, it *item) pos {
	return g.all.search(func(s *item) bool { return s == it || !x.less(s, it) })
}

// notBelow finds the first sibling with the same right origin whose client id
// is not below that of an item.
func (g *siblings) notBelow(x *order, it *item) (list *sortedItems, p pos) {
	id := x.clientID(it)
	list = g.endOf(it)
	return list, list.search(func(s *item) bool { return x.clientID(s) >= id })
}

func (g *siblings) insert(x *order, it *item) {
	g.all.insert(x, g.notBefore(x, it), it)
	list, p := g.notBelow(x, it)
	list.insert(x, p, it)
}

// resolve finds the left neighbour of another sibling: behind the last one
// with a lower client id, and everything that descends from it, before the
// right origin and before the first one with the same right origin and a
// client id that is not lower.
func (g *siblings) resolve(x *order, it *item) *item {
	stop := g.all.end()
	if list, p := g.notBelow(x, it); p != list.end() {
		stop = g.notBefore(x, list.chunks[p.run].items[p.i])
	}
	if r := it.right; r != nil && r.parent == x.key.b && r.sub == x.key.sub {
		if p := g.notBefore(x, r); p.run < stop.run || p.run == stop.run && p.i < stop.i {
			stop = p
		}
	}
	if s := g.all.lastBelow(stop, x.clientID(it), x); s != nil {
		return x.endOf(s, it.right)
	}
	return it.left
}

// sortedItems is a sorted list of items in chunks, each of which knows the
// lowest client id in it. A place is a chunk and an index in it.
type sortedItems struct {
	chunks []idChunk
}

type idChunk struct {
	items []*item
	low   uint64
}

// end is the place behind the last item.
func (l *sortedItems) end() pos {
	if n := len(l.chunks); n > 0 {
		return pos{n - 1, len(l.chunks[n-1].items)}
	}
	return pos{}
}

// search finds the first item for which f is true, as it is for all behind.
func (l *sortedItems) search(f func(*item) bool) pos {
	c := sort.Search(len(l.chunks), func(i int) bool {
		items := l.chunks[i].items
		return f(items[len(items)-1])
	})
	if c == len(l.chunks) {
		return l.end()
	}
	items := l.chunks[c].items
	return pos{c, sort.Search(len(items), func(i int) bool { return f(items[i]) })}
}

func (l *sortedItems) insert(x *order, p pos, it *item) {
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, idChunk{low: x.clientID(it)})
	}
	c := &l.chunks[p.run]
	c.items = slices.Insert(c.items, p.i, it)
	c.low = min(c.low, x.clientID(it))
	if n := len(c.items); n > chunkLen {
		second := newIDChunk(x, slices.Clone(c.items[n/2:]))
		clear(c.items[n/2:])
		*c = newIDChunk(x, c.items[:n/2])
		l.chunks = slices.Insert(l.chunks, p.run+1, second)
	}
}

func newIDChunk(x *order, items []*item) idChunk {
	low := x.clientID(items[0])
	for _, it := range items[1:] {
		low = min(low, x.clientID(it))
	}
	return idChunk{items, low}
}

// lastBelow returns the last item before a place whose client id is below id.
func (l *sortedItems) lastBelow(p pos, id uint64, x *order) *item {
	for c := min(p.run, len(l.chunks)-1); c >= 0; c-- {
		items := l.chunks[c].items
		if c == p.run {
			items = items[:p.i]
		}
		x.doc.work++
		if l.chunks[c].low >= id {
			continue
		}
		x.doc.work += len(items)
		for _, s := range slices.Backward(items) {
			if x.clientID(s) < id {
				return s
			}
		}
	}
	return nil
}

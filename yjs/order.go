package yjs

import "slices"

// An order answers for one long list what a conflict scan would find, without
// passing all items: an update that was made to be slow can have every one of
// its structs scan all others. It exists until its transaction ends.
//
// The items of the list lie in chunks. Each chunk knows an item that is at or
// before the leftmost origin of its items, so that chunks in which everything
// descends from what was passed already are skipped. Origins do not cross:
// between an item and its origin there are only descendants of the origin.
type order struct {
	doc     *Doc
	key     listKey
	chunks  []*chunk
	at      []*chunk // by number; item.scan is the number plus one
	origins []*item  // by number: where the origin was found last
	groups  map[originKey]*siblings
}

type listKey struct {
	b   *branch
	sub uint32
}

type originKey struct{ client, clock uint32 }

type chunk struct {
	n     int // place in order.chunks
	items []*item
	low   *item // the one with the leftmost origin
	open  bool  // some item has no origin in the list
}

const chunkLen = 128

// orders are the orders of a transaction.
type orders map[listKey]*order

// of returns the order of the list that an item belongs into, if it has one.
func (o orders) of(it *item) *order {
	if o == nil {
		return nil
	}
	return o[listKey{it.parent, it.sub}]
}

// inserted tells the order of the list about an item that is linked by now.
func (o orders) inserted(it *item) {
	if x := o.of(it); x != nil {
		x.insert(it)
	}
}

// order makes an order of the list that an item is to be put into.
func (tx *Transaction) order(it *item) *order {
	d := tx.doc
	x := &order{doc: d, key: listKey{it.parent, it.sub}, groups: make(map[originKey]*siblings)}
	first := it.parent.start
	if it.sub != 0 {
		first = it.parent.attrs.first(it.sub)
	}
	for o := first; o != nil; o = o.right {
		n := len(x.chunks)
		if n == 0 || len(x.chunks[n-1].items) >= chunkLen*3/4 {
			x.chunks = append(x.chunks, &chunk{n: n})
			n++
		}
		c := x.chunks[n-1]
		c.items = append(c.items, o)
		x.number(o, c)
	}
	for _, c := range x.chunks {
		for _, o := range c.items {
			c.join(x, o)
		}
	}
	d.work += len(x.at)
	if d.orders == nil {
		d.orders = make(orders)
	}
	d.orders[x.key] = x
	return x
}

// dropOrders ends all orders. The numbers they left in items must not be
// taken for those of later scans.
func (d *Doc) dropOrders() {
	for _, x := range d.orders {
		d.scan = max(d.scan, uint32(len(x.at))+1)
	}
	d.orders = nil
}

func (x *order) number(it *item, c *chunk) {
	x.at = append(x.at, c)
	x.origins = append(x.origins, nil)
	it.scan = uint32(len(x.at))
}

// join takes the origin of an item into account that is in the chunk.
func (c *chunk) join(x *order, it *item) {
	switch o := x.originOf(it); {
	case o == nil:
		c.open = true
	case c.low == nil || x.less(o, x.originOf(c.low)):
		c.low = it
	}
}

// originOf returns the item with the origin, nil if that is not in the list.
// Where it was found last is still right unless that item has been cut.
func (x *order) originOf(it *item) *item {
	if it.oclient == 0 {
		return nil
	}
	o := x.origins[it.scan-1]
	if o == nil || it.oclock >= o.end() {
		o = x.doc.originOf(it)
		x.origins[it.scan-1] = o
	}
	if o.parent != x.key.b || o.sub != x.key.sub {
		return nil
	}
	return o
}

// less tells whether a is before b.
func (x *order) less(a, b *item) bool {
	ca, cb := x.at[a.scan-1], x.at[b.scan-1]
	if ca != cb {
		return ca.n < cb.n
	}
	for _, it := range ca.items {
		if it == b {
			return false
		}
		if it == a {
			return true
		}
	}
	return false
}

// insert takes in an item that has been linked behind its left neighbour.
func (x *order) insert(it *item) {
	var c *chunk
	i := 0
	if it.left != nil {
		c = x.at[it.left.scan-1]
		i = slices.Index(c.items, it.left) + 1
	} else if len(x.chunks) > 0 {
		c = x.chunks[0]
	} else {
		c = &chunk{}
		x.chunks = append(x.chunks, c)
	}
	c.items = slices.Insert(c.items, i, it)
	x.number(it, c)
	if c.join(x, it); len(c.items) > chunkLen {
		x.split(c)
	}
	if g := x.groups[originKey{it.oclient, it.oclock}]; g != nil {
		g.insert(x, it)
	}
}

func (x *order) split(c *chunk) {
	half := len(c.items) / 2
	second := &chunk{items: append(make([]*item, 0, chunkLen+1), c.items[half:]...)}
	clear(c.items[half:])
	c.items = c.items[:half]
	x.chunks = slices.Insert(x.chunks, c.n+1, second)
	for i, moved := range x.chunks[c.n+1:] {
		moved.n = c.n + 1 + i
	}
	for _, it := range second.items {
		x.at[it.scan-1] = second
	}
	c.low, c.open = nil, false
	for _, part := range []*chunk{c, second} {
		for _, it := range part.items {
			part.join(x, it)
		}
	}
}

// after returns the first item behind s that does not descend from it.
func (x *order) after(s *item) *item {
	c := x.at[s.scan-1]
	rest := c.items[slices.Index(c.items, s)+1:]
	for {
		x.doc.work += len(rest)
		for _, o := range rest {
			if origin := x.originOf(o); origin == nil || x.less(origin, s) {
				return o
			}
		}
		for {
			if c.n+1 == len(x.chunks) {
				return nil
			}
			c = x.chunks[c.n+1]
			x.doc.work++
			if c.open || c.low != nil && x.less(x.originOf(c.low), s) {
				break
			}
		}
		rest = c.items
	}
}

// resolve finds the left neighbour of an item, as resolveConflict does.
func (x *order) resolve(it *item) *item {
	left, first := it.left, x.key.b.start
	if it.sub != 0 {
		first = x.key.b.attrs.first(it.sub)
	}
	if left != nil {
		first = left.right
	}
	key := originKey{it.oclient, it.oclock}
	if g := x.groups[key]; g != nil {
		return g.resolve(x, it)
	}
	id := x.doc.clients[it.client].id
	n := 0
	for s := first; s != nil && s != it.right && s.oclient == it.oclient && s.oclock == it.oclock; {
		if n++; n > min(manySiblings, x.doc.longScan) {
			g := newSiblings(x, first, it)
			x.groups[key] = g
			return g.resolve(x, it)
		}
		passes := x.doc.clients[s.client].id < id
		if !passes && s.rclient == it.rclient && s.rclock == it.rclock {
			break
		}
		end := x.endOf(s, it.right)
		if passes {
			left = end
		}
		s = end.right
	}
	return left
}

// endOf returns the last descendant of s, or s, that is before stop.
func (x *order) endOf(s, stop *item) *item {
	next := x.after(s)
	if stop != nil && stop.scan > 0 && stop.parent == x.key.b && stop.sub == x.key.sub && x.less(s, stop) &&
		(next == nil || x.less(stop, next)) {
		next = stop
	}
	if next != nil {
		return next.left
	}
	last := x.chunks[len(x.chunks)-1].items
	return last[len(last)-1]
}

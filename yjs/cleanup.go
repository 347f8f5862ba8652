package yjs

import "slices"

// collectAndMerge ends a transaction inside of the store: what was deleted is
// collected, and structs that continue each other become one, in the places
// where Yjs looks for them.
func (tx *Transaction) collectAndMerge() {
	d := tx.doc
	d.dropOrders()
	if !d.keepGC {
		for _, r := range tx.dels {
			d.collectRange(r)
		}
	}
	// The last range first: what it joins with brings more beside the one before.
	for _, r := range slices.Backward(tx.dels) {
		c := d.clients[r.client]
		from, to := c.find(r.clock), c.find(r.clock+r.len-1)
		if p, ok := c.next(to); ok {
			to = p
		}
		d.mergeBetween(c, from, c.at(to).clock)
	}
	for _, t := range tx.touched {
		// Without deletes only structs that could be joined when they came can be
		// joined now. Not so sure if observers began transactions meanwhile.
		mayJoin := t.c.joins == tx.id || len(tx.dels) > 0 || len(d.queue) > 1
		if mayJoin && t.before != t.c.state {
			p := t.c.find(t.before)
			d.mergeBetween(t.c, p, t.c.state-1)
		}
	}
	for i := len(tx.merge) - 1; i >= 0; i-- {
		c := d.clients[tx.merge[i].client]
		p := c.find(tx.merge[i].clock)
		if next, ok := c.next(p); ok {
			if d.mergeLeft(c, next) > 1 {
				continue
			}
			p = c.find(tx.merge[i].clock)
		}
		d.mergeLeft(c, p)
	}
}

func (d *Doc) collectRange(r deleted) {
	c := d.clients[r.client]
	end := r.clock + r.len
	for p, ok := c.find(r.clock), true; ok; p, ok = c.next(p) {
		it := c.at(p)
		if it.clock >= end {
			return
		}
		if it.deleted {
			d.collect(it)
		}
	}
}

// mergeLeft merges the struct at p into its left neighbour, that one into its
// own, and so on, and returns how many were merged.
func (d *Doc) mergeLeft(c *client, p pos) int {
	first, n := p, 0
	for {
		q, ok := c.prev(first)
		if !ok || !canMerge(c.at(q), c.at(first)) {
			break
		}
		first = q
		n++
	}
	if n > 0 {
		left := c.at(first)
		for q, i := first, 0; i < n; i++ {
			q, _ = c.next(q)
			d.merge(left, c.at(q))
		}
		c.removeAfter(first, n)
	}
	return n
}

// mergeBetween tries to merge every struct from p to the one that holds the
// clock last into its left neighbour. If the first one goes, its neighbour is
// tried too.
func (d *Doc) mergeBetween(c *client, p pos, last uint32) {
	if q, ok := c.prev(p); ok {
		before := c.at(q)
		if canMerge(before, c.at(p)) {
			clock := before.clock
			d.mergeLeft(c, p)
			p = c.find(clock)
		}
	}
	for {
		left := c.at(p)
		q, n := p, 0
		for {
			next, ok := c.next(q)
			if !ok || c.at(next).clock > last || !canMerge(left, c.at(next)) {
				break
			}
			d.merge(left, c.at(next))
			q = next
			n++
		}
		if n > 0 {
			c.removeAfter(p, n)
		}
		next, ok := c.next(p)
		if !ok || c.at(next).clock > last {
			return
		}
		p = next
	}
}

// merge appends right to left and gives it back. The store still holds right.
func (d *Doc) merge(left, right *item) {
	left.len += right.len
	d.items--
	if !left.isGC() {
		if len(right.data) > 0 {
			left.data = append(left.data, right.data...)
		}
		if left.kind == kindAny || left.kind == kindJSON {
			left.aux = nil
		}
		b := left.parent
		b.mergeMarkers(left, right, left.len-right.len)
		if left.right = right.right; left.right != nil {
			left.right.left = left
		}
		if right.sub != 0 && b.attrs.get(right.sub) == right {
			b.attrs.set(right.sub, left)
		}
	}
	d.slabs.put(right)
}

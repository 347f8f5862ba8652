package yjs

// A conflict scan that has passed longScan items gives up and lets an order look
// for the place, once the scans of the transaction have passed scanPasses times
// as many items as the document has: about what it takes to make an order. So a
// single item never takes more than a scan, and documents that people write stay
// far below either.
const (
	longScan   = 400
	scanPasses = 16
)

// resolveConflict finds the left neighbour of an item among items that were
// inserted at the same place: the conflict rule of Yjs. Items that the scan
// has passed carry a number of at least base; those passed since the left
// neighbour was last moved carry the current one.
func (tx *Transaction) resolveConflict(it *item) *item {
	d := tx.doc
	if x := d.orders.of(it); x != nil {
		return x.resolve(it)
	}
	left := it.left
	var o *item
	if left != nil {
		o = left.right
	} else if it.sub != 0 {
		o = it.parent.attrs.first(it.sub)
	} else {
		o = it.parent.start
	}
	if d.scan > 1<<32-1<<24 {
		d.resetScans()
	}
	d.scan++
	base, cur := d.scan, d.scan
	id := d.clients[it.client].id
	steps := 0
	for ; o != nil && o != it.right; o = o.right {
		if steps++; steps > d.longScan && tx.passed+steps > d.scanPasses*d.items {
			tx.passed += steps
			d.work += steps
			return tx.order(it).resolve(it)
		}
		o.scan = cur
		if o.oclient == it.oclient && o.oclock == it.oclock {
			if oid := d.clients[o.client].id; oid < id {
				left = o
				cur++
			} else if o.rclient == it.rclient && o.rclock == it.rclock {
				break
			}
		} else if o.oclient != 0 {
			origin := d.originOf(o)
			if origin.scan < base {
				break
			}
			if origin.scan != cur {
				left = o
				cur++
			}
		} else {
			break
		}
	}
	d.scan = cur
	tx.passed += steps
	d.work += steps
	return left
}

// originOf returns the struct that holds the origin of o.
func (d *Doc) originOf(o *item) *item {
	if l := o.left; l != nil && l.client == o.oclient && o.oclock >= l.clock && o.oclock < l.end() {
		return l
	}
	return d.clients[o.oclient].get(o.oclock)
}

func (d *Doc) resetScans() {
	for _, c := range d.clients[1:] {
		for _, r := range c.runs {
			for _, it := range r.items {
				it.scan = 0
			}
		}
	}
	d.scan = 0
}

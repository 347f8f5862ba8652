package yjs

// refs are the clients that a struct refers to. They are known once nothing
// is missing; only its own client may be nil, if this is its first struct.
type refs struct {
	own, origin, right, parent *client
}

// resolve finds the neighbours and the parent of a struct whose references
// are all there. A nil parent means that the struct is to be collected: what
// it belonged to is gone.
func (tx *Transaction) resolve(b *block, r *refs) (left, right *item, parent *branch, sub uint32) {
	if b.hasOrigin() {
		left = tx.cleanEnd(r.origin, uint32(b.origin.Clock))
	}
	if b.hasRight() {
		clock := uint32(b.right.Clock)
		if left != nil && left.right != nil && left.right.clock == clock && left.right.client == r.right.idx {
			right = left.right // the usual case, without a search
		} else {
			right = tx.cleanStart(r.right, clock)
		}
	}
	switch {
	case left != nil && left.isGC() || right != nil && right.isGC():
	case left != nil:
		parent, sub = left.parent, left.sub
	case right != nil:
		parent, sub = right.parent, right.sub
	case b.hasPID:
		parent = r.parent.get(uint32(b.parent.Clock)).typ
	default:
		parent = tx.doc.root(b.rootName)
	}
	if parent != nil && b.info&infoSub != 0 {
		sub = tx.doc.keyOf(b.sub)
	}
	return left, right, parent, sub
}

// integrate makes a struct part of the document, without the clocks that are
// there already. All it refers to must be there. It cannot fail.
func (tx *Transaction) integrate(b *block, r *refs) {
	d := tx.doc
	var left, right *item
	var parent *branch
	var sub uint32
	if b.kind() != kindGC {
		left, right, parent, sub = tx.resolve(b, r)
	}
	c := r.own
	if c == nil {
		c = d.clientOf(b.id.Client)
	}
	if uint64(c.state) >= b.end() {
		return // known; what resolve has cut is joined again at the end
	}
	if offset := uint64(c.state) - b.id.Clock; offset > 0 {
		b.slice(offset)
		if b.kind() != kindGC {
			switch left = tx.cleanEnd(c, c.state-1); {
			case left.isGC():
				parent = nil
			case parent != nil: // the same, unless the client has used its clocks twice
				parent, sub = left.parent, left.sub
			}
			r.origin = c
		}
	}
	it := d.slabs.get()
	it.client, it.clock, it.len = c.idx, c.state, uint32(b.len)
	if parent == nil {
		it.kind, it.deleted = kindGC, true
		tx.add(c, it)
		return
	}
	it.kind = b.kind()
	it.parent, it.sub = parent, sub
	if b.hasOrigin() {
		it.oclient, it.oclock = r.origin.idx, uint32(b.origin.Clock)
	}
	if b.hasRight() {
		it.rclient, it.rclock = r.right.idx, uint32(b.right.Clock)
	}
	tx.fill(it, b)
	it.left, it.right = left, right
	tx.place(c, it)
}

// fill copies the content of a struct out of the update.
func (tx *Transaction) fill(it *item, b *block) {
	d := tx.doc
	switch it.kind {
	case kindFormat:
		it.aux = d.mark(b.key, b.data)
		d.raw = d.raw || b.isRaw()
	case kindType:
		it.typ = d.slabs.branch()
		it.typ.doc, it.typ.item, it.typ.kind = d, it, b.typeRef
		if b.data != nil {
			it.typ.name = d.intern(b.data)
		}
	case kindDoc:
		it.aux = &aux{doc: newSubdoc(d, string(b.data), b.key)}
	default:
		it.data = d.arena.copy(b.data)
		d.raw = d.raw || (it.kind == kindEmbed || it.kind == kindJSON) && b.isRaw()
		d.textBytes += len(it.data)
	}
}

// intern returns a string for a name that comes up often.
func (d *Doc) intern(name []byte) string { return d.keys[d.keyOf(name)] }

// add appends a struct to the store.
func (tx *Transaction) add(c *client, it *item) {
	tx.touch(c)
	tx.doc.items++
	if n := len(c.runs); n > 0 && c.joins != tx.id {
		if last := c.runs[n-1].items; canMerge(last[len(last)-1], it) {
			c.joins = tx.id
		}
	}
	c.add(it)
}

// place puts an item, whose content, parent, origins and neighbours at the
// time of writing are set, into the list of its parent and into the store.
func (tx *Transaction) place(c *client, it *item) {
	parent := it.parent
	if it.left == nil && (it.right == nil || it.right.left != nil) || it.left != nil && it.left.right != it.right {
		it.left = tx.resolveConflict(it)
	}
	if it.left != nil {
		it.right = it.left.right
		it.left.right = it
	} else if it.sub != 0 {
		it.right = parent.attrs.first(it.sub)
		parent.attrs.setFirst(it.sub, it)
	} else {
		it.right = parent.start
		parent.start = it
	}
	if it.right != nil {
		it.right.left = it
	} else if it.sub != 0 {
		parent.attrs.set(it.sub, it)
		if it.left != nil { // the value until now
			tx.delete(it.left)
		}
	}
	if tx.doc.orders != nil {
		tx.doc.orders.inserted(it)
	}
	if it.sub == 0 {
		parent.disturb(tx)
		if it.visible() {
			parent.length += it.len
		}
	}
	tx.add(c, it)
	switch it.kind {
	case kindDeleted:
		tx.addDelete(it.client, it.clock, it.len)
		it.deleted = true
	case kindFormat:
		parent.formatted = true
	case kindDoc:
		tx.addSubdoc(it.aux.doc)
	}
	tx.change(parent, it.sub)
	if parent.isDeleted() || it.sub != 0 && it.right != nil {
		tx.delete(it)
	}
}

package yjs

// delete marks an item deleted, and everything inside of the type that it may
// hold. Nesting takes no stack.
func (tx *Transaction) delete(it *item) {
	if it.deleted {
		return
	}
	tx.markDeleted(it)
	if it.kind == kindType {
		tx.deleteChildren(it.typ)
	}
}

func (tx *Transaction) markDeleted(it *item) {
	if it.sub == 0 {
		if it.parent.disturb(tx); it.parent.marks != nil {
			it.parent.dropMarkers(it)
		}
		if it.countable() {
			it.parent.length -= it.len
		}
	}
	it.deleted = true
	tx.addDelete(it.client, it.clock, it.len)
	tx.change(it.parent, it.sub)
	if it.kind == kindDoc {
		tx.removeSubdoc(it.aux.doc)
	}
}

// level is a type whose content is being deleted: first its list, then its
// keys.
type level struct {
	b    *branch
	it   *item
	attr int
}

func (tx *Transaction) deleteChildren(b *branch) {
	stack := []level{{b: b, it: b.start}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		it := top.it
		switch {
		case it != nil:
			top.it = it.right
		case top.attr < len(top.b.attrs.list):
			it = top.b.attrs.list[top.attr].item
			top.attr++
		default:
			tx.unchange(top.b)
			stack = stack[:len(stack)-1]
			continue
		}
		if !it.deleted {
			tx.markDeleted(it)
			if it.kind == kindType {
				stack = append(stack, level{b: it.typ, it: it.typ.start})
			}
		} else if !tx.isNew(it) {
			// It will be collected with its parent and may then be joined
			// with others; nothing else of this transaction tells so.
			tx.merge = append(tx.merge, structID{it.client, it.clock})
		}
	}
}

// collect drops the content of a deleted item. What is inside of a type that
// it holds leaves nothing but its length.
func (d *Doc) collect(it *item) {
	if it.isGC() || it.kind == kindDeleted {
		return
	}
	if it.kind == kindType {
		d.collectChildren(it.typ)
	}
	d.textBytes -= len(it.data)
	it.kind, it.typ, it.aux, it.data = kindDeleted, nil, nil, nil
}

func (d *Doc) collectChildren(b *branch) {
	todo := []*branch{b}
	for len(todo) > 0 {
		b := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		erase := func(it *item) {
			if it.typ != nil {
				todo = append(todo, it.typ)
			}
			d.textBytes -= len(it.data)
			*it = item{client: it.client, clock: it.clock, len: it.len, kind: kindGC, deleted: true}
		}
		for it := b.start; it != nil; {
			next := it.right
			erase(it)
			it = next
		}
		for _, a := range b.attrs.list {
			for it := a.item; it != nil; {
				next := it.left
				erase(it)
				it = next
			}
		}
		b.start, b.attrs, b.marks, b.length = nil, attrs{}, nil, 0
		b.item = &d.tomb
	}
}

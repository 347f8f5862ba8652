package yjs

import "fmt"

// seek returns an item that begins before position index and the position of
// its first clock, from which the caller goes on to the right; or the start of
// the list.
func (b *branch) seek(index uint32) (it *item, at uint32) {
	m := b.near(index)
	if m == nil || distance(m.index, index) > index {
		return b.start, 0
	}
	it, at = m.it, m.index
	for at >= index && it.left != nil {
		it = it.left
		if it.visible() {
			at -= it.len
		}
	}
	if at >= index {
		return b.start, 0
	}
	return it, at
}

// find returns the visible item that holds position index, which must be less
// than b.length, and the position of its first clock.
func (b *branch) find(index uint32) (it *item, at uint32) {
	for it, at = b.seek(index); it != nil; it = it.right {
		if it.visible() {
			if index < at+it.len {
				b.setMarker(it, at)
				return it, at
			}
			at += it.len
		}
	}
	return nil, at
}

// leftOf returns the item behind which position index begins, cutting one if
// need be, and the position of its first clock.
func (b *branch) leftOf(tx *Transaction, index uint32) (it *item, at uint32) {
	if index == 0 {
		return nil, 0
	}
	for it, at = b.seek(index); it != nil; it = it.right {
		if it.visible() {
			if index <= at+it.len {
				if index < at+it.len {
					tx.cleanStart(b.doc.clients[it.client], it.clock+index-at)
				}
				return it, at
			}
			at += it.len
		}
	}
	return nil, at
}

// insert puts contents into the list so that the first is at position index.
func (b *branch) insert(tx *Transaction, index int, cs []content) (*item, error) {
	if err := b.writable(tx); err != nil {
		return nil, err
	}
	if index < 0 || index > int(b.length) {
		return nil, fmt.Errorf("%w: insert at %d of %d", ErrRange, index, b.length)
	}
	left, _ := b.leftOf(tx, uint32(index))
	right := b.start
	if left != nil {
		right = left.right
	}
	if len(cs) == 0 {
		return left, nil
	}
	tx.writing = b
	before := b.length
	for _, c := range cs {
		left = tx.write(b, 0, left, right, c)
	}
	tx.writing = nil
	b.moveMarkers(uint32(index), int(b.length-before))
	b.setMarker(left, uint32(index)+b.length-before-left.len)
	return left, nil
}

// delete deletes n positions from index on.
func (b *branch) delete(tx *Transaction, index, n int) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if index < 0 || n < 0 || index > int(b.length)-n {
		return fmt.Errorf("%w: delete %d at %d of %d", ErrRange, n, index, b.length)
	}
	if n == 0 {
		return nil
	}
	left, at := b.leftOf(tx, uint32(index))
	tx.writing = b
	it := b.start
	if left != nil {
		it = left.right
	}
	for rest := uint32(n); rest > 0 && it != nil; it = it.right {
		if !it.visible() {
			continue
		}
		if rest < it.len {
			tx.cleanStart(b.doc.clients[it.client], it.clock+rest)
		}
		rest -= it.len
		tx.delete(it)
	}
	tx.writing = nil
	b.moveMarkers(uint32(index+n), -n)
	if left != nil {
		b.setMarker(left, at)
	}
	return nil
}

// values returns everything visible in the list, as Go values.
func (b *branch) values() []any {
	out := make([]any, 0, b.length)
	for it := b.start; it != nil; it = it.right {
		if it.visible() {
			for n := range it.len {
				out = append(out, b.doc.value(it, n))
			}
		}
	}
	return out
}

// nodes returns the types in the list.
func (b *branch) nodes() []Node {
	out := make([]Node, 0, b.length)
	for it := b.start; it != nil; it = it.right {
		if it.kind == kindType && !it.deleted {
			out = append(out, it.typ.node())
		}
	}
	return out
}

// at returns what is at a position of the list.
func (b *branch) at(index int) (any, bool) {
	if index < 0 || index >= int(b.length) {
		return nil, false
	}
	it, at := b.find(uint32(index))
	if it == nil {
		return nil, false
	}
	return b.doc.value(it, uint32(index)-at), true
}

package yjs

// A marker remembers at which position an item of a list begins, so that a
// position is found from the nearest one. The item is visible.
type marker struct {
	it    *item
	index uint32
}

// markers are the markers of a list. Local writes move them; any other change
// of the list drops them.
type markers struct {
	list []marker
	next int // to replace
}

const maxMarkers = 32

// disturb drops the markers, unless the list is being written to, in which
// case the writer moves them.
func (b *branch) disturb(tx *Transaction) {
	if b.marks != nil && tx.writing != b {
		b.marks.list = b.marks.list[:0]
	}
}

// near returns the marker that is nearest to a position.
func (b *branch) near(index uint32) *marker {
	if b.marks == nil {
		return nil
	}
	var best *marker
	for i := range b.marks.list {
		if m := &b.marks.list[i]; best == nil || distance(m.index, index) < distance(best.index, index) {
			best = m
		}
	}
	return best
}

func distance(a, b uint32) uint32 { return max(a, b) - min(a, b) }

// setMarker notes where an item begins.
func (b *branch) setMarker(it *item, index uint32) {
	if b.marks == nil {
		b.marks = &markers{}
	}
	m := b.marks
	if n := b.near(index); n != nil && distance(n.index, index) <= b.length/(2*maxMarkers) {
		*n = marker{it, index}
	} else if len(m.list) < maxMarkers {
		m.list = append(m.list, marker{it, index})
	} else {
		m.list[m.next] = marker{it, index}
		m.next = (m.next + 1) % maxMarkers
	}
}

// moveMarkers moves the markers from position index on.
func (b *branch) moveMarkers(index uint32, by int) {
	if b.marks == nil {
		return
	}
	for i := range b.marks.list {
		if m := &b.marks.list[i]; m.index >= index {
			m.index += uint32(by)
		}
	}
}

// dropMarkers drops the markers at an item.
func (b *branch) dropMarkers(it *item) {
	for i := 0; i < len(b.marks.list); i++ {
		if b.marks.list[i].it == it {
			last := len(b.marks.list) - 1
			b.marks.list[i] = b.marks.list[last]
			b.marks.list = b.marks.list[:last]
			i--
		}
	}
}

// mergeMarkers moves the markers at right to left, which it is being joined
// to and which is before clocks long.
func (b *branch) mergeMarkers(left, right *item, before uint32) {
	if b.marks == nil {
		return
	}
	for i := range b.marks.list {
		if m := &b.marks.list[i]; m.it == right {
			m.it = left
			m.index -= before
		}
	}
}

package yjs

// deltaBuilder collects the steps of a text event. At any time it is in the
// middle of one kind of step.
type deltaBuilder struct {
	ops     []DeltaOp
	str     []byte // insert
	retain  int
	deleted int
	cur     marks // in force now
	old     marks // in force here before the transaction
	change  marks // what a retain changes
}

func (b *deltaBuilder) flush() {
	switch {
	case len(b.str) > 0:
		b.ops = append(b.ops, DeltaOp{Insert: string(b.str), Attributes: b.cur.values()})
		b.str = b.str[:0]
	case b.retain > 0:
		b.ops = append(b.ops, DeltaOp{Retain: b.retain, Attributes: b.change.values()})
		b.retain = 0
	case b.deleted > 0:
		b.ops = append(b.ops, DeltaOp{Delete: b.deleted})
		b.deleted = 0
	}
}

func (b *deltaBuilder) flushUnless(same bool) {
	if !same {
		b.flush()
	}
}

// textDelta computes the delta of a text. Yjs deletes redundant marks while
// it does so; here reading changes nothing.
func (e *Event) textDelta() []DeltaOp {
	var b deltaBuilder
	for it := e.target.start; it != nil; it = it.right {
		isNew, gone := e.tx.isNew(it), e.tx.deletes(it)
		switch it.kind {
		case kindType, kindEmbed, kindString:
			switch {
			case isNew && gone || !isNew && !gone && it.deleted:
			case isNew && it.kind == kindString:
				b.flushUnless(len(b.str) > 0)
				b.str = append(b.str, it.data...)
			case isNew:
				b.flush()
				b.ops = append(b.ops, DeltaOp{Insert: e.target.doc.value(it, 0), Attributes: b.cur.values()})
			case gone:
				b.flushUnless(b.deleted > 0)
				b.deleted += int(it.len)
			default:
				b.flushUnless(b.retain > 0)
				b.retain += int(it.len)
			}
		case kindFormat:
			b.format(it, isNew, gone)
		}
	}
	b.flush()
	for n := len(b.ops); n > 0 && b.ops[n-1].Retain > 0 && b.ops[n-1].Attributes == nil; n-- {
		b.ops = b.ops[:n-1]
	}
	return b.ops
}

func (b *deltaBuilder) format(it *item, isNew, gone bool) {
	key, value := it.aux.key, it.aux.value
	switch {
	case isNew && !gone:
		if !sameValue(b.cur.get(key), value) {
			b.flushUnless(b.retain == 0)
			if sameValue(value, b.old.get(key)) {
				b.change.remove(key)
			} else {
				b.change.set(key, value)
			}
		}
	case isNew:
	case gone:
		b.old.set(key, value)
		if now := b.cur.get(key); !sameValue(now, value) {
			b.flushUnless(b.retain == 0)
			b.change.set(key, now)
		}
	case !it.deleted:
		b.old.set(key, value)
		if i := b.change.find(key); i >= 0 && !sameValue(b.change[i].value, value) {
			b.flushUnless(b.retain == 0)
			if value == none {
				b.change.remove(key)
			} else {
				b.change.set(key, value)
			}
		}
	}
	if !it.deleted {
		b.flushUnless(len(b.str) == 0)
		b.cur.apply(it.aux)
	}
}

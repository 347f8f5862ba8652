package yjs

import "slices"

// An Event tells what a transaction did to one type. It is valid in the
// callback that gets it, because deleted content is collected afterwards.
type Event struct {
	tx      *Transaction
	target  *branch
	current *branch
	subs    []uint32
}

// Target is the type that changed.
func (e *Event) Target() Node { return e.target.node() }

// CurrentTarget is the type that is being observed.
func (e *Event) CurrentTarget() Node { return e.current.node() }

// Transaction is what made the change.
func (e *Event) Transaction() *Transaction { return e.tx }

// ListChanged tells whether children were inserted or deleted.
func (e *Event) ListChanged() bool { return slices.Contains(e.subs, 0) }

// Path leads from the observed type to the one that changed: keys (string)
// and positions (int).
func (e *Event) Path() []any {
	var path []any
	for b := e.target; b.item != nil && b != e.current; b = b.item.parent {
		if b.item.sub != 0 {
			path = append(path, b.doc.keys[b.item.sub])
			continue
		}
		i := 0
		for it := b.item.parent.start; it != b.item && it != nil; it = it.right {
			if it.visible() {
				i += int(it.len)
			}
		}
		path = append(path, i)
	}
	slices.Reverse(path)
	return path
}

// An Action is what happened to a key.
type Action string

// What can happen to a key.
const (
	ActionAdd    Action = "add"
	ActionUpdate Action = "update"
	ActionDelete Action = "delete"
)

// A KeyChange tells what happened to a key. OldValue is what it had before,
// if it had something.
type KeyChange struct {
	Key      string
	Action   Action
	OldValue any
}

// Keys returns what happened to keys. A key that has after the transaction
// what it had before it, or that came and went, is left out.
func (e *Event) Keys() []KeyChange {
	var out []KeyChange
	for _, sub := range e.subs {
		it := e.target.attrs.get(sub)
		if sub == 0 || it == nil {
			continue
		}
		change := KeyChange{Key: e.target.doc.keys[sub]}
		last := it // with the old value
		if e.tx.isNew(it) {
			for last = it.left; last != nil && e.tx.isNew(last); {
				last = last.left
			}
			had := last != nil && e.tx.deletes(last)
			switch gone := e.tx.deletes(it); {
			case gone && had:
				change.Action = ActionDelete
			case gone:
				continue
			case had:
				change.Action = ActionUpdate
			default:
				change.Action, last = ActionAdd, nil
			}
		} else if e.tx.deletes(it) {
			change.Action = ActionDelete
		} else {
			continue
		}
		if last != nil {
			change.OldValue = e.target.doc.value(last, last.len-1)
		}
		out = append(out, change)
	}
	return out
}

// Delta returns what happened to the list. In a text, inserts are strings and
// embeds with their marks; elsewhere each insert is a []any of what was
// inserted side by side.
func (e *Event) Delta() []DeltaOp {
	if e.target.kind == typeText || e.target.kind == typeXMLText {
		return e.textDelta()
	}
	if !e.ListChanged() {
		return nil
	}
	var ops []DeltaOp
	last := func() *DeltaOp {
		if len(ops) == 0 {
			ops = append(ops, DeltaOp{})
		}
		return &ops[len(ops)-1]
	}
	next := func(same bool) *DeltaOp {
		if len(ops) > 0 && !same {
			ops = append(ops, DeltaOp{})
		}
		return last()
	}
	for it := e.target.start; it != nil; it = it.right {
		isNew := e.tx.isNew(it)
		switch {
		case it.deleted:
			if !isNew && e.tx.deletes(it) {
				next(len(ops) > 0 && last().Delete > 0).Delete += int(it.len)
			}
		case isNew:
			op := next(len(ops) > 0 && last().Insert != nil)
			list, _ := op.Insert.([]any)
			if it.countable() {
				for n := range it.len {
					list = append(list, e.target.doc.value(it, n))
				}
			}
			op.Insert = list
		default:
			next(len(ops) > 0 && last().Retain > 0).Retain += int(it.len)
		}
	}
	if n := len(ops); n > 0 && ops[n-1].Retain > 0 {
		ops = ops[:n-1]
	}
	return ops
}

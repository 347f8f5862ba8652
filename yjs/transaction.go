package yjs

import (
	"cmp"
	"slices"
)

// A Transaction groups changes. It is valid while the function it was passed
// to runs, and in the callbacks that tell of it; writes belong into the
// former.
type Transaction struct {
	doc    *Doc
	id     uint64
	origin any
	local  bool
	open   bool // writes may go on
	done   bool // after cleanup

	touched []touched     // clients that got new structs
	dels    []deleted     // what was deleted; sorted and joined at cleanup
	merge   []structID    // structs to try to merge at cleanup
	changed []changedType // types that changed, in order

	passed  int     // items that conflict scans have passed
	writing *branch // list that a local write is changing, see marker.go

	cleanFormats bool // remote changes met marks, see Options.CleanFormatting

	added, removed, loaded []*Subdoc
}

type touched struct {
	c             *client
	before, after uint32
}

type deleted struct {
	client     uint32
	clock, len uint32
}

type structID struct {
	client, clock uint32
}

type changedType struct {
	b     *branch // nil: has been deleted since
	first uint32  // key; 0 is the list
	more  *keySet // further keys
}

// A keySet is a list of keys without duplicates.
type keySet struct {
	list []uint32
	seen map[uint32]struct{} // of list, once it is long
}

func (e *changedType) add(sub uint32) {
	if sub == e.first {
		return
	}
	if e.more == nil {
		e.more = &keySet{}
	}
	e.more.add(sub)
}

func (s *keySet) add(sub uint32) {
	const few = 16
	if s.seen == nil {
		if slices.Contains(s.list, sub) {
			return
		}
		if len(s.list) == few {
			s.seen = make(map[uint32]struct{}, 2*few)
			for _, k := range s.list {
				s.seen[k] = struct{}{}
			}
		}
	} else if _, ok := s.seen[sub]; ok {
		return
	}
	if s.list = append(s.list, sub); s.seen != nil {
		s.seen[sub] = struct{}{}
	}
}

// subs returns the keys in the order in which they changed.
func (e *changedType) subs() []uint32 {
	if e.more == nil {
		return []uint32{e.first}
	}
	return append([]uint32{e.first}, e.more.list...)
}

// Origin is what the transaction was begun with.
func (tx *Transaction) Origin() any { return tx.origin }

// Local tells whether the transaction writes rather than applies updates.
func (tx *Transaction) Local() bool { return tx.local }

// Doc is the document.
func (tx *Transaction) Doc() *Doc { return tx.doc }

// touch notes that a client is about to get new structs. While observers of
// one transaction run, others may begin; each must keep the state from before
// its own beginning.
func (tx *Transaction) touch(c *client) {
	if c.stamp == tx.id {
		return
	}
	for _, t := range tx.doc.queue {
		if t != tx && !t.knows(c) {
			t.touched = append(t.touched, touched{c, c.state, c.state})
		}
	}
	if len(tx.doc.queue) <= 1 || !tx.knows(c) {
		tx.touched = append(tx.touched, touched{c, c.state, c.state})
		c.before = c.state
	} else {
		c.before = tx.before(c)
	}
	c.stamp = tx.id
}

func (tx *Transaction) knows(c *client) bool {
	return slices.ContainsFunc(tx.touched, func(t touched) bool { return t.c == c })
}

// before is the state of a client before the transaction.
func (tx *Transaction) before(c *client) uint32 {
	if c.stamp == tx.id {
		return c.before
	}
	if len(tx.doc.queue) > 1 {
		for _, t := range tx.touched {
			if t.c == c {
				return t.before
			}
		}
	}
	return c.state
}

// isNew tells whether the transaction added the struct.
func (tx *Transaction) isNew(it *item) bool {
	return it.clock >= tx.before(tx.doc.clients[it.client])
}

// addDelete notes a deleted range. Ranges often follow each other.
func (tx *Transaction) addDelete(client, clock, n uint32) {
	if k := len(tx.dels) - 1; k >= 0 && tx.dels[k].client == client && tx.dels[k].clock+tx.dels[k].len == clock {
		tx.dels[k].len += n
		return
	}
	tx.dels = append(tx.dels, deleted{client, clock, n})
}

// sortDeletes sorts what was deleted, higher client ids first, and joins
// ranges that touch.
func (tx *Transaction) sortDeletes() {
	if len(tx.dels) < 2 {
		return
	}
	clients := tx.doc.clients
	slices.SortFunc(tx.dels, func(a, b deleted) int {
		if a.client != b.client {
			return cmp.Compare(clients[b.client].id, clients[a.client].id)
		}
		return cmp.Compare(a.clock, b.clock)
	})
	out := tx.dels[:1]
	for _, r := range tx.dels[1:] {
		last := &out[len(out)-1]
		if last.client == r.client && last.clock+last.len >= r.clock {
			last.len = max(last.len, r.clock+r.len-last.clock)
		} else {
			out = append(out, r)
		}
	}
	tx.dels = out
}

// deletes tells whether the transaction deleted the struct. The ranges must
// be sorted.
func (tx *Transaction) deletes(it *item) bool {
	id := tx.doc.clients[it.client].id
	i, found := slices.BinarySearchFunc(tx.dels, it, func(r deleted, it *item) int {
		if r.client != it.client {
			return cmp.Compare(id, tx.doc.clients[r.client].id)
		}
		return cmp.Compare(r.clock, it.clock)
	})
	if found {
		return true
	}
	return i > 0 && tx.dels[i-1].client == it.client && it.clock < tx.dels[i-1].clock+tx.dels[i-1].len
}

// change notes that a type changed, in its list (sub 0) or under a key. New
// types and deleted ones do not count.
func (tx *Transaction) change(b *branch, sub uint32) {
	if it := b.item; it != nil && (it.deleted || tx.isNew(it)) {
		return
	}
	var e *changedType
	if b.stamp == tx.id {
		e = &tx.changed[b.changed]
	} else if e = tx.findChanged(b); e == nil {
		tx.changed = append(tx.changed, changedType{b: b, first: sub})
		b.stamp, b.changed = tx.id, int32(len(tx.changed)-1)
		return
	}
	e.add(sub)
}

// findChanged looks for a type whose stamp another transaction has taken.
func (tx *Transaction) findChanged(b *branch) *changedType {
	if len(tx.doc.queue) <= 1 {
		return nil
	}
	for i := range tx.changed {
		if tx.changed[i].b == b {
			return &tx.changed[i]
		}
	}
	return nil
}

// unchange takes a type back that has been deleted.
func (tx *Transaction) unchange(b *branch) {
	if b.stamp == tx.id {
		tx.changed[b.changed].b = nil
		b.stamp = 0
	} else if e := tx.findChanged(b); e != nil {
		e.b = nil
	}
}

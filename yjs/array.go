package yjs

import (
	"iter"
	"slices"
)

// An Array is a list of values.
type Array branch

var _ Node = (*Array)(nil)

func (a *Array) base() *branch { return (*branch)(a) }

// ID is as in Node.
func (a *Array) ID() (ID, bool) { return a.base().id() }

// Deleted is as in Node.
func (a *Array) Deleted() bool { return a.base().isDeleted() }

// Parent is as in Node.
func (a *Array) Parent() Node { return a.base().parentNode() }

// Len is the number of values.
func (a *Array) Len() int { return int(a.length) }

// Get returns a value: a Go value as in lib0, a Node or a *Subdoc.
func (a *Array) Get(i int) (any, bool) { return a.base().at(i) }

// All goes through the values that are there when it begins.
func (a *Array) All() iter.Seq2[int, any] { return slices.All(a.base().values()) }

// Insert inserts values, the first of them at position i.
func (a *Array) Insert(tx *Transaction, i int, values ...any) error {
	var cs []content
	for _, v := range values {
		c, err := contentOf(v)
		if err != nil {
			return err
		}
		if n := len(cs); n > 0 && c.kind == kindAny && cs[n-1].kind == kindAny {
			cs[n-1].data = append(cs[n-1].data, c.data...)
			cs[n-1].n++
		} else {
			cs = append(cs, c)
		}
	}
	_, err := a.base().insert(tx, i, cs)
	return err
}

// InsertType inserts a new, empty type at position i and returns it.
func (a *Array) InsertType(tx *Transaction, i int, kind Kind, name string) (Node, error) {
	t, err := a.base().insertType(tx, i, kind, name)
	if err != nil {
		return nil, err
	}
	return t.node(), nil
}

// Delete deletes n values from i on.
func (a *Array) Delete(tx *Transaction, i, n int) error { return a.base().delete(tx, i, n) }

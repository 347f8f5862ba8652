package yjs

import "iter"

// A Map holds values by key.
type Map branch

var _ Node = (*Map)(nil)

func (m *Map) base() *branch { return (*branch)(m) }

// ID is as in Node.
func (m *Map) ID() (ID, bool) { return m.base().id() }

// Deleted is as in Node.
func (m *Map) Deleted() bool { return m.base().isDeleted() }

// Parent is as in Node.
func (m *Map) Parent() Node { return m.base().parentNode() }

// Len is the number of keys.
func (m *Map) Len() int {
	n := 0
	for _, a := range m.attrs.list {
		if !a.item.deleted {
			n++
		}
	}
	return n
}

// Get returns the value of a key: a Go value as in lib0, a Node or a *Subdoc.
func (m *Map) Get(key string) (any, bool) { return m.base().attribute(key) }

// All goes through keys and values in the order in which keys came up.
func (m *Map) All() iter.Seq2[string, any] { return m.base().attributes() }

// Set stores a value.
func (m *Map) Set(tx *Transaction, key string, v any) error { return m.base().setValue(tx, key, v) }

// SetType stores a new, empty type and returns it.
func (m *Map) SetType(tx *Transaction, key string, kind Kind, name string) (Node, error) {
	c, err := m.doc.typeContent(kind, name)
	if err != nil {
		return nil, err
	}
	it, err := m.base().setAttribute(tx, key, c)
	if err != nil {
		return nil, err
	}
	return it.typ.node(), nil
}

// Remove removes a key, if it is there.
func (m *Map) Remove(tx *Transaction, key string) error { return m.base().removeAttribute(tx, key) }

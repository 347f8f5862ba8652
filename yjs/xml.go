package yjs

import (
	"iter"
	"slices"
)

// An XMLFragment is a list of nodes.
type XMLFragment branch

// An XMLElement is a list of nodes with a name and attributes.
type XMLElement branch

// An XMLHook is a named map inside of an XML tree.
type XMLHook branch

var (
	_ Node = (*XMLFragment)(nil)
	_ Node = (*XMLElement)(nil)
	_ Node = (*XMLHook)(nil)
)

func (f *XMLFragment) base() *branch { return (*branch)(f) }

// ID is as in Node.
func (f *XMLFragment) ID() (ID, bool) { return f.base().id() }

// Deleted is as in Node.
func (f *XMLFragment) Deleted() bool { return f.base().isDeleted() }

// Parent is as in Node.
func (f *XMLFragment) Parent() Node { return f.base().parentNode() }

// Len is the number of children.
func (f *XMLFragment) Len() int { return int(f.length) }

// Children goes through the children that are there when it begins.
func (f *XMLFragment) Children() iter.Seq[Node] { return slices.Values(f.base().nodes()) }

// Get returns the child at a position, nil if there is none.
func (f *XMLFragment) Get(i int) Node { return f.base().child(i) }

// InsertElement inserts an empty element as child i.
func (f *XMLFragment) InsertElement(tx *Transaction, i int, name string) (*XMLElement, error) {
	return f.base().insertElement(tx, i, name)
}

// InsertText inserts an empty text as child i.
func (f *XMLFragment) InsertText(tx *Transaction, i int) (*XMLText, error) {
	return f.base().insertText(tx, i)
}

// InsertHook inserts an empty hook as child i.
func (f *XMLFragment) InsertHook(tx *Transaction, i int, name string) (*XMLHook, error) {
	return f.base().insertHook(tx, i, name)
}

// Delete deletes n children from i on.
func (f *XMLFragment) Delete(tx *Transaction, i, n int) error { return f.base().delete(tx, i, n) }

// Text is the same type seen as text. A fragment should hold none; one that
// somebody opened as text on another side does.
func (f *XMLFragment) Text() *Text { return (*Text)(f) }

func (e *XMLElement) base() *branch { return (*branch)(e) }

// ID is as in Node.
func (e *XMLElement) ID() (ID, bool) { return e.base().id() }

// Deleted is as in Node.
func (e *XMLElement) Deleted() bool { return e.base().isDeleted() }

// Parent is as in Node.
func (e *XMLElement) Parent() Node { return e.base().parentNode() }

// NodeName is the name of the element.
func (e *XMLElement) NodeName() string { return e.name }

// Len is the number of children.
func (e *XMLElement) Len() int { return int(e.length) }

// Children goes through the children that are there when it begins.
func (e *XMLElement) Children() iter.Seq[Node] { return slices.Values(e.base().nodes()) }

// Get returns the child at a position, nil if there is none.
func (e *XMLElement) Get(i int) Node { return e.base().child(i) }

// InsertElement inserts an empty element as child i.
func (e *XMLElement) InsertElement(tx *Transaction, i int, name string) (*XMLElement, error) {
	return e.base().insertElement(tx, i, name)
}

// InsertText inserts an empty text as child i.
func (e *XMLElement) InsertText(tx *Transaction, i int) (*XMLText, error) {
	return e.base().insertText(tx, i)
}

// InsertHook inserts an empty hook as child i.
func (e *XMLElement) InsertHook(tx *Transaction, i int, name string) (*XMLHook, error) {
	return e.base().insertHook(tx, i, name)
}

// Delete deletes n children from i on.
func (e *XMLElement) Delete(tx *Transaction, i, n int) error { return e.base().delete(tx, i, n) }

// Attribute returns the value of an attribute.
func (e *XMLElement) Attribute(key string) (any, bool) { return e.base().attribute(key) }

// Attributes goes through the attributes in the order in which their names
// came up.
func (e *XMLElement) Attributes() iter.Seq2[string, any] { return e.base().attributes() }

// SetAttribute sets an attribute to any value that lib0 can write.
func (e *XMLElement) SetAttribute(tx *Transaction, key string, v any) error {
	return e.base().setValue(tx, key, v)
}

// RemoveAttribute removes an attribute, if it is there.
func (e *XMLElement) RemoveAttribute(tx *Transaction, key string) error {
	return e.base().removeAttribute(tx, key)
}

func (h *XMLHook) base() *branch { return (*branch)(h) }

// ID is as in Node.
func (h *XMLHook) ID() (ID, bool) { return h.base().id() }

// Deleted is as in Node.
func (h *XMLHook) Deleted() bool { return h.base().isDeleted() }

// Parent is as in Node.
func (h *XMLHook) Parent() Node { return h.base().parentNode() }

// HookName is the name of the hook.
func (h *XMLHook) HookName() string { return h.name }

// Map is the hook as the map it is.
func (h *XMLHook) Map() *Map { return (*Map)(h) }

func (b *branch) child(i int) Node {
	v, _ := b.at(i)
	n, _ := v.(Node)
	return n
}

func (b *branch) insertType(tx *Transaction, i int, kind Kind, name string) (*branch, error) {
	c, err := b.doc.typeContent(kind, name)
	if err != nil {
		return nil, err
	}
	it, err := b.insert(tx, i, []content{c})
	if err != nil {
		return nil, err
	}
	return it.typ, nil
}

func (b *branch) insertElement(tx *Transaction, i int, name string) (*XMLElement, error) {
	t, err := b.insertType(tx, i, KindXMLElement, name)
	return (*XMLElement)(t), err
}

func (b *branch) insertText(tx *Transaction, i int) (*XMLText, error) {
	t, err := b.insertType(tx, i, KindXMLText, "")
	return (*XMLText)(t), err
}

func (b *branch) insertHook(tx *Transaction, i int, name string) (*XMLHook, error) {
	t, err := b.insertType(tx, i, KindXMLHook, name)
	return (*XMLHook)(t), err
}

func (b *branch) setValue(tx *Transaction, key string, v any) error {
	c, err := contentOf(v)
	if err != nil {
		return err
	}
	_, err = b.setAttribute(tx, key, c)
	return err
}

package yjs

import (
	"fmt"
	"iter"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A Node is a shared type: *XMLElement, *XMLText, *XMLFragment, *XMLHook,
// *Text, *Array or *Map. The same type is always the same pointer.
type Node interface {
	// ID is the id of the item that holds the type, which names it for as
	// long as it lives; false for a root and for a type that has been
	// deleted and collected.
	ID() (ID, bool)
	// Deleted tells whether the type is not part of the document any more.
	// Reads of such a type find nothing, writes fail with ErrDetached.
	Deleted() bool
	// Parent is the type that holds this one, nil for a root.
	Parent() Node

	base() *branch
}

// A Kind is a kind of shared type.
type Kind byte

// The kinds of shared types. XMLElement and XMLHook have a name.
const (
	KindArray       Kind = typeArray
	KindMap         Kind = typeMap
	KindText        Kind = typeText
	KindXMLElement  Kind = typeXMLElement
	KindXMLFragment Kind = typeXMLFragment
	KindXMLHook     Kind = typeXMLHook
	KindXMLText     Kind = typeXMLText
)

// node is the public view of a branch.
func (b *branch) node() Node {
	switch b.kind {
	case typeArray:
		return (*Array)(b)
	case typeMap:
		return (*Map)(b)
	case typeText:
		return (*Text)(b)
	case typeXMLElement:
		return (*XMLElement)(b)
	case typeXMLHook:
		return (*XMLHook)(b)
	case typeXMLText:
		return (*XMLText)(b)
	}
	return (*XMLFragment)(b)
}

func (b *branch) id() (ID, bool) {
	if b.item == nil || b.item == &b.doc.tomb {
		return ID{}, false
	}
	return b.doc.idOf(b.item), true
}

func (d *Doc) idOf(it *item) ID { return ID{d.clients[it.client].id, uint64(it.clock)} }

func (b *branch) parentNode() Node {
	if b.item == nil || b.item == &b.doc.tomb {
		return nil
	}
	return b.item.parent.node()
}

// asRoot returns a root type, which takes the kind it is first asked for as.
func (d *Doc) asRoot(name string, kind byte) *branch {
	b := d.root([]byte(name))
	if b.kind == typeUnknown {
		b.kind = kind
	}
	return b
}

// XMLFragment returns the root fragment of that name. Roots have no kind on
// the wire: asking for one name as two kinds gives two views of one list.
func (d *Doc) XMLFragment(name string) *XMLFragment {
	return (*XMLFragment)(d.asRoot(name, typeXMLFragment))
}

// Text returns the root text of that name.
func (d *Doc) Text(name string) *Text { return (*Text)(d.asRoot(name, typeText)) }

// Map returns the root map of that name.
func (d *Doc) Map(name string) *Map { return (*Map)(d.asRoot(name, typeMap)) }

// Array returns the root array of that name.
func (d *Doc) Array(name string) *Array { return (*Array)(d.asRoot(name, typeArray)) }

// writable tells whether a local write to the branch may begin.
func (b *branch) writable(tx *Transaction) error {
	switch {
	case tx == nil || !tx.open:
		return ErrClosed
	case tx.doc != b.doc:
		return fmt.Errorf("%w: transaction of another document", ErrClosed)
	case b.isDeleted():
		return ErrDetached
	}
	return nil
}

// content is what a local write stores.
type content struct {
	kind byte
	n    uint32
	data []byte
	aux  *aux
	typ  *branch
}

// contentOf turns a Go value into content.
func contentOf(v any) (content, error) {
	switch v := v.(type) {
	case []byte:
		return content{kind: kindBinary, n: 1, data: append([]byte(nil), v...)}, nil
	case *Subdoc:
		if v.doc != nil {
			return content{}, fmt.Errorf("%w: subdocument is part of a document already", ErrValue)
		}
		return content{kind: kindDoc, n: 1, aux: &aux{doc: v}}, nil
	}
	data, err := lib0.AppendAny(nil, v)
	if err != nil {
		return content{}, fmt.Errorf("%w: %w", ErrValue, err)
	}
	return content{kind: kindAny, n: 1, data: data}, nil
}

func (d *Doc) typeContent(kind Kind, name string) (content, error) {
	if kind > KindXMLText {
		return content{}, fmt.Errorf("%w: kind %d", ErrValue, kind)
	}
	b := &branch{doc: d, kind: byte(kind)}
	if kind == KindXMLElement || kind == KindXMLHook {
		b.name = d.intern([]byte(lib0.ValidString(name)))
	}
	return content{kind: kindType, n: 1, typ: b}, nil
}

// write makes an item under the client id of the document, between left and
// right.
func (tx *Transaction) write(parent *branch, sub uint32, left, right *item, c content) *item {
	d := tx.doc
	cl := d.clientOf(d.clientID)
	it := d.slabs.get()
	it.left, it.right, it.parent, it.sub = left, right, parent, sub
	it.client, it.clock, it.len = cl.idx, cl.state, c.n
	it.kind, it.data, it.aux, it.typ = c.kind, c.data, c.aux, c.typ
	if left != nil {
		it.oclient, it.oclock = left.client, left.lastClock()
	}
	if right != nil {
		it.rclient, it.rclock = right.client, right.clock
	}
	if it.typ != nil {
		it.typ.item = it
	}
	d.textBytes += len(c.data)
	tx.place(cl, it)
	return it
}

// value returns value n of an item as a Go value.
func (d *Doc) value(it *item, n uint32) any {
	switch it.kind {
	case kindAny:
		dec := lib0.NewDecoder(it.data[it.valueOffset(n):])
		v, _ := dec.Any()
		return v
	case kindJSON:
		dec := lib0.NewDecoder(it.data[it.valueOffset(n):])
		text, _ := dec.Bytes()
		return parseValue(text)
	case kindBinary:
		return append([]byte{}, it.data...)
	case kindEmbed:
		return parseValue(it.data)
	case kindType:
		return it.typ.node()
	case kindDoc:
		return it.aux.doc
	case kindString:
		at, inside := lib0.UTF16Offset(it.data, int(n), int(it.len))
		end, _ := lib0.UTF16Offset(it.data, int(n)+1, int(it.len))
		if inside || end == at {
			return replacement
		}
		return string(it.data[at:end])
	}
	return nil
}

// parseValue reads JSON content, see block.data.
func parseValue(text []byte) any {
	if len(text) > 0 && text[0] == rawValue {
		dec := lib0.NewDecoder(text[1:])
		v, _ := dec.Any()
		return v
	}
	if string(text) == "undefined" {
		return lib0.Undefined
	}
	v, _ := lib0.ParseJSON(text)
	return v
}

// attribute returns the value of a key.
func (b *branch) attribute(key string) (any, bool) {
	k, ok := b.doc.keyIdx[key]
	if !ok {
		return nil, false
	}
	it := b.attrs.get(k)
	if it == nil || it.deleted {
		return nil, false
	}
	return b.doc.value(it, it.len-1), true
}

// attributes goes through keys and values in the order in which keys came up.
// Writing meanwhile is fine: what is gone through is what was there before.
func (b *branch) attributes() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		type kv struct {
			k string
			v any
		}
		var room [8]kv
		list := room[:0]
		for _, a := range b.attrs.list {
			if !a.item.deleted {
				list = append(list, kv{b.doc.keys[a.key], b.doc.value(a.item, a.item.len-1)})
			}
		}
		for _, e := range list {
			if !yield(e.k, e.v) {
				return
			}
		}
	}
}

func (b *branch) setAttribute(tx *Transaction, key string, c content) (*item, error) {
	if err := b.writable(tx); err != nil {
		return nil, err
	}
	sub := b.doc.keyOf([]byte(lib0.ValidString(key)))
	return tx.write(b, sub, b.attrs.get(sub), nil, c), nil
}

func (b *branch) removeAttribute(tx *Transaction, key string) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if k, ok := b.doc.keyIdx[key]; ok {
		if it := b.attrs.get(k); it != nil {
			tx.delete(it)
		}
	}
	return nil
}

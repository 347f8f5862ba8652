package yjs

import (
	"iter"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A Text is rich text: characters and embeds with marks. Positions count
// UTF-16 code units; an embed takes one.
type Text branch

// An XMLText is a Text as a node of an XML tree.
type XMLText branch

var (
	_ Node = (*Text)(nil)
	_ Node = (*XMLText)(nil)
)

// Attributes are the marks of a piece of text, by name. A null value removes
// a mark.
type Attributes = lib0.Object

// A DeltaOp is one step through a text. As content, it is an Insert: a string
// or an embed (a Go value or a Node). In ApplyDelta and in events it can also
// be a Retain or a Delete of so many positions.
type DeltaOp struct {
	Insert     any
	Retain     int
	Delete     int
	Attributes Attributes
}

func (t *Text) base() *branch { return (*branch)(t) }

// ID is as in Node.
func (t *Text) ID() (ID, bool) { return t.base().id() }

// Deleted is as in Node.
func (t *Text) Deleted() bool { return t.base().isDeleted() }

// Parent is as in Node.
func (t *Text) Parent() Node { return t.base().parentNode() }

// Len is the number of positions.
func (t *Text) Len() int { return int(t.length) }

// String returns the characters, without embeds and marks.
func (t *Text) String() string { return t.base().text() }

// Delta returns the content: runs of equal marks, and embeds.
func (t *Text) Delta() []DeltaOp { return t.base().delta() }

// Insert inserts characters at a position. Nil attributes mean those of the
// character before; an empty, non-nil value means none.
func (t *Text) Insert(tx *Transaction, i int, s string, a Attributes) error {
	return t.base().textInsert(tx, i, s, a)
}

// InsertEmbed inserts an embed, any value that JSON can hold.
func (t *Text) InsertEmbed(tx *Transaction, i int, v any, a Attributes) error {
	return t.base().textEmbed(tx, i, v, a)
}

// Delete deletes n positions from i on.
func (t *Text) Delete(tx *Transaction, i, n int) error { return t.base().textDelete(tx, i, n) }

// Format sets and removes marks of n positions from i on.
func (t *Text) Format(tx *Transaction, i, n int, a Attributes) error {
	return t.base().textFormat(tx, i, n, a)
}

// ApplyDelta applies steps from the start of the text on.
func (t *Text) ApplyDelta(tx *Transaction, ops []DeltaOp) error { return t.base().applyDelta(tx, ops) }

func (t *XMLText) base() *branch { return (*branch)(t) }

// ID is as in Node.
func (t *XMLText) ID() (ID, bool) { return t.base().id() }

// Deleted is as in Node.
func (t *XMLText) Deleted() bool { return t.base().isDeleted() }

// Parent is as in Node.
func (t *XMLText) Parent() Node { return t.base().parentNode() }

// Len is the number of positions.
func (t *XMLText) Len() int { return int(t.length) }

// String returns the characters, without embeds and marks.
func (t *XMLText) String() string { return t.base().text() }

// Delta returns the content: runs of equal marks, and embeds.
func (t *XMLText) Delta() []DeltaOp { return t.base().delta() }

// Insert is as in Text.
func (t *XMLText) Insert(tx *Transaction, i int, s string, a Attributes) error {
	return t.base().textInsert(tx, i, s, a)
}

// InsertEmbed is as in Text.
func (t *XMLText) InsertEmbed(tx *Transaction, i int, v any, a Attributes) error {
	return t.base().textEmbed(tx, i, v, a)
}

// Delete is as in Text.
func (t *XMLText) Delete(tx *Transaction, i, n int) error { return t.base().textDelete(tx, i, n) }

// Format is as in Text.
func (t *XMLText) Format(tx *Transaction, i, n int, a Attributes) error {
	return t.base().textFormat(tx, i, n, a)
}

// ApplyDelta is as in Text.
func (t *XMLText) ApplyDelta(tx *Transaction, ops []DeltaOp) error {
	return t.base().applyDelta(tx, ops)
}

// Attribute returns the value of an attribute of the text as a whole.
func (t *XMLText) Attribute(key string) (any, bool) { return t.base().attribute(key) }

// Attributes goes through the attributes of the text as a whole.
func (t *XMLText) Attributes() iter.Seq2[string, any] { return t.base().attributes() }

// SetAttribute sets an attribute of the text as a whole.
func (t *XMLText) SetAttribute(tx *Transaction, key string, v any) error {
	return t.base().setValue(tx, key, v)
}

// RemoveAttribute removes an attribute of the text as a whole.
func (t *XMLText) RemoveAttribute(tx *Transaction, key string) error {
	return t.base().removeAttribute(tx, key)
}

func (b *branch) text() string {
	var one *item
	n := 0
	for it := b.start; it != nil; it = it.right {
		if it.kind == kindString && !it.deleted {
			if n += len(it.data); one == nil {
				one = it
			}
		}
	}
	if one != nil && n == len(one.data) {
		return string(one.data)
	}
	out := make([]byte, 0, n)
	for it := one; it != nil; it = it.right {
		if it.kind == kindString && !it.deleted {
			out = append(out, it.data...)
		}
	}
	return string(out)
}

func (b *branch) delta() []DeltaOp {
	var ops []DeltaOp
	var cur marks
	var now Attributes // cur as values, made when needed
	var str []byte
	attributes := func() Attributes {
		if now == nil && len(cur) > 0 {
			now = cur.values()
		}
		return now
	}
	flush := func() {
		if len(str) > 0 {
			ops = append(ops, DeltaOp{Insert: string(str), Attributes: attributes()})
			str = str[:0]
		}
	}
	for it := b.start; it != nil; it = it.right {
		if it.deleted {
			continue
		}
		switch it.kind {
		case kindString:
			str = append(str, it.data...)
		case kindType, kindEmbed:
			flush()
			ops = append(ops, DeltaOp{Insert: b.doc.value(it, 0), Attributes: attributes()})
		case kindFormat:
			flush()
			cur.apply(it.aux)
			now = nil
		}
	}
	flush()
	return ops
}

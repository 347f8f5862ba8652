package markdown

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// Numbers of the Yjs V1 update format.
const (
	contentString = 4
	contentFormat = 6
	contentType   = 7
	contentAny    = 8

	infoOrigin = 0x80 // the item stands behind another
	infoSub    = 0x20 // the item is an attribute

	typeRefElement = 3
	typeRefText    = 6
)

// encodeTree returns the update that Write makes in an empty document, without making the
// document: the structs of one client, in the order in which Yjs creates them. A test holds
// it against Write. The blocks of the tree get the identities that they have there.
func encodeTree(doc *Node, client uint64, sizeHint int) ([]byte, error) {
	const head = 40 // room for what stands before the structs
	e := treeEncoder{client: client, buf: make([]byte, head, head+sizeHint)}
	e.children(0, true, doc.Content)
	if e.err != nil {
		return nil, e.err
	}
	if e.structs == 0 {
		return []byte{0, 0}, nil
	}
	var first [head]byte
	h := lib0.AppendVarUint(first[:0], 1) // clients
	h = lib0.AppendVarUint(h, e.structs)
	h = lib0.AppendVarUint(h, client)
	h = lib0.AppendVarUint(h, 0) // first clock
	out := e.buf[head-len(h):]
	copy(out, h)
	return lib0.AppendVarUint(out, 0), nil // nothing deleted
}

type treeEncoder struct {
	client  uint64
	clock   uint64
	structs uint64
	buf     []byte
	link    []byte // the last link's JSON
	linkOf  []Attr
	err     error
}

// item begins an item. With one to its left it names that one, else its parent.
func (e *treeEncoder) item(content byte, left bool, origin, parent uint64, root bool) {
	e.structs++
	if left {
		e.buf = append(e.buf, content|infoOrigin)
		e.id(origin)
		return
	}
	e.buf = append(e.buf, content)
	if root {
		e.buf = lib0.AppendString(lib0.AppendVarUint(e.buf, 1), FragmentName)
		return
	}
	e.buf = lib0.AppendVarUint(e.buf, 0)
	e.id(parent)
}

func (e *treeEncoder) id(clock uint64) {
	e.buf = lib0.AppendVarUint(lib0.AppendVarUint(e.buf, e.client), clock)
}

func (e *treeEncoder) children(parent uint64, root bool, nodes []*Node) {
	left, some := uint64(0), false
	for i := 0; i < len(nodes) && e.err == nil; {
		e.item(contentType, some, left, parent, root)
		left, some = e.clock, true
		e.clock++
		if n := nodes[i]; n.Type != typeText {
			if s := schema[n.Type]; s != nil && !s.inline {
				n.id = yjs.ID{Client: e.client, Clock: left}
			}
			e.element(n, left)
			i++
			continue
		}
		e.buf = lib0.AppendVarUint(e.buf, typeRefText)
		last := left
		for first := true; i < len(nodes) && nodes[i].Type == typeText; i++ {
			if nodes[i].Text != "" {
				last = e.text(nodes[i], left, last, first)
				first = false
			}
		}
	}
}

func (e *treeEncoder) element(n *Node, self uint64) {
	e.buf = lib0.AppendString(lib0.AppendVarUint(e.buf, typeRefElement), n.Type)
	e.children(self, false, n.Content)
	for _, a := range n.Attrs {
		if a.Value == nil {
			continue
		}
		e.structs++
		e.buf = append(e.buf, contentAny|infoSub)
		e.buf = lib0.AppendVarUint(e.buf, 0)
		e.id(self)
		e.buf = lib0.AppendString(e.buf, a.Name)
		e.buf = lib0.AppendVarUint(e.buf, 1)
		var err error
		if e.buf, err = lib0.AppendAny(e.buf, a.Value); err != nil {
			e.err = fmt.Errorf("write attribute %s of %s: %w", a.Name, n.Type, err)
			return
		}
		e.clock++
	}
}

// text writes a run of text with its marks opened before and closed after it, and returns
// the clock of the last item.
func (e *treeEncoder) text(n *Node, parent, last uint64, first bool) uint64 {
	for _, m := range n.Marks {
		e.item(contentFormat, !first, last, parent, false)
		first = false
		e.buf = lib0.AppendString(e.buf, m.Type)
		e.mark(m)
		last = e.clock
		e.clock++
	}
	e.item(contentString, !first, last, parent, false)
	e.buf = lib0.AppendString(e.buf, n.Text)
	e.clock += uint64(units(n.Text))
	last = e.clock - 1
	for _, m := range n.Marks {
		e.item(contentFormat, true, last, parent, false)
		e.buf = lib0.AppendString(lib0.AppendString(e.buf, m.Type), "null")
		last = e.clock
		e.clock++
	}
	return last
}

// mark writes the value of a mark as JSON.
func (e *treeEncoder) mark(m Mark) {
	if len(m.Attrs) == 0 {
		e.buf = lib0.AppendString(e.buf, "{}")
		return
	}
	if e.linkOf == nil || &e.linkOf[0] != &m.Attrs[0] {
		e.link, e.err = lib0.AppendJSON(e.link[:0], attrObject(m.Attrs))
		e.linkOf = m.Attrs
	}
	e.buf = lib0.AppendBytes(e.buf, e.link)
}

func attrObject(attrs []Attr) lib0.Object {
	o := make(lib0.Object, 0, len(attrs))
	for _, a := range attrs {
		o = append(o, lib0.Field{Key: a.Name, Value: a.Value})
	}
	return o
}

// units is the length of a string as JavaScript counts it.
func units(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return i + utf16Len(s[i:])
		}
	}
	return len(s)
}

package yjs

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// ErrPosition reports a relative position that says nothing, or is malformed.
var ErrPosition = errors.New("yjs: malformed relative position")

// A RelativePosition is a place in a list or text that keeps its meaning while
// others edit: it sticks to a neighbour, not to a number. Cursors are sent so.
//
// It names the item it sticks to, or, at the end of the type, only the type: by
// the name of a root or by the ID of the item that holds it.
type RelativePosition struct {
	Item *ID     // neighbour
	Root *string // name of the root type
	Type *ID     // item that holds the type, if it is not a root
	// Assoc says which neighbour: 0 or more the one behind the position,
	// less than 0 the one before it.
	Assoc int
}

// RelativePositionAt returns the relative position of an index in a type.
func RelativePositionAt(n Node, index, assoc int) (RelativePosition, error) {
	b := n.base()
	if index < 0 || index > int(b.length) {
		return RelativePosition{}, fmt.Errorf("%w: index %d of %d", ErrRange, index, b.length)
	}
	p := RelativePosition{Assoc: assoc}
	if id, ok := b.id(); ok {
		p.Type = &id
	} else if b.item != nil {
		return p, ErrDetached
	} else {
		p.Root = &b.name
	}
	if assoc < 0 {
		if index == 0 {
			return p, nil
		}
		index--
	}
	left := uint32(index)
	for it := b.start; it != nil; it = it.right {
		if it.visible() {
			if left < it.len {
				p.Item = &ID{b.doc.clients[it.client].id, uint64(it.clock + left)}
				return p, nil
			}
			left -= it.len
		}
		if it.right == nil && assoc < 0 {
			p.Item = &ID{b.doc.clients[it.client].id, uint64(it.lastClock())}
		}
	}
	return p, nil
}

// Resolve returns the type and index that a relative position means now, and
// false if the document does not hold, or no longer holds, what it names.
func (d *Doc) Resolve(p RelativePosition) (n Node, index int, ok bool) {
	if p.Item != nil {
		it := d.itemAt(*p.Item)
		if it == nil || it.isGC() {
			return nil, 0, false
		}
		b := it.parent
		if b.isDeleted() {
			return b.node(), 0, true
		}
		if it.visible() {
			if index = int(uint32(p.Item.Clock) - it.clock); p.Assoc < 0 {
				index++
			}
		}
		for l := it.left; l != nil; l = l.left {
			if l.visible() {
				index += int(l.len)
			}
		}
		return b.node(), index, true
	}
	var b *branch
	switch {
	case p.Root != nil:
		if b = d.roots[*p.Root]; b == nil {
			return nil, 0, false
		}
	case p.Type != nil:
		it := d.itemAt(*p.Type)
		if it == nil || it.kind != kindType {
			return nil, 0, false
		}
		b = it.typ
	default:
		return nil, 0, false
	}
	if p.Assoc >= 0 {
		index = int(b.length)
	}
	return b.node(), index, true
}

// itemAt returns the struct that holds the clock of id, or nil.
func (d *Doc) itemAt(id ID) *item {
	c := d.known(id.Client)
	if c == nil || id.Clock >= uint64(c.state) {
		return nil
	}
	return c.get(uint32(id.Clock))
}

// The first byte of the binary form.
const (
	positionItem = 0
	positionRoot = 1
	positionType = 2
)

// Encode returns the binary form of Yjs's encodeRelativePosition.
func (p RelativePosition) Encode() ([]byte, error) {
	var dst []byte
	switch {
	case p.Item != nil:
		dst = appendID([]byte{positionItem}, *p.Item)
	case p.Root != nil:
		dst = lib0.AppendString([]byte{positionRoot}, *p.Root)
	case p.Type != nil:
		dst = appendID([]byte{positionType}, *p.Type)
	default:
		return nil, fmt.Errorf("%w: it names nothing", ErrPosition)
	}
	return lib0.AppendVarInt(dst, int64(p.Assoc)), nil
}

// DecodeRelativePosition reads the binary form. Old ones end before Assoc, which
// is 0 then.
func DecodeRelativePosition(b []byte) (p RelativePosition, err error) {
	d := lib0.NewDecoder(b)
	kind, err := d.VarUint()
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrPosition, err)
	}
	switch kind {
	case positionItem:
		p.Item = new(ID)
		*p.Item, err = readID(&d)
	case positionRoot:
		p.Root = new(string)
		*p.Root, err = d.String()
	case positionType:
		p.Type = new(ID)
		*p.Type, err = readID(&d)
	default:
		return p, fmt.Errorf("%w: kind %d", ErrPosition, kind)
	}
	if err == nil && d.Len() > 0 {
		p.Assoc, err = readAssoc(&d)
	}
	if err != nil {
		return RelativePosition{}, fmt.Errorf("%w: %w", ErrPosition, err)
	}
	return p, nil
}

func readAssoc(d *lib0.Decoder) (int, error) {
	magnitude, negative, err := d.VarInt()
	if negative {
		return -int(magnitude), err
	}
	return int(magnitude), err
}

// positionJSON is the form in which editors put positions into their awareness
// state.
type positionJSON struct {
	Type  *idJSON `json:"type"`
	Root  *string `json:"tname"`
	Item  *idJSON `json:"item"`
	Assoc int     `json:"assoc"`
}

type idJSON struct {
	Client uint64 `json:"client"`
	Clock  uint64 `json:"clock"`
}

// MarshalJSON writes the form that editors put into their awareness state:
// {"type":…,"tname":…,"item":…,"assoc":0} with null for what is not there.
func (p RelativePosition) MarshalJSON() ([]byte, error) {
	return json.Marshal(positionJSON{(*idJSON)(p.Type), p.Root, (*idJSON)(p.Item), p.Assoc})
}

// UnmarshalJSON reads that form; what is missing counts as null.
func (p *RelativePosition) UnmarshalJSON(b []byte) error {
	var j positionJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("%w: %w", ErrPosition, err)
	}
	*p = RelativePosition{Item: (*ID)(j.Item), Root: j.Root, Type: (*ID)(j.Type), Assoc: j.Assoc}
	return nil
}

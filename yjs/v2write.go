package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A structWriter writes an update struct by struct. Structs of one client that
// follow each other make one group.
type structWriter interface {
	// write adds a struct without its first offset clocks.
	write(b *block, offset uint64) error
	// finish adds the delete set, whose clients must be sorted, and returns the
	// update.
	finish(ds deleteSet) ([]byte, error)
}

// groups keeps what a structWriter has written as the clients' groups, because
// the number of structs stands before them.
type groups struct {
	buf    []byte
	heads  []groupHead
	client uint64
}

type groupHead struct {
	structs uint64
	start   int // in buf
}

// begin counts a struct of client and tells whether it is the first of a group.
func (g *groups) begin(client uint64) bool {
	if n := len(g.heads); n > 0 && g.client == client {
		g.heads[n-1].structs++
		return false
	}
	g.client = client
	g.heads = append(g.heads, groupHead{1, len(g.buf)})
	return true
}

// open begins a group, even if it stays empty or follows one of the same client:
// of several groups of a client the last one counts.
func (g *groups) open(client uint64) {
	g.client = client
	g.heads = append(g.heads, groupHead{0, len(g.buf)})
}

func (g *groups) appendTo(dst []byte) []byte {
	dst = lib0.AppendVarUint(dst, uint64(len(g.heads)))
	for i, h := range g.heads {
		end := len(g.buf)
		if i+1 < len(g.heads) {
			end = g.heads[i+1].start
		}
		dst = lib0.AppendVarUint(dst, h.structs)
		dst = append(dst, g.buf[h.start:end]...)
	}
	return dst
}

// A v1Writer writes update format V1. With internal set the result may hold raw
// values (see block.data) and stays inside the package.
type v1Writer struct {
	groups
	internal bool
	lossy    bool // null for raw values that JSON cannot hold
}

func (w *v1Writer) write(b *block, offset uint64) error {
	if !w.internal && b.isRaw() {
		if err := b.rawToJSON(); err != nil {
			if !w.lossy {
				return err
			}
			b.data = []byte(none)
		}
	}
	if w.begin(b.id.Client) {
		w.buf = lib0.AppendVarUint(w.buf, b.id.Client)
		w.buf = lib0.AppendVarUint(w.buf, b.id.Clock+offset)
	}
	w.buf = appendBlock(w.buf, b, offset)
	return nil
}

func (w *v1Writer) open(client, clock uint64) {
	w.groups.open(client)
	w.buf = lib0.AppendVarUint(lib0.AppendVarUint(w.buf, client), clock)
}

func (w *v1Writer) finish(ds deleteSet) ([]byte, error) {
	dst := make([]byte, 0, len(w.buf)+4*len(w.heads)+16*len(ds)+8)
	return ds.append(w.appendTo(dst)), nil
}

// A v2Writer writes update format V2.
type v2Writer struct {
	groups                  // the rest: what has no column
	key, left, right        diffColumn
	client, typeRef, length uintColumn
	info, parentInfo        byteColumn
	strings                 stringColumn
	keys                    uint64 // keys written
}

func (w *v2Writer) writeID(clock *diffColumn, id ID) {
	w.client.write(id.Client)
	clock.write(id.Clock)
}

// writeKey writes a key as a new one: Yjs reads references to keys, but writes
// none.
func (w *v2Writer) writeKey(key []byte) {
	w.key.write(w.keys)
	w.keys++
	w.strings.write(key)
}

func (w *v2Writer) open(client, clock uint64) {
	w.groups.open(client)
	w.client.write(client)
	w.buf = lib0.AppendVarUint(w.buf, clock)
}

func (w *v2Writer) write(b *block, offset uint64) error {
	if w.begin(b.id.Client) {
		w.client.write(b.id.Client)
		w.buf = lib0.AppendVarUint(w.buf, b.id.Clock+offset)
	}
	switch b.kind() {
	case kindGC:
		w.info.write(kindGC)
		w.length.write(b.len - offset)
		return nil
	case kindSkip:
		w.info.write(kindSkip)
		w.buf = lib0.AppendVarUint(w.buf, b.len-offset)
		return nil
	}
	info, origin := b.info, b.origin
	if offset > 0 {
		info |= infoOrigin
		origin = ID{b.id.Client, b.id.Clock + offset - 1}
	}
	w.info.write(info)
	if info&infoOrigin != 0 {
		w.writeID(&w.left, origin)
	}
	if info&infoRight != 0 {
		w.writeID(&w.right, b.right)
	}
	if info&(infoOrigin|infoRight) == 0 {
		if b.hasName {
			w.parentInfo.write(1)
			w.strings.write(b.rootName)
		} else {
			w.parentInfo.write(0)
			w.writeID(&w.left, b.parent)
		}
		if info&infoSub != 0 {
			w.strings.write(b.sub)
		}
	}
	if err := w.writeContent(b, offset); err != nil {
		return fmt.Errorf("struct %v: %w", b.id, err)
	}
	return nil
}

func (w *v2Writer) writeContent(b *block, offset uint64) (err error) {
	switch b.kind() {
	case kindDeleted:
		w.length.write(b.len - offset)
	case kindString:
		text := b.data
		if offset > 0 {
			d := lib0.NewDecoder(appendStringFrom(nil, b.data, int(offset), int(b.len)))
			if text, err = d.Bytes(); err != nil {
				return err
			}
		}
		w.strings.write(text)
	case kindJSON:
		w.length.write(b.len - offset)
		d := lib0.NewDecoder(skipValues(kindJSON, b.data, offset))
		for d.Len() > 0 {
			text, err := d.Bytes()
			if err != nil {
				return err
			}
			w.strings.write(text)
		}
	case kindAny:
		w.length.write(b.len - offset)
		w.buf = append(w.buf, skipValues(kindAny, b.data, offset)...)
	case kindBinary:
		w.buf = lib0.AppendBytes(w.buf, b.data)
	case kindFormat:
		w.writeKey(b.key)
		w.buf, err = appendRaw(w.buf, b.data)
	case kindEmbed:
		w.buf, err = appendRaw(w.buf, b.data)
	case kindType:
		w.typeRef.write(uint64(b.typeRef))
		if b.typeRef == typeXMLElement || b.typeRef == typeXMLHook {
			w.writeKey(b.data)
		}
	case kindDoc:
		w.strings.write(b.data)
		w.buf = append(w.buf, b.key...)
	}
	return err
}

// appendRaw appends JSON content as an any-value.
func appendRaw(dst, content []byte) ([]byte, error) {
	if len(content) > 0 && content[0] == rawValue {
		return append(dst, content[1:]...), nil
	}
	v, err := lib0.ParseJSON(content)
	if err != nil {
		return dst, err
	}
	return lib0.AppendAny(dst, v)
}

func (w *v2Writer) finish(ds deleteSet) ([]byte, error) {
	dst := make([]byte, 0, len(w.buf)+len(w.strings.text)+len(w.info.buf)+len(w.left.buf)+128)
	dst = append(dst, 0) // a flag for later use
	diff := func(c *diffColumn) { c.flush(); dst = lib0.AppendBytes(dst, c.buf) }
	uint := func(c *uintColumn) { c.flush(); dst = lib0.AppendBytes(dst, c.buf) }
	diff(&w.key)
	uint(&w.client)
	diff(&w.left)
	diff(&w.right)
	dst = lib0.AppendBytes(dst, w.info.buf)
	dst = w.strings.appendTo(dst)
	dst = lib0.AppendBytes(dst, w.parentInfo.buf)
	uint(&w.typeRef)
	uint(&w.length)
	return ds.appendV2(w.appendTo(dst)), nil
}

// appendV2 writes the set as format V2 has it: clocks count from the end of the
// range before, lengths from one. Clients must be sorted.
func (ds deleteSet) appendV2(dst []byte) []byte {
	dst = lib0.AppendVarUint(dst, uint64(len(ds)))
	for _, c := range ds {
		ranges := c.ranges
		if !areApart(ranges) { // no Yjs document makes this, but an update may hold it
			ranges = joinRanges(append([]deleteRange(nil), ranges...))
		}
		dst = lib0.AppendVarUint(dst, c.client)
		dst = lib0.AppendVarUint(dst, uint64(len(ranges)))
		at := uint64(0)
		for _, r := range ranges {
			dst = lib0.AppendVarUint(dst, r.clock-at)
			dst = lib0.AppendVarUint(dst, r.len-1)
			at = r.end()
		}
	}
	return dst
}

// areApart tells whether ranges are in order and none overlaps the next.
func areApart(ranges []deleteRange) bool {
	for i := 1; i < len(ranges); i++ {
		if ranges[i-1].end() > ranges[i].clock {
			return false
		}
	}
	return true
}

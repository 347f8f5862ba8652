package yjs

import (
	"cmp"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// EncodeStateAsUpdate returns what a document with the given state vector
// lacks, in format V1; an empty vector asks for everything. What waits inside
// of the document is included.
func (d *Doc) EncodeStateAsUpdate(sv []byte) ([]byte, error) {
	return d.AppendStateAsUpdate(nil, sv)
}

// AppendStateAsUpdate is EncodeStateAsUpdate into a slice of the caller's.
func (d *Doc) AppendStateAsUpdate(dst, sv []byte) ([]byte, error) {
	if !d.raw {
		return d.appendInternal(dst, sv)
	}
	u, err := d.appendInternal(nil, sv)
	if err == nil {
		u, err = toV1(u)
	}
	return append(dst, u...), err
}

// toV1 turns raw values of an update, see block.data, into the JSON that
// format V1 has for them.
func toV1(update []byte) ([]byte, error) { return convert(update, true, &v1Writer{}) }

// appendInternal is AppendStateAsUpdate with raw values kept.
func (d *Doc) appendInternal(dst, sv []byte) ([]byte, error) {
	known, err := DecodeStateVector(sv)
	if err != nil {
		return dst, err
	}
	if dst == nil {
		dst = make([]byte, 0, d.sizeHint(len(known) == 0))
	}
	if !d.HasPending() {
		return d.appendState(dst, known), nil
	}
	parts := [][]byte{d.appendState(nil, known)}
	if d.pendingDS != nil {
		parts = append(parts, d.pendingDS.append([]byte{0}))
	}
	if d.mergeLate(); d.pending != nil {
		diff, err := diffUpdate(d.pending, true, known, &v1Writer{internal: true})
		if err != nil {
			return dst, err
		}
		parts = append(parts, diff)
	}
	all, err := mergeInternal(parts)
	return append(dst, all...), err
}

// sizeHint guesses how many bytes the state takes.
func (d *Doc) sizeHint(all bool) int {
	if !all {
		return 64
	}
	return d.textBytes + d.items*16 + 64
}

// writeFrom is a client with the clock to write from.
type writeFrom struct {
	c     *client
	clock uint32
}

func (d *Doc) appendState(dst []byte, known StateVector) []byte {
	list := make([]writeFrom, 0, len(d.clients))
	for _, c := range d.clients[1:] {
		if have := known[c.id]; uint64(c.state) > have {
			list = append(list, writeFrom{c, uint32(have)})
		}
	}
	return d.appendAllDeletes(d.appendStructs(dst, list))
}

// appendStructs writes the structs of the clients in the list, higher ids
// first.
func (d *Doc) appendStructs(dst []byte, list []writeFrom) []byte {
	if len(list) > 1 {
		slices.SortFunc(list, func(a, b writeFrom) int { return cmp.Compare(b.c.id, a.c.id) })
	}
	dst = lib0.AppendVarUint(dst, uint64(len(list)))
	for _, w := range list {
		p := w.c.find(w.clock)
		n := len(w.c.runs[p.run].items) - p.i
		for _, r := range w.c.runs[p.run+1:] {
			n += len(r.items)
		}
		dst = lib0.AppendVarUint(dst, uint64(n))
		dst = lib0.AppendVarUint(dst, w.c.id)
		dst = lib0.AppendVarUint(dst, uint64(w.clock))
		offset := w.clock - w.c.at(p).clock
		for ri := p.run; ri < len(w.c.runs); ri++ {
			for _, it := range w.c.runs[ri].items[p.i:] {
				dst = d.appendItem(dst, it, offset)
				offset = 0
			}
			p.i = 0
		}
	}
	return dst
}

// appendItem writes one struct without its first offset clocks.
func (d *Doc) appendItem(dst []byte, it *item, offset uint32) []byte {
	if it.isGC() {
		return lib0.AppendVarUint(append(dst, kindGC), uint64(it.len-offset))
	}
	info := it.kind
	oclient, oclock := it.oclient, it.oclock
	if offset > 0 {
		oclient, oclock = it.client, it.clock+offset-1
	}
	if oclient != 0 {
		info |= infoOrigin
	}
	if it.rclient != 0 {
		info |= infoRight
	}
	if it.sub != 0 {
		info |= infoSub
	}
	dst = append(dst, info)
	if oclient != 0 {
		dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, d.clients[oclient].id), uint64(oclock))
	}
	if it.rclient != 0 {
		dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, d.clients[it.rclient].id), uint64(it.rclock))
	}
	if oclient == 0 && it.rclient == 0 {
		if p := it.parent; p.item == nil {
			dst = append(lib0.AppendVarUint(append(dst, 1), uint64(len(p.name))), p.name...)
		} else {
			dst = append(dst, 0)
			dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, d.clients[p.item.client].id), uint64(p.item.clock))
		}
		if it.sub != 0 {
			key := d.keys[it.sub]
			dst = append(lib0.AppendVarUint(dst, uint64(len(key))), key...)
		}
	}
	switch it.kind {
	case kindString:
		if offset > 0 {
			return appendStringFrom(dst, it.data, int(offset), int(it.len))
		}
		return lib0.AppendBytes(dst, it.data)
	case kindDeleted:
		return lib0.AppendVarUint(dst, uint64(it.len-offset))
	case kindAny, kindJSON:
		dst = lib0.AppendVarUint(dst, uint64(it.len-offset))
		if offset > 0 {
			return append(dst, skipValues(it.kind, it.data, uint64(offset))...)
		}
		return append(dst, it.data...)
	case kindFormat:
		dst = append(lib0.AppendVarUint(dst, uint64(len(it.aux.key))), it.aux.key...)
		return append(lib0.AppendVarUint(dst, uint64(len(it.aux.value))), it.aux.value...)
	case kindType:
		dst = append(dst, it.typ.kind)
		if k := it.typ.kind; k == typeXMLElement || k == typeXMLHook {
			dst = append(lib0.AppendVarUint(dst, uint64(len(it.typ.name))), it.typ.name...)
		}
		return dst
	case kindDoc:
		s := it.aux.doc
		dst = append(lib0.AppendVarUint(dst, uint64(len(s.guid))), s.guid...)
		return append(dst, s.opts...)
	}
	return lib0.AppendBytes(dst, it.data) // Binary, Embed
}

// appendAllDeletes writes the delete set of everything in the document.
func (d *Doc) appendAllDeletes(dst []byte) []byte {
	var ds deleteSet
	for _, c := range d.clients[1:] {
		if rs := c.deletedRanges(); len(rs) > 0 {
			ds = append(ds, clientDeletes{c.id, rs})
		}
	}
	ds.sortClients()
	return ds.append(dst)
}

// deletedRanges lists what is deleted of a client, neighbours joined.
func (c *client) deletedRanges() (rs []deleteRange) {
	open := false
	for _, r := range c.runs {
		for _, it := range r.items {
			if !it.deleted {
				open = false
				continue
			}
			if open {
				rs[len(rs)-1].len += uint64(it.len)
			} else {
				rs = append(rs, deleteRange{uint64(it.clock), uint64(it.len)})
				open = true
			}
		}
	}
	return rs
}

// encode writes what the transaction did, in the form of Yjs's update event,
// or nil if it did nothing.
func (tx *Transaction) encode() []byte {
	changed := len(tx.dels) > 0
	list := make([]writeFrom, 0, 4)
	for _, t := range tx.touched {
		changed = changed || t.after != t.before
		if t.c.state > t.before {
			list = append(list, writeFrom{t.c, t.before})
		}
	}
	if !changed {
		return nil
	}
	tx.sortDeletes()
	return tx.appendDeletes(tx.doc.appendStructs(make([]byte, 0, 64), list))
}

func (tx *Transaction) appendDeletes(dst []byte) []byte {
	clients := 0
	for i, r := range tx.dels {
		if i == 0 || tx.dels[i-1].client != r.client {
			clients++
		}
	}
	dst = lib0.AppendVarUint(dst, uint64(clients))
	for i := 0; i < len(tx.dels); {
		n := 1
		for i+n < len(tx.dels) && tx.dels[i+n].client == tx.dels[i].client {
			n++
		}
		dst = lib0.AppendVarUint(dst, tx.doc.clients[tx.dels[i].client].id)
		dst = lib0.AppendVarUint(dst, uint64(n))
		for _, r := range tx.dels[i : i+n] {
			dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, uint64(r.clock)), uint64(r.len))
		}
		i += n
	}
	return dst
}

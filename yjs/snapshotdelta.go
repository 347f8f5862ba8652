package yjs

import "github.com/civicpress/realtimefx/yjs/lib0"

// ChangeMark is the mark under which DeltaBetween says what changed. Its value is
// an object with the field type, "added" or "removed".
const ChangeMark = "ychange"

// DeltaBetween returns the text as it was at one moment, with what another moment
// before it did not have marked as added, and what that one still had marked as
// removed, as Yjs's toDelta does with two snapshots. A nil moment is now; a nil
// before marks nothing. Removed text is there only if the document does not
// collect it (Options.DisableGC).
func (t *Text) DeltaBetween(before, at *Snapshot) []DeltaOp { return t.base().deltaBetween(before, at) }

// DeltaBetween is as in Text.
func (t *XMLText) DeltaBetween(before, at *Snapshot) []DeltaOp {
	return t.base().deltaBetween(before, at)
}

type change byte

const (
	unchanged change = iota
	added
	removed
	hidden // shown by neither moment
)

var changeNames = map[change]string{added: "added", removed: "removed"}

func (b *branch) deltaBetween(before, at *Snapshot) []DeltaOp {
	var w deltaWriter
	for it := b.start; it != nil; it = it.right {
		client := b.doc.clients[it.client].id
		for n := uint32(0); n < it.len; {
			what, until := b.doc.changeOf(it, client, uint64(it.clock+n), before, at)
			end := uint32(min(until, uint64(it.end())) - uint64(it.clock))
			if what != hidden {
				w.write(b.doc, it, n, end, what)
			}
			n = end
		}
	}
	w.flush()
	return w.ops
}

// changeOf tells how a clock of an item differs between the moments, and up to
// which clock the answer stays the same.
func (d *Doc) changeOf(it *item, client, clock uint64, before, at *Snapshot) (change, uint64) {
	shown, until := !it.deleted, uint64(it.end())
	if at != nil {
		shown, until = at.visible(client, clock)
	}
	if before == nil {
		if shown {
			return unchanged, until
		}
		return hidden, until
	}
	was, to := before.visible(client, clock)
	until = min(until, to)
	switch {
	case shown && was:
		return unchanged, until
	case shown:
		return added, until
	case was:
		return removed, until
	}
	return hidden, until
}

// A deltaWriter joins text of equal marks.
type deltaWriter struct {
	ops    []DeltaOp
	str    []byte
	marks  marks
	change change // of str
}

func (w *deltaWriter) write(d *Doc, it *item, from, to uint32, what change) {
	switch it.kind {
	case kindString:
		if what != w.change {
			w.flush()
			w.change = what
		}
		piece := block{info: kindString, len: uint64(it.len), data: it.data}
		piece.keep(uint64(to))
		piece.slice(uint64(from))
		w.str = append(w.str, piece.data...)
	case kindType, kindEmbed:
		w.flush()
		w.ops = append(w.ops, DeltaOp{Insert: d.value(it, 0), Attributes: w.attributes()})
	case kindFormat:
		if what != removed {
			w.flush()
			w.marks.apply(it.aux)
		}
	}
}

func (w *deltaWriter) flush() {
	if len(w.str) == 0 {
		return
	}
	w.ops = append(w.ops, DeltaOp{Insert: string(w.str), Attributes: w.attributes()})
	w.str = w.str[:0]
}

func (w *deltaWriter) attributes() Attributes {
	var a Attributes
	if len(w.marks) > 0 {
		a = w.marks.values()
	}
	if name := changeNames[w.change]; name != "" {
		a = append(a, lib0.Field{Key: ChangeMark, Value: lib0.Object{{Key: "type", Value: name}}})
	}
	return a
}

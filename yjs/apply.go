package yjs

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// ApplyUpdate makes an update (format V1) part of the document, as one
// transaction of its own or as part of the one that is open. What it builds
// on and is not there yet makes it wait inside of the document.
//
// An error wraps ErrMalformed or ErrLimit and leaves the document exactly as
// it was. The update is not kept.
func (d *Doc) ApplyUpdate(update []byte, origin any) error {
	return d.applyChecked(update, origin, false)
}

func (d *Doc) applyChecked(update []byte, origin any, internal bool) error {
	if err := d.apply.check(d, update, internal); err != nil {
		return err
	}
	tx, outer := d.begin(origin, false)
	if outer {
		defer d.end(tx)
		if len(d.events.before.list) > 0 { // a callback may have applied another one
			if err := d.apply.check(d, update, internal); err != nil {
				return err
			}
		}
	}
	tx.local = false
	tx.applyAll(update)
	return nil
}

// ApplyUpdate is Doc.ApplyUpdate within the transaction: several updates make
// one event with one merged update. Each call is all or nothing.
func (tx *Transaction) ApplyUpdate(update []byte) error {
	if !tx.open {
		return ErrClosed
	}
	if err := tx.doc.apply.check(tx.doc, update, false); err != nil {
		return err
	}
	tx.local = false
	tx.applyAll(update)
	return nil
}

// An applier is what applying an update needs besides the document. It is
// kept for the next one.
type applier struct {
	groups []group // of the update at hand, lower client ids first
	stack  []place
	rest   []restGroup
	ds     lib0.Decoder // at the delete set
	mode   readMode
}

// A group is what an update holds of one client.
type group struct {
	client uint64
	clock  uint64 // of the next struct
	next   uint64 // clock behind the last one
	left   uint64 // structs
	pos    int    // of the next struct in the update
	end    int
	gap    bool    // a skip is among the structs
	dead   bool    // the rest waits
	c      *client // once it is known
}

// A head is a struct that is being looked at.
type head struct {
	place
	b block
}

// A place is where a struct stands in the update.
type place struct {
	group int32
	pos   int
	clock uint64
	after uint64 // structs behind it in its group

	// Of a struct that waits: the group that has what it needs, and how far that
	// must come.
	source int32
	until  uint64
}

// A restGroup is the part of a group that must wait.
type restGroup struct {
	client, clock, n uint64
	pos, end         int
}

// applyAll integrates an update that check has passed.
func (tx *Transaction) applyAll(update []byte) {
	d := tx.doc
	ds := d.apply.ds
	rest, missing := tx.integrateGroups(update)
	retry := d.pending != nil && tx.canRetry()
	if rest != nil {
		d.keepPending(rest)
		for client, clock := range missing {
			d.missing.add(ID{client, clock})
			d.ready = d.ready || clock < d.state(client)
		}
	}
	tx.applyDeletes(&ds)
	if retry {
		d.mergeLate()
		update := d.pending
		d.pending, d.missing, d.ready = nil, nil, false
		if err := d.apply.scan(update, true); err != nil {
			panic(fmt.Sprintf("yjs: pending update: %v", err)) // we wrote it
		}
		tx.applyAll(update)
	}
}

// canRetry tells whether something has come that what waits was waiting for.
func (tx *Transaction) canRetry() bool {
	d := tx.doc
	if d.ready {
		return true
	}
	for _, t := range tx.touched {
		if clock, ok := d.missing[t.c.id]; ok && clock < uint64(t.c.state) {
			return true
		}
	}
	return false
}

// missingClocks tells what must come before something that waits can be tried
// again: of any client, a clock.
type missingClocks map[uint64]uint64

func (m *missingClocks) add(id ID) {
	if *m == nil {
		*m = make(missingClocks)
	}
	if clock, ok := (*m)[id.Client]; !ok || id.Clock < clock {
		(*m)[id.Client] = id.Clock
	}
}

// integrateGroups integrates structs in the order of Yjs: the highest client
// first, and whatever a struct needs before it. It returns what must wait, as
// an update, and what that waits for.
func (tx *Transaction) integrateGroups(update []byte) (rest []byte, missing missingClocks) {
	d, a := tx.doc, &tx.doc.apply
	a.stack, a.rest = a.stack[:0], a.rest[:0]
	cur := len(a.groups) - 1
	var h head
	var r refs
	for {
		if n := len(a.stack); n > 0 {
			top := &a.stack[n-1]
			if source := &a.groups[top.source]; source.known(d).nextClock() > top.until {
				h.place = *top
				a.stack = a.stack[:n-1]
				a.readAt(&h, update)
			} else if source.left > 0 {
				a.read(&h, int(top.source), update)
			} else {
				missing.add(ID{source.client, source.known(d).nextClock()})
				a.park()
				continue
			}
		} else {
			for cur >= 0 && a.groups[cur].left == 0 {
				cur--
			}
			if cur < 0 {
				break
			}
			a.read(&h, cur, update)
		}
		if h.b.kind() == kindSkip {
			continue
		}
		id, need := d.need(&h.b, &r, a.groups[h.group].known(d))
		if need == nothing {
			tx.integrate(&h.b, &r)
			continue
		}
		if need == another {
			if h.source, h.until = int32(a.groupOf(id.Client)), id.Clock; h.source >= 0 {
				a.stack = append(a.stack, h.place)
				continue
			}
			id.Clock = d.state(id.Client)
		}
		a.stack = append(a.stack, h.place)
		missing.add(id)
		a.park()
	}
	if len(a.rest) == 0 {
		return nil, nil
	}
	return a.encodeRest(update), missing
}

// known returns the client of the group, nil as long as there is none.
func (g *group) known(d *Doc) *client {
	if g.c == nil {
		g.c = d.known(g.client)
	}
	return g.c
}

type need int

const (
	nothing need = iota
	earlier      // structs of the same client
	another      // structs of another client
)

// need tells what is missing before a struct of a client can be integrated: the
// last clock of its own client, or what it refers to of another one. If it is
// nothing, r holds the clients that the struct refers to.
func (d *Doc) need(b *block, r *refs, own *client) (missing ID, n need) {
	who := b.id.Client
	*r = refs{own: own}
	if b.id.Clock > own.nextClock() || b.end() > math.MaxUint32 {
		return ID{who, b.id.Clock - 1}, earlier // clocks are 32 bits wide inside of a document
	}
	// What is of the same client is there: the check has seen that its clock
	// is lower.
	find := func(id ID) *client {
		if id.Client == who {
			return r.own
		}
		c := r.origin
		if c == nil || c.id != id.Client {
			c = d.known(id.Client)
		}
		if id.Clock >= c.nextClock() {
			return nil
		}
		return c
	}
	if b.hasOrigin() {
		if r.origin = find(b.origin); r.origin == nil {
			return b.origin, another
		}
	}
	if b.hasRight() {
		if r.right = find(b.right); r.right == nil {
			return b.right, another
		}
	}
	if b.hasPID {
		if r.parent = find(b.parent); r.parent == nil {
			return b.parent, another
		}
	}
	return ID{}, nothing
}

// read reads the next struct of a group, which has passed the check.
func (a *applier) read(h *head, gi int, update []byte) {
	g := &a.groups[gi]
	g.left--
	h.place = place{group: int32(gi), pos: g.pos, clock: g.clock, after: g.left}
	g.pos = a.readAt(h, update)
	g.clock += h.b.len
}

// readAt reads the struct at the place of h and returns where it ends.
func (a *applier) readAt(h *head, update []byte) int {
	g := &a.groups[h.group]
	q := quickReader{buf: update[:g.end:g.end], pos: h.pos}
	if h.b.quick(&q, g.client, h.clock, true) {
		return q.pos
	}
	d := lib0.NewDecoder(update[:g.end:g.end])
	d.Seek(h.pos)
	if err := h.b.read(&d, g.client, h.clock, a.mode); err != nil {
		panic(fmt.Sprintf("yjs: struct that was valid before: %v", err))
	}
	return d.Pos()
}

func (a *applier) groupOf(client uint64) int {
	i, ok := slices.BinarySearchFunc(a.groups, client, func(g group, c uint64) int { return cmp.Compare(g.client, c) })
	if !ok {
		return -1
	}
	return i
}

// park gives up on everything on the stack, and on what follows it in the
// same groups.
func (a *applier) park() {
	for _, h := range a.stack {
		g := &a.groups[h.group]
		if !g.dead {
			a.rest = append(a.rest, restGroup{g.client, h.clock, h.after + 1, h.pos, g.end})
			g.dead, g.left = true, 0
		}
	}
	a.stack = a.stack[:0]
}

// encodeRest writes what must wait as an update without deletes.
func (a *applier) encodeRest(update []byte) []byte {
	slices.SortFunc(a.rest, func(x, y restGroup) int { return cmp.Compare(y.client, x.client) })
	n := 12
	for _, r := range a.rest {
		n += r.end - r.pos + 24
	}
	out := lib0.AppendVarUint(make([]byte, 0, n), uint64(len(a.rest)))
	for _, r := range a.rest {
		out = lib0.AppendVarUint(out, r.n)
		out = lib0.AppendVarUint(out, r.client)
		out = lib0.AppendVarUint(out, r.clock)
		out = append(out, update[r.pos:r.end]...)
	}
	return append(out, 0)
}

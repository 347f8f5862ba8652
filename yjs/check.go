package yjs

import (
	"cmp"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// check reads the whole update without touching the document and remembers
// where the groups are. After it, integrating cannot fail.
func (a *applier) check(d *Doc, update []byte, internal bool) error {
	if n := d.limits.UpdateBytes; len(update) > n {
		return &LimitError{"UpdateBytes", uint64(n), uint64(len(update))}
	}
	if err := a.scan(update, internal); err != nil {
		return err
	}
	waiting := len(d.pending) + d.lateBytes + len(update)
	for _, c := range d.pendingDS {
		waiting += 16 * len(c.ranges)
	}
	if n := d.limits.PendingBytes; waiting > n && a.mustWait(d, update) {
		return &LimitError{"PendingBytes", uint64(n), uint64(waiting)}
	}
	return nil
}

// mustWait tells whether some of an update, which has been checked, may have
// to wait for others. It does not simulate the order of integration: what an
// update holds itself counts as there.
func (a *applier) mustWait(d *Doc, update []byte) bool {
	next := func(client uint64) uint64 {
		n := d.state(client)
		if g := a.groupOf(client); g >= 0 && a.groups[g].clock <= n {
			n = max(n, a.groups[g].next)
		}
		return n
	}
	var b block
	for _, g := range a.groups {
		dec := lib0.NewDecoder(update[:g.end:g.end])
		dec.Seek(g.pos)
		if g.left > 0 && next(g.client) < g.clock {
			return true
		}
		for clock := g.clock; dec.Len() > 0; clock += b.len {
			if b.read(&dec, g.client, clock, a.mode|readCheck) != nil {
				return true
			}
			if b.kind() == kindSkip || b.hasOrigin() && b.origin.Clock >= next(b.origin.Client) ||
				b.hasRight() && b.right.Clock >= next(b.right.Client) || b.hasPID && b.parent.Clock >= next(b.parent.Client) {
				return true
			}
		}
	}
	ds, wait := a.ds, false
	eachDelete(&ds, func(client uint64, r deleteRange) { wait = wait || r.end() > next(client) })
	return wait
}

func (a *applier) scan(update []byte, internal bool) error {
	a.groups = a.groups[:0]
	r, err := newBlockReader(update, internal)
	if err != nil {
		return err
	}
	r.mode |= readCheck
	a.mode = r.mode &^ readCheck
	var b block
	for {
		ok, err := r.nextGroup()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		g := group{client: r.client, clock: r.clock, left: r.structs, pos: r.dec.Pos()}
		q := quickReader{buf: update, pos: g.pos}
		for r.structs > 0 {
			if b.quick(&q, r.client, r.clock, false) {
				r.structs--
				r.clock += b.len
			} else {
				r.dec.Seek(q.pos)
				if _, err := r.next(&b); err != nil {
					return err
				}
				q.pos = r.dec.Pos()
			}
			g.gap = g.gap || b.kind() == kindSkip
		}
		r.dec.Seek(q.pos)
		g.end, g.next = r.dec.Pos(), r.clock
		if len(a.groups) == 0 && r.groups > 0 { // a client takes five bytes or more
			a.groups = slices.Grow(a.groups, 1+int(min(r.groups, uint64(r.dec.Len()/5))))
		}
		a.groups = append(a.groups, g)
	}
	a.ds = r.dec
	ds := r.dec
	if err := eachDelete(&ds, nil); err != nil {
		return err
	}
	a.sortGroups()
	return nil
}

// sortGroups sorts by client. Of groups of the same client the last one
// counts, as in Yjs.
func (a *applier) sortGroups() {
	if len(a.groups) < 2 {
		return
	}
	slices.Reverse(a.groups) // updates have higher ids first
	byClient := func(x, y group) int { return cmp.Compare(x.client, y.client) }
	if !slices.IsSortedFunc(a.groups, byClient) {
		slices.SortStableFunc(a.groups, byClient)
	}
	a.groups = slices.CompactFunc(a.groups, func(x, y group) bool { return x.client == y.client })
}

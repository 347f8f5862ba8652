package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// applyDeletes applies a delete set, and then again the deletes that wait.
func (tx *Transaction) applyDeletes(ds *lib0.Decoder) {
	d := tx.doc
	var rest deleteSet
	index := map[uint64]int(nil)
	later := func(client uint64, r deleteRange) {
		if index == nil {
			index = make(map[uint64]int)
		}
		i, ok := index[client]
		if !ok {
			i = len(rest)
			index[client] = i
			rest = append(rest, clientDeletes{client: client})
		}
		rest[i].ranges = append(rest[i].ranges, r)
	}
	apply := func(client uint64, r deleteRange) { tx.applyDelete(client, r, later) }
	if err := eachDelete(ds, apply); err != nil {
		panic(fmt.Sprintf("yjs: delete set that was valid before: %v", err))
	}
	if d.pendingDS == nil || rest == nil && !d.deletesReady() {
		if rest != nil {
			rest.sortClients()
			d.keepDeletes(rest)
		}
		return
	}
	fresh := rest
	rest, index = nil, nil
	for _, c := range d.pendingDS {
		for _, r := range c.ranges {
			apply(c.client, r)
		}
	}
	if fresh != nil && rest != nil {
		for _, c := range fresh {
			for _, r := range c.ranges {
				later(c.client, r)
			}
		}
		rest.normalize()
	} else if rest == nil {
		rest = fresh
	}
	rest.sortClients()
	d.keepDeletes(rest)
}

// keepDeletes makes deletes wait.
func (d *Doc) keepDeletes(ds deleteSet) {
	d.pendingDS, d.pendingLows = ds, d.pendingLows[:0]
	for _, c := range ds {
		low := c.ranges[0].clock
		for _, r := range c.ranges {
			low = min(low, r.clock)
		}
		d.pendingLows = append(d.pendingLows, low)
	}
}

// deletesReady tells whether something has come that is to be deleted.
func (d *Doc) deletesReady() bool {
	for i, c := range d.pendingDS {
		if d.pendingLows[i] < d.state(c.client) {
			return true
		}
	}
	return false
}

// applyDelete deletes a range, and passes on what is not there yet.
func (tx *Transaction) applyDelete(client uint64, r deleteRange, later func(uint64, deleteRange)) {
	c := tx.doc.known(client)
	if c == nil || r.clock >= uint64(c.state) {
		later(client, r)
		return
	}
	if state := uint64(c.state); r.end() > state {
		later(client, deleteRange{state, r.end() - state})
		r.len = state - r.clock
	}
	clock, end := uint32(r.clock), uint32(r.end())
	p := c.find(clock)
	if it := c.at(p); !it.deleted && it.clock < clock {
		tx.split(c, p, clock-it.clock)
		p = c.find(clock)
	}
	for {
		it := c.at(p)
		if it.clock >= end {
			return
		}
		if !it.deleted {
			if end < it.end() {
				tx.split(c, p, end-it.clock)
				p = c.find(it.clock)
			}
			tx.delete(it)
		}
		var ok bool
		if p, ok = c.next(p); !ok {
			return
		}
	}
}

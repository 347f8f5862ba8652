package yjs

import (
	"cmp"
	"slices"
)

type observers struct {
	own  handlers[func(*Event)]
	deep handlers[func([]*Event)]
}

// Observe calls f at the end of every transaction that has changed the list
// or the keys of a type, if the type was there before and still is.
func Observe(n Node, f func(*Event)) (cancel func()) {
	b := n.base()
	b.doc.observing = true
	return b.observers().own.add(f)
}

// ObserveDeep calls f at the end of every transaction that has changed a type
// or types inside of it, with the events of all of them, outer ones first.
func ObserveDeep(n Node, f func([]*Event)) (cancel func()) {
	b := n.base()
	b.doc.observing = true
	return b.observers().deep.add(f)
}

func (b *branch) observers() *observers {
	if b.obs == nil {
		b.obs = &observers{}
	}
	return b.obs
}

// under is a type with the events of what is in it.
type under struct {
	b      *branch
	events []*Event
}

// callObservers calls the observers of changed types in the order in which
// they changed, then deep observers.
func (tx *Transaction) callObservers() {
	if !tx.doc.observing {
		tx.noteFormats()
		return
	}
	var parents []under
	index := make(map[*branch]int)
	for i := 0; i < len(tx.changed); i++ {
		c := tx.changed[i]
		if c.b == nil || c.b.isDeleted() {
			continue
		}
		e := &Event{tx: tx, target: c.b, current: c.b, subs: c.subs()}
		for b := c.b; ; b = b.item.parent {
			at, ok := index[b]
			if !ok {
				at = len(parents)
				index[b] = at
				parents = append(parents, under{b: b})
			}
			parents[at].events = append(parents[at].events, e)
			if b.item == nil {
				break
			}
		}
		if c.b.obs != nil {
			for _, h := range c.b.obs.own.list {
				h.f(e)
			}
		}
	}
	tx.noteFormats()
	for _, p := range parents {
		if p.b.obs == nil || len(p.b.obs.deep.list) == 0 || p.b.isDeleted() {
			continue
		}
		p.callDeep()
	}
}

func (p under) callDeep() {
	events := slices.DeleteFunc(slices.Clone(p.events), func(e *Event) bool { return e.target.isDeleted() })
	depth := make(map[*Event]int, len(events))
	for _, e := range events {
		e.current = p.b
		depth[e] = len(e.Path())
	}
	slices.SortStableFunc(events, func(a, b *Event) int { return cmp.Compare(depth[a], depth[b]) })
	for _, h := range p.b.obs.deep.list {
		h.f(events)
	}
}

// noteFormats notes whether remote changes have met texts with marks.
func (tx *Transaction) noteFormats() {
	if tx.local || !tx.doc.clean {
		return
	}
	for _, c := range tx.changed {
		if c.b != nil && c.b.formatted && !c.b.isDeleted() && (c.b.kind == typeText || c.b.kind == typeXMLText) {
			tx.cleanFormats = true
		}
	}
}

package codec

import (
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Tail is what a journal has of a room behind a state: the entries that follow
// on each other, and those that cannot be used.
type Tail struct {
	Entries []store.Entry
	Bad     []Unusable
	next    uint64
}

// Unusable is an entry that cannot be used, and why. Update may be nil.
type Unusable struct {
	Seq    uint64
	Update []byte
	Reason string
}

// NewTail returns the tail behind a state at base.
func NewTail(base uint64) *Tail { return &Tail{next: base + 1} }

// Add adds the entry with the next higher number. damage says why its bytes
// cannot be used, "" if they can.
func (t *Tail) Add(e store.Entry, damage string) {
	switch {
	case len(t.Bad) > 0:
		damage = fmt.Sprintf("it follows entry %d, which cannot be used", t.Bad[0].Seq)
	case damage == "" && e.Seq != t.next:
		damage = fmt.Sprintf("entry %d before it is missing", t.next)
	}
	if damage != "" {
		t.Bad = append(t.Bad, Unusable{e.Seq, e.Update, damage})
		return
	}
	t.Entries = append(t.Entries, e)
	t.next++
}

// EntryName is what an entry is called in reports of damage.
func EntryName(seq uint64) string { return fmt.Sprintf("journal entry %d", seq) }

// Damage reports what cannot be used.
func (t *Tail) Damage(room string) (list []store.Damage) {
	for _, e := range t.Bad {
		list = append(list, store.Damage{Room: room, What: EntryName(e.Seq), Reason: e.Reason})
	}
	return list
}

// All returns everything as unusable, the intact entries for a reason.
func (t *Tail) All(reason string) []Unusable {
	list := make([]Unusable, 0, len(t.Entries)+len(t.Bad))
	for _, e := range t.Entries {
		list = append(list, Unusable{e.Seq, e.Update, reason})
	}
	return append(list, t.Bad...)
}

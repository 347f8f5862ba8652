package awareness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Apply takes in an encoded awareness update that came at now. On an error
// nothing has changed.
func (a *Awareness) Apply(update []byte, now time.Time) (Change, error) {
	entries, err := a.limits.DecodeUpdate(update)
	if err != nil {
		return Change{}, err
	}
	return a.ApplyEntries(entries, now)
}

// ApplyEntries is Apply for a decoded update. Valid JSON of the states is the
// caller's promise.
func (a *Awareness) ApplyEntries(entries []Entry, now time.Time) (Change, error) {
	if err := a.makeRoom(entries); err != nil {
		return Change{}, err
	}
	var ch Change
	for _, e := range entries {
		a.apply(e, now, &ch)
	}
	return ch, nil
}

func (a *Awareness) apply(e Entry, now time.Time, ch *Change) {
	c, known := a.clients[e.Client]
	if !known {
		c = &client{}
	}
	gone := e.Gone()
	if e.Clock < c.clock || e.Clock == c.clock && !(gone && c.isHere) {
		return
	}
	if !known {
		a.clients[e.Client] = c
	}
	c.clock, c.seen = e.Clock, now
	differs := !gone && !(c.isHere && sameJSON(c.state, e.State))
	switch {
	case !gone:
		c.state, c.isHere = append(c.state[:0], e.State...), true
	case a.isLocal && e.Client == a.local && c.isTruthy():
		// Somebody else says that we are gone. We are not: the next clock
		// tells them, once the caller has passed the change on.
		c.clock++
	default:
		c.state, c.isHere = nil, false
	}
	switch {
	case gone && known:
		ch.Removed = append(ch.Removed, e.Client)
	case gone:
	case !known:
		ch.Added = append(ch.Added, e.Client)
	default:
		ch.Updated = append(ch.Updated, e.Client)
		if differs {
			ch.Changed = append(ch.Changed, e.Client)
		}
	}
}

// makeRoom forgets those gone for longest until the newcomers of entries fit.
func (a *Awareness) makeRoom(entries []Entry) error {
	if len(a.clients)+len(entries) <= a.limits.MaxClients {
		return nil
	}
	named := make(map[uint64]bool, len(entries))
	newcomers := 0
	for _, e := range entries {
		if _, known := a.clients[e.Client]; !known && !named[e.Client] {
			newcomers++
		}
		named[e.Client] = true
	}
	over := len(a.clients) + newcomers - a.limits.MaxClients
	if over <= 0 {
		return nil
	}
	var gone []uint64
	for id, c := range a.clients {
		if !c.isHere && !named[id] {
			gone = append(gone, id)
		}
	}
	if len(gone) < over {
		return fmt.Errorf("%w: %d clients are here, at most %d are allowed", ErrTooLarge, len(a.clients)-len(gone), a.limits.MaxClients)
	}
	slices.SortFunc(gone, func(x, y uint64) int { return a.clients[x].seen.Compare(a.clients[y].seen) })
	// Forget some more than needed, so that not every newcomer sorts them all.
	for _, id := range gone[:min(len(gone), max(over, a.limits.MaxClients/8))] {
		delete(a.clients, id)
	}
	return nil
}

// sameJSON reports whether two valid JSON texts mean the same value.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

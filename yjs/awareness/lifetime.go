package awareness

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Remove takes away the states of clients, as a server does when their
// connection ends, and returns those that were there; Encode of them makes the
// others remove them too. As in y-protocols only the own client's clock moves: a
// client that is still alive comes back with its next clock.
func (a *Awareness) Remove(clients []uint64, now time.Time) []uint64 {
	var removed []uint64
	for _, id := range clients {
		c, known := a.clients[id]
		if !known || !c.isHere {
			continue
		}
		c.state, c.isHere = nil, false
		if a.isLocal && id == a.local {
			c.clock, c.seen = c.clock+1, now
		}
		removed = append(removed, id)
	}
	return removed
}

// RemoveOutdated removes the clients, except the own, that were not heard of
// for OutdatedTimeout, and returns them in ascending order.
func (a *Awareness) RemoveOutdated(now time.Time) []uint64 {
	var old []uint64
	for id, c := range a.clients {
		if c.isHere && now.Sub(c.seen) >= OutdatedTimeout && !(a.isLocal && id == a.local) {
			old = append(old, id)
		}
	}
	slices.Sort(old)
	return a.Remove(old, now)
}

// SetLocal makes client the own one and sets its state; null or nothing takes
// it away. From now on no update can remove it: Apply answers the attempt with a
// newer clock. A server has no own client and never calls this.
func (a *Awareness) SetLocal(id uint64, state json.RawMessage, now time.Time) (Change, error) {
	e := Entry{Client: id, State: state}
	if len(state) == 0 {
		e.State = json.RawMessage("null")
	}
	if !json.Valid(e.State) {
		return Change{}, fmt.Errorf("%w: state of client %d is not valid JSON", ErrMalformed, id)
	}
	if err := a.makeRoom([]Entry{e}); err != nil {
		return Change{}, err
	}
	a.local, a.isLocal = id, true
	c, known := a.clients[id]
	if known {
		c.clock++
	} else {
		c = &client{}
		a.clients[id] = c
	}
	c.seen = now
	was, same := c.isHere, c.isHere && sameJSON(c.state, e.State)
	c.state, c.isHere = append(c.state[:0], e.State...), !e.Gone()
	ids := []uint64{id}
	switch {
	case !c.isHere:
		return Change{Removed: ids}, nil
	case !was:
		return Change{Added: ids}, nil
	case same:
		return Change{Updated: ids}, nil
	}
	return Change{Updated: ids, Changed: ids}, nil
}

// Renew gives the own state its next clock if it is RenewInterval old, and
// reports whether it did: then encode and send it.
func (a *Awareness) Renew(now time.Time) bool {
	if !a.isLocal {
		return false
	}
	c := a.clients[a.local]
	if c == nil || !c.isTruthy() || now.Sub(c.seen) < RenewInterval {
		return false
	}
	c.clock, c.seen = c.clock+1, now
	return true
}

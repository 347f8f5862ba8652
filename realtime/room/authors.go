package room

import (
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/yjs"
)

// Who writes under which Yjs client id.
//
// An id belongs to the user who first sends an edit under it while the room
// lives, or who wrote journal entries under it before. What comes in an answer
// to our step 1 binds nobody: a browser brings what it knows, its own edits and
// those of others that the server lost. New content under an id of
// somebody else is forged and refused, with one exception: after a crash the
// browsers hold edits of each other that the server lost, and the first one to
// come back brings them all in its answer to our step 1. Such a relay is kept,
// unless the id's own user is here and brings them himself when he is given the
// time; the journal names nobody then.

// maxRelayAsks is how often a client that brings edits of somebody who is here
// is asked again before it is believed.
const maxRelayAsks = 2

// mayWrite checks an update of a member before it is applied.
func (r *Room) mayWrite(m *Member, update []byte, step2 bool) bool {
	from, to, err := yjs.UpdateMeta(update)
	if err != nil {
		// Let the engine say what is wrong, in one place.
		return true
	}
	_ = from
	var have yjs.StateVector // only looked at when an id is not the member's
	for id, clock := range to {
		owner, bound := r.authors[id]
		if bound && owner == m.user.ID {
			m.wrote(id, clock)
			continue
		}
		if have == nil {
			have = r.document().StateVector()
			if r.foreign(unknownOf(to, have)) {
				r.sendAway(m)
				return false
			}
		}
		switch {
		case clock <= have[id]: // known already: says nothing about who wrote it
		case !bound && step2:
			r.turned.relayed = true
			m.wrote(id, clock)
		case !bound:
			r.authors[id] = m.user.ID
			m.wrote(id, clock)
		case step2 && !r.isHere(owner):
			r.turned.relayed = true
			r.manager.opts.Meter.Relayed.Inc()
			r.logger().Info("edits of an absent author taken from another client", "op", "room.relay", "client", m.id, "author", owner)
		case step2 && m.asked < maxRelayAsks:
			// The author is here and may bring them; then this client's
			// answer holds only its own.
			m.asked++
			m.Send(wire.Step1(r.stateVector()))
			return false
		case step2:
			// The author is here in another tab, which does not know them.
			r.turned.relayed = true
			r.manager.opts.Meter.Relayed.Inc()
		default:
			cid := r.forged(m, "update", id, owner)
			m.SendControl(wire.Error(ErrPermissionDenied.Code, "An edit in somebody else's name was refused.", cid))
			r.heal(m)
			return false
		}
	}
	return true
}

// unknownOf returns the clients of to that the document does not have.
func unknownOf(to, have yjs.StateVector) yjs.StateVector {
	var unknown yjs.StateVector
	for id, clock := range to {
		if _, ok := have[id]; !ok {
			if unknown == nil {
				unknown = make(yjs.StateVector)
			}
			unknown[id] = clock
		}
	}
	return unknown
}

// isHere reports whether a user has a socket in the room.
func (r *Room) isHere(user int64) bool {
	for _, m := range r.members {
		if m.user.ID == user && !m.Ended() {
			return true
		}
	}
	return false
}

// wrote notes that the member wrote under an id, for its next ack.
func (m *Member) wrote(id, next uint64) {
	if !m.v1 {
		return
	}
	if m.clocks == nil {
		m.clocks = make(map[uint64]uint64, 1)
	}
	m.clocks[id] = max(m.clocks[id], next)
}

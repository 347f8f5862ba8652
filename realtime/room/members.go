package room

import (
	"slices"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// enter lets a member into the room: it hears that it is in, and is asked for
// what we lack. It gets the document when it has said what it holds, because a
// client with another lineage must not get ours.
func (r *Room) enter(m *Member) {
	if m.Ended() {
		return
	}
	r.members = append(r.members, m)
	r.clients.Store(int32(len(r.members)))
	g := m.Grant()
	m.SendControl(wire.Ack(r.id, m.id, m.access(g)))
	if g.Edit {
		m.Send(wire.Step1(r.stateVector()))
	}
	m.hello = time.AfterFunc(helloWait, func() { r.post(event{kind: evPush, member: m}) })
	if r.failing && m.v1 {
		m.warned = true
		m.Send(wire.Unsaved(r.durable.Load(), unsavedText))
	}
}

// access is the field of the ack that only clients of the subprotocol know.
func (m *Member) access(g Grant) wire.Access {
	switch {
	case !m.v1:
		return wire.NoAccess
	case g.Edit:
		return wire.EditAccess
	default:
		return wire.ViewAccess
	}
}

// part takes a member out.
func (r *Room) part(m *Member) {
	m.out.close()
	if m.hello != nil {
		m.hello.Stop()
	}
	i := slices.Index(r.members, m)
	if i < 0 {
		return
	}
	r.members = slices.Delete(r.members, i, i+1)
	r.clients.Store(int32(len(r.members)))
	r.waiting = slices.DeleteFunc(r.waiting, func(w *Member) bool { return w == m })
	r.acksDue.Store(len(r.waiting) > 0)
	m.synced, m.acks = false, nil
	r.silence(m)
}

// Regrant changes what a member may do while it is in the room. A new right to
// edit makes the room ask for what the member wrote in the meantime.
func (r *Room) Regrant(m *Member, g Grant) {
	if !m.SetGrant(g) {
		return
	}
	if m.v1 {
		m.Send(wire.AccessChanged(m.access(g)))
	}
	if g.Edit {
		r.call(func() { m.Send(wire.Step1(r.stateVector())) })
	}
}

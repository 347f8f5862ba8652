package room

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/yjs/awareness"
)

// Who is here and where the cursors are. A socket speaks only for the
// awareness ids that it introduced; the name in a state is the session's,
// whatever the client wrote; a state ends when its socket does. What changed
// within a turn goes out once, newest state per id, after the edits.
//
// Clients take a state only with a clock that is newer than the last one they
// know of, and a stock client that reconnects comes with the clock it had: to
// everybody else it would be gone until it moves or, after 15 s, renews its
// state. So the room gives such a state the next clock and tells its client
// too, which goes on from there.

// presenceLimits bound what one client may say about itself.
var presenceLimits = awareness.Limits{MaxEntries: 512, MaxState: 16 << 10, MaxClients: 4096}

// hear takes an awareness message of a member in.
func (r *Room) hear(m *Member, data []byte) {
	if m.Ended() {
		return
	}
	entries, err := presenceLimits.DecodeUpdate(data)
	if err != nil {
		r.logger().Debug("invalid awareness message ignored", "op", "room.presence", "client", m.id, "error", err)
		return
	}
	own := entries[:0]
	for _, e := range entries {
		if r.maySpeak(m, &e) && r.isNews(m, &e) {
			own = append(own, e)
		}
	}
	if len(own) == 0 {
		return
	}
	change, err := r.presence.ApplyEntries(own, r.turned.now)
	if err != nil {
		r.logger().Debug("awareness message refused", "op", "room.presence", "client", m.id, "error", err)
		return
	}
	if change.Empty() {
		return
	}
	if change.Visible() {
		m.active.Store(r.turned.now.UnixMilli())
	}
	r.changed(m, change.All())
}

// maySpeak decides about one entry of a member's message and puts the
// session's name into its state. Stock clients repeat what they hear of
// others; only news about others counts as forged.
func (r *Room) maySpeak(m *Member, e *awareness.Entry) bool {
	known, heard := r.presence.Clock(e.Client)
	if m.self == 0 && !e.Gone() {
		m.self = e.Client // a client speaks for itself first
	}
	owner := r.speakers[e.Client]
	switch {
	case owner == m:
	case owner == nil:
		if e.Gone() || heard && e.Clock <= known && !r.comesBack(m, e.Client) {
			return false // repeats what it heard of somebody who left
		}
		r.speakFor(m, e.Client)
	case owner.user.ID == m.user.ID:
		// Two tabs of one browser share states, and a reconnected tab meets
		// its own half-open socket. The id goes to the socket whose own it is.
		if e.Clock <= known && m.self != e.Client {
			return false
		}
		if m.self == e.Client && owner.self != e.Client || m.self == e.Client && e.Clock >= known {
			r.speakFor(m, e.Client)
		}
	case e.Clock <= known && !(e.Gone() && e.Clock == known):
		return false
	default:
		if e.Gone() && e.Clock == known {
			// Stock clients say this of everybody when they lose contact with
			// them; it is no attack, and not taken.
			return false
		}
		r.forged(m, "presence", e.Client, owner.user.ID)
		return false
	}
	if !e.Gone() {
		if m.stamp == nil {
			m.stamp = new(stamp)
		}
		e.State = m.stamp.apply(m, e.State)
	}
	return true
}

// comesBack reports whether an id whose socket has left is the member's own.
func (r *Room) comesBack(m *Member, id uint64) bool {
	if m.self != id {
		return false
	}
	if _, here := r.presence.State(id); here {
		return false // on another node
	}
	user, known := r.left[id]
	return !known || user == m.user.ID
}

// isNews reports whether an entry that a member may send says something new,
// and gives it a clock that everybody takes.
func (r *Room) isNews(m *Member, e *awareness.Entry) bool {
	known, heard := r.presence.Clock(e.Client)
	if r.speakers[e.Client] != m || m.self != e.Client {
		return true // by its clock or not at all
	}
	switch {
	case !heard && m.rejoined: // the others may know it from before a restart
		e.Clock++
	case !heard || e.Clock > known:
		return true
	case e.Gone():
		e.Clock = known
		return true
	default:
		if state, here := r.presence.State(e.Client); here && e.Clock == m.speaks[e.Client] && bytes.Equal(state, e.State) {
			return false // stock clients repeat what they are told of themselves
		}
		e.Clock = known + 1
	}
	m.speaks[e.Client] = e.Clock
	r.turned.talked = append(r.turned.talked, nil) // so that it hears its clock
	return true
}

// renew gives the states of those who are here the next clock, for a member
// that reconnects: it has dropped them, but remembers their clocks. The others
// hear of it with the next change. It returns the ids.
func (r *Room) renew() (ids []uint64) {
	var entries []awareness.Entry
	for id := range r.speakers {
		clock, _ := r.presence.Clock(id)
		if state, here := r.presence.State(id); here {
			ids, entries = append(ids, id), append(entries, awareness.Entry{Client: id, Clock: clock + 1, State: state})
		}
	}
	if _, err := r.presence.ApplyEntries(entries, r.turned.now); err != nil {
		r.logger().Debug("presence cannot be renewed", "op", "room.presence", "error", err)
	}
	return ids
}

// speakFor binds an awareness id to a socket.
func (r *Room) speakFor(m *Member, id uint64) {
	if old := r.speakers[id]; old != nil {
		delete(old.speaks, id)
	}
	if m.speaks == nil {
		m.speaks = make(map[uint64]uint64, 1)
	}
	m.speaks[id] = 0
	r.speakers[id] = m
	delete(r.left, id)
}

// changed notes ids whose state goes out at the end of the turn.
func (r *Room) changed(m *Member, ids []uint64) {
	for _, id := range ids {
		if !slices.Contains(r.turned.presence, id) {
			r.turned.presence = append(r.turned.presence, id)
		}
	}
	if !slices.Contains(r.turned.talked, m) {
		r.turned.talked = append(r.turned.talked, m)
	}
}

// spread sends the presence that changed in this turn.
func (r *Room) spread() {
	t := &r.turned
	if len(t.presence) == 0 {
		return
	}
	update := r.presence.Encode(t.presence)
	frame := wire.Awareness(update)
	var only *Member // the one who knows already
	if len(t.talked) == 1 {
		only = t.talked[0]
	}
	for _, m := range r.members {
		if m != only && m.synced {
			r.offer(m, frame)
		}
	}
	r.manager.opts.Meter.Out[meter.Awareness].Add(uint64(len(r.members)))
	if r.link != nil && !(len(t.talked) == 1 && t.talked[0] == nil) {
		r.link.Publish(cluster.Message{Kind: cluster.Awareness, Data: update})
	}
	clear(t.talked)
	t.presence, t.talked = t.presence[:0], t.talked[:0]
}

// tell sends a member all states there are.
func (r *Room) tell(m *Member) {
	if here := r.presence.Clients(); len(here) > 0 {
		m.Send(wire.Awareness(r.presence.Encode(here)))
	}
}

// silence removes the states of a member that left.
func (r *Room) silence(m *Member) {
	var ids []uint64
	for id := range m.speaks {
		delete(r.speakers, id)
		ids = append(ids, id)
		r.remembers(id, m.user.ID)
	}
	m.speaks = nil
	slices.Sort(ids)
	if gone := r.presence.Remove(ids, r.turned.now); len(gone) > 0 {
		r.changed(m, gone)
	}
}

// remembers notes whose an id was, for when he comes back.
func (r *Room) remembers(id uint64, user int64) {
	if r.left == nil {
		r.left = make(map[uint64]int64)
	}
	for other := range r.left {
		if len(r.left) < presenceLimits.MaxClients {
			break
		}
		delete(r.left, other)
	}
	r.left[id] = user
}

// hearRemote takes in what another node says about its own members.
func (r *Room) hearRemote(data []byte) {
	entries, err := awareness.DecodeUpdate(data)
	if err != nil {
		return
	}
	own := slices.DeleteFunc(entries, func(e awareness.Entry) bool { return r.speakers[e.Client] != nil })
	if change, err := r.presence.ApplyEntries(own, r.turned.now); err == nil && !change.Empty() {
		r.changed(nil, change.All())
	}
}

// stamp puts the session's user into presence states, and remembers the last
// one: a moving cursor repeats the same user.
type stamp struct {
	raw, stamped json.RawMessage
	name         string
}

// apply returns the state with name and id of the member's session in "user".
// Colour and everything else stay the client's. A state that is no object
// carries no name and is left alone.
func (s *stamp) apply(m *Member, state json.RawMessage) json.RawMessage {
	if !bytes.HasPrefix(bytes.TrimLeft(state, " \t\r\n"), []byte("{")) {
		return state
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(state, &fields) != nil {
		return state
	}
	name := m.Name()
	if s.stamped == nil || s.name != name || !bytes.Equal(s.raw, fields["user"]) {
		var user map[string]json.RawMessage
		if json.Unmarshal(fields["user"], &user) != nil || user == nil {
			user = make(map[string]json.RawMessage, 2)
		}
		s.raw, s.name = bytes.Clone(fields["user"]), name
		user["name"], _ = json.Marshal(name)
		user["id"], _ = json.Marshal(m.user.ID)
		s.stamped, _ = json.Marshal(user)
	}
	fields["user"] = s.stamped
	out, err := json.Marshal(fields)
	if err != nil {
		return state
	}
	return out
}

package room

import (
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// Socket is a member's connection as the room sees it. Its methods must not
// block: the room's loop calls them.
type Socket interface {
	// Wake says that frames wait: drain Member.Take in another goroutine.
	Wake()
	// Deliver writes what waits for these sockets, of which it is one and which are
	// all of its kind, in the caller's goroutine, as far as their peers take it at
	// once.
	Deliver(sockets []Socket)
	// End closes the connection, after the frame if it is not empty.
	End(c wire.Close, first wire.Frame)
}

// MemberOptions describe one socket to its room.
type MemberOptions struct {
	ID      string    // "client_…", for acks, logs and hooks
	User    host.User // as of now
	Grant   Grant
	Control bool // takes JSON control frames
	V1      bool // … and those of the subprotocol
	// QueueBytes is what may wait for the socket before the member counts as
	// behind. Default 1 MiB.
	QueueBytes int
}

// Member is one socket in a room.
type Member struct {
	id      string
	user    host.User
	control bool
	v1      bool
	socket  Socket
	out     outbox
	grant   atomic.Uint32 // grantBits
	name    atomic.Pointer[string]
	room    *Room        // set by Join before anything else happens
	entry   *entry       // of the room
	active  atomic.Int64 // unix milliseconds; see ActiveAt

	// The rest belongs to the room's loop.

	synced    bool              // its state vector is known: it gets document frames
	refused   bool              // something of it was refused since its last step 2
	asked     int               // how often a step 1 asked it for what we lack
	owed      bool              // what it sent waits for something that is missing: nothing of it is saved
	hello     *time.Timer       // until its first step 1
	base      []byte            // state vector that the outbox covers, when behind
	self      uint64            // the Yjs client id it spoke for first
	speaks    map[uint64]uint64 // awareness ids bound to this socket -> clock that it was given, 0 = none
	rejoined  bool              // it came with a document: it remembers who was here
	updates   uint64            // sync updates and step 2 that came over this socket
	acks      []ack             // edits not yet reported saved, by seq
	clocks    map[uint64]uint64 // next clocks of the ids it wrote in this turn
	stamp     *stamp            // cache of the stamped user; nil until it shows its presence
	forgeries int
	denials   int       // edits refused for want of the right
	invalid   int       // updates that could not be read
	healed    time.Time // last time a stock viewer got the true state
	warned    bool      // told that the journal fails
}

const (
	grantView = 1 << iota
	grantEdit
	grantEnded
)

// NewMember describes a socket; Manager.Join puts it into a room.
func NewMember(o MemberOptions, s Socket) *Member {
	if o.QueueBytes <= 0 {
		o.QueueBytes = 1 << 20
	}
	m := &Member{id: o.ID, user: o.User, control: o.Control, v1: o.V1, socket: s}
	m.out.limit = o.QueueBytes
	m.active.Store(time.Now().UnixMilli())
	m.SetName(o.User.DisplayName())
	m.SetGrant(o.Grant)
	return m
}

// ID returns the client id that the ack, the logs and the hooks carry.
func (m *Member) ID() string { return m.id }

// UserID returns the user whose session it is.
func (m *Member) UserID() int64 { return m.user.ID }

// Name returns what other people see.
func (m *Member) Name() string { return *m.name.Load() }

// SetName changes what other people see from the next presence frame on.
func (m *Member) SetName(name string) { m.name.Store(&name) }

// ActiveAt is when the member last did something that others see: came, edited,
// or changed its presence, as by moving the cursor. A client that only repeats
// itself, as stock clients do all the time, is idle.
func (m *Member) ActiveAt() time.Time { return time.UnixMilli(m.active.Load()) }

// Grant returns what the member may do now. It may be called from anywhere.
func (m *Member) Grant() Grant {
	g := m.grant.Load()
	if g&grantEnded != 0 {
		return Grant{}
	}
	return Grant{View: g&grantView != 0, Edit: g&grantEdit != 0}
}

// SetGrant changes what the member may do, from the next frame on that the
// room applies: also for frames that wait in its inbox. It reports whether that
// is a change. A revoked member stays revoked.
func (m *Member) SetGrant(g Grant) bool {
	var bits uint32
	if g.View {
		bits |= grantView
	}
	if g.View && g.Edit {
		bits |= grantEdit
	}
	for {
		old := m.grant.Load()
		if old&grantEnded != 0 || old == bits {
			return false
		}
		if m.grant.CompareAndSwap(old, bits) {
			return true
		}
	}
}

// Revoke takes every right away for good: no frame of this member is applied
// any more. What waits for the socket is dropped.
func (m *Member) Revoke() {
	m.grant.Store(grantEnded)
	m.out.close()
}

// Ended reports whether Revoke was called.
func (m *Member) Ended() bool { return m.grant.Load()&grantEnded != 0 }

// Send queues a frame that must not be left out. It may be called from
// anywhere.
func (m *Member) Send(f wire.Frame) {
	if m.out.push(f) {
		m.socket.Wake()
	}
}

// SendControl is Send for clients that take control frames, and nothing for
// others.
func (m *Member) SendControl(f wire.Frame) {
	if m.control {
		m.Send(f)
	}
}

// Queued is how many bytes wait for the socket.
func (m *Member) Queued() int { return m.out.size() }

// Take hands the frames that wait over to the goroutine that was woken, which
// calls it again with the slice it got, until there are none.
func (m *Member) Take(last []wire.Frame) []wire.Frame {
	frames, resync := m.out.take(last)
	if resync {
		if r := m.room; r != nil {
			r.post(event{kind: evDrained, member: m})
		}
	}
	return frames
}

// Submit hands a message of the member to its room; see Room.Submit.
func (m *Member) Submit(kind Message, payload []byte) bool { return m.room.Submit(m, kind, payload) }

// Regrant changes what the member may do while it is in its room.
func (m *Member) Regrant(g Grant) { m.room.Regrant(m, g) }

// RefuseEdit tells a member that it may not edit: in words if it takes control
// frames, else by showing it the true state.
func (m *Member) RefuseEdit() { m.room.Submit(m, Truth, nil) }

// RoomID returns the full id of the room that the member is in.
func (m *Member) RoomID() string { return m.room.id }

// RoomType returns the type of the room that the member is in.
func (m *Member) RoomType() string { return m.room.kind }

// Local returns the id of the room within its type.
func (m *Member) Local() string { return m.room.local }

// Draining reports whether frames wait or are being written.
func (m *Member) Draining() bool { return m.out.active() }

// Drained waits until everything queued has been written or discarded.
func (m *Member) Drained() { m.out.wait() }

// Discard drops what is queued, for a socket that cannot be written to any
// more.
func (m *Member) Discard() { m.out.close() }

package awareness

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// The times of y-protocols.
const (
	// OutdatedTimeout is how long a client may be silent before it counts as gone.
	OutdatedTimeout = 30 * time.Second
	// RenewInterval is the age at which an own state is sent again.
	RenewInterval = OutdatedTimeout / 2
	// CheckInterval is how often to call RemoveOutdated and Renew.
	CheckInterval = OutdatedTimeout / 10
)

// A Change says which clients an act touched. To pass the act on, encode All.
type Change struct {
	Added   []uint64 // not known before
	Updated []uint64 // a newer clock, whether or not the state differs
	Removed []uint64 // said to be gone
	Changed []uint64 // those of Updated whose state differs from before
}

// Empty reports whether nothing is to be passed on.
func (c Change) Empty() bool { return len(c.Added)+len(c.Updated)+len(c.Removed) == 0 }

// Visible reports whether a state differs from before ('change' of y-protocols,
// where Empty belongs to its 'update').
func (c Change) Visible() bool { return len(c.Added)+len(c.Changed)+len(c.Removed) != 0 }

// All returns the clients that were added, updated or removed, in that order.
func (c Change) All() []uint64 { return slices.Concat(c.Added, c.Updated, c.Removed) }

// client is what is known of one client. A client that left is kept for its
// clock.
type client struct {
	clock  uint64
	seen   time.Time // when clock was last set
	state  []byte    // valid JSON, owned; meaningful only if present
	isHere bool
}

// An Awareness holds the states of all clients of one document.
type Awareness struct {
	limits  Limits
	local   uint64 // the own client, if isLocal
	isLocal bool
	clients map[uint64]*client
}

// New returns an Awareness without any client, within the default limits.
func New() *Awareness { return NewLimited(Limits{}) }

// NewLimited is New with limits.
func NewLimited(l Limits) *Awareness {
	return &Awareness{limits: l.withDefaults(), clients: make(map[uint64]*client)}
}

// Encode returns the update that tells what is known of clients, null for those
// that are gone. Clients never heard of are left out.
func (a *Awareness) Encode(clients []uint64) []byte { return a.AppendTo(nil, clients) }

// AppendTo appends what Encode returns to dst.
func (a *Awareness) AppendTo(dst []byte, clients []uint64) []byte {
	n := 0
	for _, id := range clients {
		if a.clients[id] != nil {
			n++
		}
	}
	dst = lib0.AppendVarUint(dst, uint64(n))
	for _, id := range clients {
		if c := a.clients[id]; c != nil {
			dst = appendEntry(dst, c.entry(id))
		}
	}
	return dst
}

// States yields the states of the clients that are here, by ascending client.
// They are valid until the next change and not to be written to.
func (a *Awareness) States() iter.Seq2[uint64, json.RawMessage] {
	return func(yield func(uint64, json.RawMessage) bool) {
		for _, id := range a.Clients() {
			if c := a.clients[id]; c != nil && c.isHere && !yield(id, c.state) {
				return
			}
		}
	}
}

// Clients returns the clients that are here, in ascending order.
func (a *Awareness) Clients() []uint64 {
	var here []uint64
	for id, c := range a.clients {
		if c.isHere {
			here = append(here, id)
		}
	}
	slices.Sort(here)
	return here
}

// Len returns how many clients are here.
func (a *Awareness) Len() int {
	n := 0
	for _, c := range a.clients {
		if c.isHere {
			n++
		}
	}
	return n
}

// State returns the state of a client that is here. It is valid until the next
// change and not to be written to.
func (a *Awareness) State(id uint64) (json.RawMessage, bool) {
	if c := a.clients[id]; c != nil && c.isHere {
		return c.state, true
	}
	return nil, false
}

// Clock returns the last clock of a client, which may be gone; false if it was
// never heard of.
func (a *Awareness) Clock(id uint64) (uint64, bool) {
	if c := a.clients[id]; c != nil {
		return c.clock, true
	}
	return 0, false
}

func (c *client) entry(id uint64) Entry {
	e := Entry{Client: id, Clock: c.clock}
	if c.isTruthy() {
		e.State = c.state
	}
	return e
}

// isTruthy reports whether the client is here with a state that y-protocols
// does not take for none.
func (c *client) isTruthy() bool { return c.isHere && !isFalsy(c.state) }

// isFalsy reports the states that y-protocols keeps but sends as null.
func isFalsy(state []byte) bool {
	var v any
	switch bytes.Trim(state, " \t\r\n")[0] {
	case '{', '[', 't':
		return false
	}
	if json.Unmarshal(state, &v) != nil {
		return false
	}
	return v == nil || v == false || v == "" || v == 0.0
}

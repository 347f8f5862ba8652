// Package roomtest has members of rooms without a network, for programs that
// measure rooms.
package roomtest

import (
	"sync/atomic"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

var _ room.Socket = (*Sink)(nil)

// A Sink is a member whose socket takes everything at once and forgets it.
type Sink struct {
	*room.Member
	frames atomic.Int64
}

// NewSink returns a member that is to be joined to a room.
func NewSink(o room.MemberOptions) *Sink {
	s := &Sink{}
	s.Member = room.NewMember(o, s)
	return s
}

// Frames is how many frames it has taken.
func (s *Sink) Frames() int64 { return s.frames.Load() }

// Wake implements room.Socket.
func (s *Sink) Wake() {
	var frames []wire.Frame
	for {
		if frames = s.Take(frames); len(frames) == 0 {
			return
		}
		s.frames.Add(int64(len(frames)))
	}
}

// Deliver implements room.Socket.
func (s *Sink) Deliver(sockets []room.Socket) {
	for _, socket := range sockets {
		socket.Wake()
	}
}

// End implements room.Socket; there is nothing to close.
func (s *Sink) End(wire.Close, wire.Frame) {}

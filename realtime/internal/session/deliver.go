package session

import (
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// Wake implements room.Socket: frames wait, and nobody writes.
func (s *Session) Wake() { s.cfg.Writers.add(s) }

// Deliver implements room.Socket. Where writing would have to wait for the peer
// it is left to the writers.
func (s *Session) Deliver(sockets []room.Socket) {
	w := s.cfg.Writers
	h := w.hand()
	for _, socket := range sockets {
		if to := socket.(*Session); to.sock.conn.raw == nil {
			to.Wake()
		} else {
			h.some = append(h.some, to)
		}
	}
	h.deliver()
	w.handBack(h)
}

// deliver writes what waits, as far as the peer takes it at once. It uses the
// slice that it is given and returns one for the next socket.
func (s *Session) deliver(spare []wire.Frame) []wire.Frame {
	for range rounds {
		frames := s.Member.Take(spare)
		if len(frames) == 0 {
			return nil
		}
		if !s.write(frames) {
			return frames
		}
		spare = frames
	}
	s.cfg.Writers.add(s) // there may be more: after the others
	return spare
}

// write writes frames, as far as the peer takes them at once. It reports false if
// the caller has nothing more to do: another goroutine goes on, or the session ends.
func (s *Session) write(frames []wire.Frame) bool {
	n, left, err := s.sock.conn.tryFrames(frames)
	if left != nil {
		s.goOn(n, left)
		return false
	}
	return s.wrote(n, err)
}

// goOn leaves what a peer does not take at once to a goroutine.
func (s *Session) goOn(n int, left *leftover) {
	s.wrote(n, nil)
	s.cfg.Tasks.Go(func() { s.finish(left) })
}

// finish writes what a peer did not take at once, and what comes meanwhile. It
// waits for the peer.
func (s *Session) finish(left *leftover) {
	n, err := s.sock.conn.finish(left)
	var frames []wire.Frame
	for s.wrote(n, err) {
		if frames = s.Member.Take(frames); len(frames) == 0 {
			return
		}
		n, err = s.sock.conn.writeFrames(frames)
	}
}

// wrote counts what was written. After an error it ends the session and
// reports false.
func (s *Session) wrote(n int, err error) bool {
	s.cfg.Meter.BytesOut.Add(uint64(n))
	if err == nil {
		return true
	}
	s.sock.conn.hangUp() // the reader sees it and ends the session
	s.Member.Discard()
	return false
}

package session

import (
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// farewell is why we closed a session.
type farewell struct {
	wire.Close
	over chan struct{} // closed when the session is over
}

// gone is the farewell of a session that ended without one.
var gone farewell

// bid makes c the reason for which the session ends; nil if it has one already.
func (s *Session) bid(c wire.Close) *farewell {
	f := &farewell{Close: c, over: make(chan struct{})}
	if !s.ending.CompareAndSwap(nil, f) {
		return nil
	}
	return f
}

// End implements room.Socket. From here on no frame of the socket counts; the
// farewell runs in a goroutine of its own.
func (s *Session) End(c wire.Close, first wire.Frame) {
	f := s.bid(c)
	if f == nil {
		return
	}
	s.Member.Revoke()
	s.cfg.Tasks.Go(func() {
		_ = s.sock.Send(first)
		s.part(f)
	})
}

// Farewell closes the socket after everything that waits for it was written,
// within closeWait.
func (s *Session) Farewell(c wire.Close, first wire.Frame) {
	f := s.bid(c)
	if f == nil {
		return
	}
	s.Member.SetGrant(room.Grant{})
	s.cfg.Tasks.Go(func() {
		_ = s.sock.conn.SetWriteDeadline(time.Now().Add(closeWait))
		s.Member.SendControl(first)
		s.Member.Drained()
		s.part(f)
	})
}

// part says why, and waits until the reader has seen the peer's answer. The
// library's Close would read it itself, but there is one reader only.
func (s *Session) part(f *farewell) {
	defer s.sock.conn.hangUp()
	if s.sock.sayClose(f.Close) != nil {
		return
	}
	t := time.NewTimer(closeWait)
	defer t.Stop()
	select {
	case <-f.over:
	case <-t.C:
	}
}

// Kill ends the connection without a word, for peers that do not take any.
func (s *Session) Kill(c wire.Close) {
	s.bid(c)
	s.Member.Revoke()
	s.sock.conn.hangUp()
}

// conclude ends the session for the error that the reader met.
func (s *Session) conclude(err error) {
	s.sock.Kill()
	code := closeCode(err)
	if !s.ending.CompareAndSwap(nil, &gone) {
		f := s.ending.Load()
		code = f.Code
		close(f.over)
	}
	s.over(code)
}

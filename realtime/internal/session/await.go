package session

import (
	"errors"
	"os"
	"time"
)

// await returns when the client has sent something, or hung up. It reports false
// when it was dismissed and the socket waits in the Lot: then another goroutine
// may have the session already.
//
// Where sockets cannot wait there, the library waits for them.
func (s *Session) await() bool {
	c := s.sock.conn
	if !canPark || c.raw == nil {
		return true
	}
	for !s.pending() {
		if s.cfg.Linger == 0 {
			s.dismiss()
		}
		err := c.raw.Read(c.fill)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			_ = c.SetReadDeadline(time.Time{})
			s.awake.Store(false)
			if s.cfg.Lot.park(s) {
				return false
			}
			s.awake.Store(true)
			return true // the library waits
		case err != nil:
			return true // the library meets the same
		}
	}
	return true
}

// dismiss has a goroutine that only waits end. It may be called from anywhere,
// and does nothing to one that has something to do, or that is none.
func (s *Session) dismiss() {
	if canPark && s.sock.conn.raw != nil && s.awake.Load() {
		_ = s.sock.conn.SetReadDeadline(longAgo)
	}
}

var longAgo = time.Unix(1, 0)

// pending answers what asks for no more, and reports whether there is something
// to read after that, or the end.
func (s *Session) pending() bool {
	s.answerPings()
	return s.sock.conn.unread() > 0 || s.sock.conn.readErr != nil
}

// glance reads what a parked socket has, without waiting, and reports whether
// that needs a goroutine: if it is more than a ping or two, at least.
func (s *Session) glance() bool {
	c := s.sock.conn
	err := c.raw.Control(func(fd uintptr) { c.fillFrom(fd) })
	return err != nil || c.unread() > frameHead || s.pending()
}

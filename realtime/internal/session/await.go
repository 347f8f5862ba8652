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
		if s.row >= talking {
			s.waits.Store(true)
			err := c.raw.Read(c.fill)
			dismissed := !s.waits.CompareAndSwap(true, false)
			if err == nil {
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				return true // the library meets the same
			}
			_ = c.SetReadDeadline(time.Time{})
			if !dismissed {
				continue // the deadline was meant for a wait before
			}
			s.row = 0
		} else if c.glimpse(); !c.silent() {
			continue
		}
		s.parkedAt = time.Now()
		return !s.cfg.Lot.park(s) // else the library waits
	}
	return true
}

// talking is how many times in a row a client must have sent something, each
// less than Config.Linger after the one before, for a goroutine to wait for what
// comes next. Who types or moves a cursor does; a client that joins does not,
// and thousands may join at once.
const talking = 3

// woken notes that a parked socket has something to read.
func (s *Session) woken() {
	if time.Since(s.parkedAt) < s.cfg.Linger {
		s.row++
	} else {
		s.row = 1
	}
}

// dismiss has a goroutine end that only waits. It may be called from anywhere.
func (s *Session) dismiss() {
	if s.waits.CompareAndSwap(true, false) {
		_ = s.sock.conn.SetReadDeadline(longAgo)
	}
}

var longAgo = time.Unix(1, 0)

// pending answers what asks for no more, and reports whether there is something
// to read after that, or the end.
func (s *Session) pending() bool {
	s.answerPings()
	return !s.sock.conn.silent()
}

// glance reads what a parked socket has, without waiting, and reports whether
// that needs a goroutine: if it is more than a ping or two, at least.
func (s *Session) glance() bool {
	c := s.sock.conn
	return !c.glimpse() || c.unread() > frameHead || s.pending()
}

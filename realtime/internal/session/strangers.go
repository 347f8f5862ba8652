package session

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// Strangers are connections whose request is not complete. When there are too
// many, the one that has taken longest is closed: an honest one takes a round
// trip, a silent one as long as it may.
type Strangers struct {
	Max int

	mu    sync.Mutex
	queue list.List                  // guarded by mu; of net.Conn, oldest first
	place map[net.Conn]*list.Element // guarded by mu; where each is in queue
}

// Watch is for http.Server.ConnState.
func (s *Strangers) Watch(c net.Conn, state http.ConnState) {
	if state != http.StateNew {
		s.leave(c)
	} else if oldest := s.come(c); oldest != nil {
		reset(oldest) // net/http sees it and says so to Watch
	}
}

// come adds a stranger, and returns the one that is too many.
func (s *Strangers) come(c net.Conn) (oldest net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.place == nil {
		s.place = make(map[net.Conn]*list.Element)
	}
	s.place[c] = s.queue.PushBack(c)
	if s.queue.Len() > s.Max {
		oldest = s.queue.Remove(s.queue.Front()).(net.Conn)
		delete(s.place, oldest)
	}
	return oldest
}

func (s *Strangers) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.place[c]; e != nil {
		s.queue.Remove(e)
		delete(s.place, c)
	}
}

// reset closes a connection so that nothing of it stays in the system.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

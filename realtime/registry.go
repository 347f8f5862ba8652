package realtime

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/session"
	"github.com/civicpress/realtimefx/realtime/room"
)

// live is a session with what the server needs to look after its rights.
type live struct {
	*session.Session
	release func() // of the limits; safe to call twice

	// Guarded by the registry's lock.
	login host.Session
	due   time.Time // when the rights are read next
	good  time.Time // when the core last answered
}

// registry holds the sessions there are. net/http forgets hijacked
// connections, so the server keeps its own list.
type registry struct {
	mu  sync.Mutex
	all map[*live]struct{} // guarded by mu

	empty chan struct{} // guarded by mu; closed when all is empty; nil if nobody waits
}

func (r *registry) add(l *live) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[*live]struct{})
	}
	r.all[l] = struct{}{}
}

func (r *registry) remove(l *live) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, l)
	if len(r.all) > 0 {
		return
	}
	r.all = nil // a map keeps the size that a crowd gave it
	if r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
}

// wait returns when there are no sessions. None may be added meanwhile, except
// by admissions that end them themselves.
func (r *registry) wait() {
	r.mu.Lock()
	if len(r.all) == 0 {
		r.mu.Unlock()
		return
	}
	if r.empty == nil {
		r.empty = make(chan struct{})
	}
	empty := r.empty
	r.mu.Unlock()
	<-empty
}

func (r *registry) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// each calls fn for every session, without the lock.
func (r *registry) each(fn func(*live)) {
	for _, l := range r.some(func(*live) bool { return true }) {
		fn(l)
	}
}

// some returns the sessions that match; match runs under the lock.
func (r *registry) some(match func(*live) bool) []*live {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*live
	for l := range r.all {
		if match(l) {
			list = append(list, l)
		}
	}
	return list
}

// register makes a session of an admitted socket.
func (s *Server) register(sock *session.Socket, q session.Request, login host.Session, g room.Grant, release func()) *live {
	now := time.Now()
	l := &live{
		Session: session.New(sock, q, room.MemberOptions{ID: clientID(now), User: login.User, Grant: g}, &s.config),
		release: release, login: login, good: now, due: s.grants.next(now, login),
	}
	s.sessions.add(l)
	return l
}

// unregisterSession undoes register.
func (s *Server) unregisterSession(l *live) {
	s.sessions.remove(l)
	l.release()
}

// over cleans up after a session that was in its room.
func (s *Server) over(l *live, code int) {
	s.deps.Rooms.Leave(l.Member)
	s.unregisterSession(l)
	s.closes.count(code)
	m := l.Member
	s.emit("", hooks.ClientDisconnected{
		ClientID: m.ID(), RoomID: m.RoomID(), RoomType: m.RoomType(), UserID: m.UserID(),
		CloseCode: code, DurationMS: time.Since(l.Began).Milliseconds(),
	})
}

// clientID makes an id in the form that existing clients know.
func clientID(now time.Time) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var b strings.Builder
	b.WriteString("client_")
	b.WriteString(strconv.FormatInt(now.UnixMilli(), 10))
	b.WriteByte('_')
	for range 7 {
		b.WriteByte(digits[rand.IntN(len(digits))])
	}
	return b.String()
}

// restartDelay spreads the return of clients over a few seconds.
func restartDelay() time.Duration { return time.Second + rand.N(4*time.Second) }

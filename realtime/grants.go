package realtime

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// grants says when the rights of open sockets are read again.
type grants struct {
	every   time.Duration
	revoked atomic.Uint64 // counts revocations and rechecks, so that an admission under way sees them
	running atomic.Bool   // a round of questions is under way
	wake    chan struct{} // capacity 1: something is due before its time
}

func (g *grants) epoch() uint64 { return g.revoked.Load() }

// next is when a session's rights are read again without a reason: spread, so
// that ten thousand sockets do not ask at the same moment, and never after the
// session expires.
func (g *grants) next(now time.Time, login host.Session) time.Time {
	due := now.Add(g.every - rand.N(g.every/4+1))
	if e := login.ExpiresAt; !e.IsZero() && e.Before(due) {
		due = e
	}
	return due
}

// Revoke closes all sockets of a user at once and returns how many there were.
// No frame of theirs is applied any more when it returns.
func (s *Server) Revoke(userID int64, reason string) int {
	return s.revoke(func(l *live) bool { return l.login.User.ID == userID }, userID, reason)
}

// RevokeSession closes the sockets of one login. A host that does not number
// its sessions (0) has the rights of all sockets of the user read again.
func (s *Server) RevokeSession(userID, sessionID int64, reason string) int {
	if sessionID == 0 {
		s.Recheck(userID, "")
		return 0
	}
	return s.revoke(func(l *live) bool {
		return l.login.User.ID == userID && l.login.ID == sessionID
	}, userID, reason)
}

func (s *Server) revoke(match func(*live) bool, userID int64, reason string) int {
	s.grants.revoked.Add(1)
	list := s.sessions.some(match)
	s.closeRevoked(userID, reason, list)
	return len(list)
}

// closeRevoked closes sockets of a user whose sessions ended.
func (s *Server) closeRevoked(userID int64, reason string, list []*live) {
	if len(list) == 0 {
		return
	}
	id := host.NewCorrelationID()
	for _, l := range list {
		switch {
		case l.Request.V1:
			l.End(wire.CloseRevoked(reason, id), wire.SessionRevoked(reason, id))
		case l.Request.Control:
			l.End(wire.CloseRevoked(reason, ""), wire.SessionRevoked(reason, ""))
		default:
			l.End(wire.CloseRevoked(reason, ""), nil)
		}
	}
	s.logger.Info("sessions revoked", "op", "server.revoke", "user", userID, "sockets", len(list), "reason", reason, "correlation_id", id)
	s.emit(id, hooks.SecuritySessionsClosed{UserID: userID, Sockets: len(list), Reason: reason})
}

// Recheck has the rights of sockets read again now: those of a user, of a room
// (full id), or of all with 0 and "".
func (s *Server) Recheck(userID int64, roomID string) {
	s.grants.revoked.Add(1)
	now := time.Now()
	s.sessions.some(func(l *live) bool {
		if (userID == 0 || l.login.User.ID == userID) &&
			(roomID == "" || l.Request.RoomType+":"+l.Request.RoomID == roomID) {
			l.due = now
		}
		return false
	})
	select {
	case s.grants.wake <- struct{}{}:
	default:
	}
}

// regrant starts a round of questions about those that are due, unless one is
// under way.
func (s *Server) regrant(now time.Time) {
	if !s.grants.running.CompareAndSwap(false, true) {
		return
	}
	due := s.sessions.some(func(l *live) bool {
		if now.Before(l.due) {
			return false
		}
		// Until the answer is there nobody else asks; a Recheck meanwhile
		// sets due again.
		l.due = s.grants.next(now, host.Session{})
		return true
	})
	if len(due) == 0 {
		s.grants.running.Store(false)
		return
	}
	s.tasks.Go(func() {
		defer s.grants.running.Store(false)
		var g errgroup.Group
		g.SetLimit(8)
		for _, l := range due {
			g.Go(func() error { s.reread(l); return nil })
		}
		_ = g.Wait()
	})
}

// reread asks the core about one open socket and acts on the answer.
func (s *Server) reread(l *live) {
	h, ok := s.deps.Rooms.Handler(l.Request.RoomType)
	if !ok || l.Member.Ended() {
		return
	}
	ctx, cancel := context.WithTimeout(s.base, s.opts.AdmitTimeout)
	defer cancel()
	login, grant, err := s.ask(ctx, l.Request, h)
	now := time.Now()
	s.meter.RegrantsDone.Inc()
	switch {
	case err == nil:
		s.sessions.mu.Lock()
		l.login, l.good = login, now
		if e := login.ExpiresAt; !e.IsZero() && e.Before(l.due) {
			l.due = e
		}
		s.sessions.mu.Unlock()
		l.Member.SetName(login.User.DisplayName())
		l.Member.Regrant(grant)
	case errors.Is(err, room.ErrAuthFailed):
		s.closeRevoked(l.Member.UserID(), "session ended", []*live{l})
	case errors.Is(err, room.ErrRoomNotFound), errors.Is(err, room.ErrPermissionDenied):
		id := s.guard.denied(l.Request, l.Member.UserID(), l.Member.ID())
		var first wire.Frame
		if l.Request.Control {
			first = wire.Error(room.ErrPermissionDenied.Code, "You may not see this record any more.", id)
		}
		l.End(wire.CloseForbidden(id), first)
	default: // no answer: stay for a while, ask again soon
		s.sessions.mu.Lock()
		good := l.good
		l.due = now.Add(s.grants.every / 6)
		expired := !l.login.ExpiresAt.IsZero() && now.After(l.login.ExpiresAt)
		s.sessions.mu.Unlock()
		if expired || now.Sub(good) > s.opts.AuthOutage {
			id := room.CorrelationOf(err) // in the log since the question failed
			l.End(wire.Transient(wire.CodeTryLater, room.ErrUnavailable.Code, "sign-in cannot be checked", id), nil)
		}
	}
}

// tick looks after all sockets, once a second.
func (s *Server) tick() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			s.sessions.each(func(l *live) { l.Tick(now) })
			s.regrant(now)
			s.history.sample(s, now)
			s.deps.Rooms.Tidy(now)
		case <-s.grants.wake:
			s.regrant(time.Now())
		case <-s.stop:
			return
		}
	}
}

// Subscribe follows the core's events: sessions that end, roles and records
// that change. A payload that cannot be read is ignored, except that a
// revocation nobody can read has every right read again.
func (s *Server) Subscribe(bus host.HookSubscriber) (cancel func()) {
	var cancels []func()
	on := func(event string, fn func(payload any) error) {
		cancels = append(cancels, bus.Subscribe(event, func(_ context.Context, payload any) {
			if err := fn(payload); err != nil {
				s.logger.Warn("event of the core cannot be read", "op", "server.hook", "event", event, "error", err)
			}
		}))
	}
	on(host.EventSessionsRevoked, func(p any) error {
		v, err := host.PayloadAs[host.SessionsRevoked](p)
		if err == nil {
			s.Revoke(v.UserID, v.Reason)
		} else {
			s.Recheck(0, "")
		}
		return err
	})
	on(host.EventSessionEnded, func(p any) error {
		v, err := host.PayloadAs[host.SessionEnded](p)
		if err == nil {
			s.RevokeSession(v.UserID, v.SessionID, v.Reason)
		} else {
			s.Recheck(0, "")
		}
		return err
	})
	on(host.EventRolesChanged, func(p any) error {
		v, err := host.PayloadAs[host.RolesChanged](p)
		s.Recheck(v.UserID, "")
		return err
	})
	for _, event := range []string{
		host.EventRecordCreated, host.EventRecordUpdated, host.EventRecordPublished, host.EventRecordDeleted, host.EventStatusChanged,
		host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted,
	} {
		changed := s.deps.Rooms.CheckOutside
		if event == host.EventRecordDeleted || event == host.EventDraftDeleted {
			changed = s.deps.Rooms.Deleted
		}
		on(event, func(p any) error {
			v, err := host.PayloadAs[host.RecordEvent](p)
			if err == nil && v.RecordID != "" {
				// What a draft says changes nobody's rights, and our own
				// write-backs come here, too.
				if event != host.EventDraftUpdated {
					s.Recheck(0, "records:"+v.RecordID)
				}
				changed("records:" + v.RecordID)
			}
			return err
		})
	}
	return func() {
		for _, c := range cancels {
			c()
		}
	}
}

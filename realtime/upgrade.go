package realtime

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/session"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// upgrade decides what can be decided before the upgrade: path, origin and
// load. Everything else is said afterwards, because a browser cannot read an
// HTTP error.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		_, _ = w.Write([]byte("ok\n"))
		return
	case "/readyz":
		if !s.ready.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
		return
	}
	if !session.HasPrefix(r.RequestURI, s.opts.Path) {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	q := session.Parse(r, s.opts.TrustedProxies)
	if q.Proxied && !s.arrivals.Welcome(q.Addr) {
		overloaded(w, "too many connects from this address")
		return
	}
	if s.opts.RequireTLS && !q.Secure {
		http.Error(w, "this server accepts wss:// only; a proxy in front must send X-Forwarded-Proto and be listed in trusted_proxies", http.StatusForbidden)
		return
	}
	if !s.originAllowed(r) {
		s.guard.originRefused(q.Addr, r.Header.Get("Origin"))
		http.Error(w, "this page's origin is not in allowed_origins", http.StatusForbidden)
		return
	}
	if !s.ready.Load() {
		overloaded(w, "the server is stopping")
		return
	}
	if s.opts.MaxConnections > 0 && s.sessions.count() >= s.opts.MaxConnections {
		s.guard.limited("rate_limiting.max_connections", q, 0)
		overloaded(w, "too many connections")
		return
	}
	select {
	case s.door <- struct{}{}:
	default:
		s.guard.limited("max_pending", q, 0)
		overloaded(w, "too many connections at once")
		return
	}
	defer func() { <-s.door }()
	sock, err := session.Accept(w, r, q)
	if err != nil {
		return // the response says why
	}
	if !s.begin() {
		sock.Kill()
		return
	}
	defer s.tasks.Done()
	s.admit(sock, q)
}

// ClientAddr is the address of who sent a request, through trusted proxies
// only; the zero Addr if the connection has none.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	return session.Parse(r, trusted).Addr
}

func overloaded(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(2))
	http.Error(w, why, http.StatusServiceUnavailable)
}

// originAllowed: no origin (not a browser), the server's own host, or one of
// the list.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return true
	}
	for _, p := range s.opts.AllowedOrigins {
		if p == "*" {
			return true
		}
		if err != nil || u.Host == "" {
			continue
		}
		target := u.Host
		if strings.Contains(p, "://") {
			target = u.Scheme + "://" + u.Host
			p = strings.TrimSuffix(p, "/")
		}
		if ok, _ := path.Match(strings.ToLower(p), strings.ToLower(target)); ok {
			return true
		}
	}
	return false
}

// admit answers the questions of the door in the order of existing servers:
// token, room, session, record, limits. Who passes is served in a goroutine of
// its own, so that nothing of the HTTP request is kept.
func (s *Server) admit(sock *session.Socket, q session.Request) {
	ctx, cancel := context.WithTimeout(s.base, s.opts.AdmitTimeout)
	defer cancel()
	if q.Token == "" {
		id := s.guard.authFailed(q, "no token")
		s.refuse(sock, q, refusal{close: wire.CloseNoStatus, code: room.ErrAuthFailed.Code, text: authFailedText, known: true, id: id})
		return
	}
	if q.RoomType == "" {
		s.refuse(sock, q, refusal{close: wire.CloseNoStatus, code: "UNKNOWN_ERROR", text: "Invalid room URL format", known: true})
		return
	}
	h, ok := s.deps.Rooms.Handler(q.RoomType)
	if !ok {
		s.refuse(sock, q, refusal{close: wire.CloseNoRoomType(q.RoomType), code: room.ErrRoomType.Code, text: room.ErrRoomType.Message, quiet: true})
		return
	}
	epoch := s.grants.epoch()
	user, grant, err := s.ask(ctx, q, h)
	if err != nil {
		s.turnAway(sock, q, user.User.ID, err)
		return
	}
	release, key, err := s.limits.Acquire(q.Addr, user.User.ID)
	if err != nil {
		s.turnAway(sock, q, user.User.ID, room.NewLimitError(key, err.Error()))
		return
	}
	l := s.register(sock, q, user, grant, release)
	if s.grants.epoch() != epoch {
		// Rights were taken away while we asked: perhaps these. Now that the
		// socket is registered, nothing can slip through.
		if user, grant, err = s.ask(ctx, q, h); err != nil {
			s.unregisterSession(l)
			s.turnAway(sock, q, user.User.ID, err)
			return
		}
		l.Member.SetGrant(grant)
	}
	if err := s.deps.Rooms.Join(ctx, q.RoomType, q.RoomID, l.Member); err != nil {
		s.unregisterSession(l)
		s.turnAway(sock, q, user.User.ID, err)
		return
	}
	s.penalty.forgive(q)
	s.meter.Opened.Inc()
	s.emit("", hooks.ClientConnected{ClientID: l.Member.ID(), RoomID: l.Member.RoomID(), RoomType: q.RoomType, UserID: user.User.ID, CanEdit: grant.Edit})
	if s.holding.Load() { // Stop has said farewell to everybody else already
		l.Farewell(wire.CloseRestart, nil)
	}
	l.Start(func(code int) { s.over(l, code) })
}

const authFailedText = "Authentication failed"

// ask asks the core who it is and what he may do.
func (s *Server) ask(ctx context.Context, q session.Request, h room.Handler) (host.Session, room.Grant, error) {
	user, err := s.deps.Auth.ValidateSession(ctx, q.Token)
	if err != nil {
		if errors.Is(err, host.ErrUnauthenticated) {
			return user, room.Grant{}, room.ErrAuthFailed
		}
		return user, room.Grant{}, s.outage("session", err)
	}
	grant, err := h.Authorize(ctx, user, q.RoomID)
	switch {
	case errors.Is(err, room.ErrRoomNotFound), errors.Is(err, room.ErrPermissionDenied):
		return user, room.Grant{}, err
	case err != nil:
		return user, room.Grant{}, s.outage("authorization", err)
	case !grant.View:
		return user, room.Grant{}, room.ErrPermissionDenied
	}
	return user, grant, nil
}

// outage counts and logs a question that the core did not answer.
func (s *Server) outage(what string, err error) error {
	s.meter.AuthOutages.Inc()
	id := host.NewCorrelationID()
	s.logger.Warn("the core does not answer", "op", "server.auth", "question", what, "correlation_id", id, "error", err)
	return room.ErrUnavailable.With(id, err)
}

// turnAway refuses a socket for an error of the door. user is who it is, 0 if
// that is not known.
func (s *Server) turnAway(sock *session.Socket, q session.Request, user int64, err error) {
	ref := refusal{code: room.CodeOf(err), text: err.Error(), id: room.CorrelationOf(err)}
	var limit interface{ Limit() string }
	switch {
	case errors.Is(err, room.ErrAuthFailed):
		ref.id = s.guard.authFailed(q, "invalid session")
		ref.text, ref.known = authFailedText, true
	case errors.Is(err, room.ErrRoomNotFound), errors.Is(err, room.ErrPermissionDenied):
		// As existing servers say it: who may not see a record does not learn
		// whether there is one.
		ref.id = s.guard.denied(q, user, "")
		ref.code, ref.text, ref.known = room.ErrAuthFailed.Code, authFailedText, true
	case errors.As(err, &limit): // sockets of an address, of a user, of a document
		ref.id, ref.quiet = s.guard.limited(limit.Limit(), q, user), true
	case errors.Is(err, room.ErrRoomLimit):
		ref.id = s.guard.limited("rooms.max_rooms", q, user)
		ref.code = "UNKNOWN_ERROR"
	default:
		ref.text = "The server cannot answer now; try again later."
	}
	closeID := ref.id
	if (ref.known || ref.quiet) && !q.V1 {
		closeID = "" // existing clients know this reason without
	}
	ref.close = room.CloseFor(err, closeID)
	s.refuse(sock, q, ref)
}

// refusal is what a refused client is told.
type refusal struct {
	close wire.Close
	code  string
	text  string
	id    string // correlation id
	known bool   // existing clients know the error frame as it is, without an id
	quiet bool   // only clients of the subprotocol get an error frame
}

// frame is the error frame for the client, nil if it gets none.
func (r *refusal) frame(q session.Request) wire.Frame {
	switch {
	case q.V1:
		return wire.Error(r.code, r.text, r.id)
	case !q.Control || r.quiet:
		return nil
	case r.known:
		return wire.Error(r.code, r.text, "")
	default:
		return wire.Error(r.code, r.text, r.id)
	}
}

// refuse closes a socket that was not admitted. Stock clients come back after
// a tenth of a second for ever: who is refused again and again waits longer
// and longer for the close, and so for the next attempt.
func (s *Server) refuse(sock *session.Socket, q session.Request, ref refusal) {
	s.closes.count(ref.close.Code)
	wait, release := s.penalty.next(q, sock, time.Now())
	s.tasks.Go(func() {
		defer release()
		_ = sock.Send(ref.frame(q))
		s.hold(sock, wait)
		sock.Refuse(ref.close)
	})
}

// hold keeps a refused socket waiting, unless its peer goes or the server
// stops.
func (s *Server) hold(sock *session.Socket, wait time.Duration) {
	const look = time.Second
	for ; wait > 0 && !sock.HungUp(); wait -= look {
		t := time.NewTimer(min(wait, look))
		select {
		case <-t.C:
		case <-s.stop:
			t.Stop()
			return
		}
	}
}

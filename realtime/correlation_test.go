package realtime

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// told returns the correlation id of the frame that said why.
func (c *client) told() (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.texts {
		switch e, isError := m["error"].(map[string]any); {
		case isError:
			id, _ = e["correlationId"].(string)
		case m["event"] == "session.revoked":
			id, _ = m["correlationId"].(string)
		}
	}
	return id
}

func reasonID(reason string) string {
	var r struct{ ID string }
	_ = json.Unmarshal([]byte(reason), &r)
	return r.ID
}

// Each kind of refusal has one correlation id, which is the same in what the
// client is told, in the log and in the hook.
func TestRefusalsHaveOneCorrelationID(t *testing.T) {
	const stays = 0 // the socket is not closed
	v1 := dial{user: 1, v1: true}
	for _, c := range []struct {
		name   string
		hook   string
		log    string
		close  int
		opts   standOptions
		refuse func(s *stand) *client
	}{
		{name: "no valid session", hook: hooks.NameSecurityAuthFailed, log: "authentication failed", close: 4001,
			refuse: func(s *stand) *client { return s.dial(dial{token: "bad", v1: true}) }},
		{name: "no such record", hook: hooks.NameSecurityPermissionDenied, log: "permission denied", close: 4003,
			refuse: func(s *stand) *client { return s.dial(dial{user: 1, v1: true, room: "nope"}) }},
		{name: "sockets of a user", hook: hooks.NameSecurityLimitStorm, log: "limit reached", close: 4029,
			opts:   standOptions{server: Options{ConnectionsPerUser: 1}},
			refuse: func(s *stand) *client { s.dial(v1).sync(); return s.dial(v1) }},
		{name: "sockets of a room", hook: hooks.NameSecurityLimitStorm, log: "limit reached", close: 4029,
			opts:   standOptions{rooms: room.Options{MaxMembers: 1}},
			refuse: func(s *stand) *client { s.dial(v1).sync(); return s.dial(v1) }},
		{name: "rooms", hook: hooks.NameSecurityLimitStorm, log: "limit reached", close: 4013,
			opts:   standOptions{rooms: room.Options{MaxRooms: 1}},
			refuse: func(s *stand) *client { s.dial(v1).sync(); return s.dial(dial{user: 1, v1: true, room: "r2"}) }},
		{name: "flood", hook: hooks.NameSecurityLimitStorm, log: "client floods", close: 1008,
			opts: standOptions{server: Options{MessagesPerSecond: 2000, MessageBurst: 1, Flood: time.Millisecond}},
			refuse: func(s *stand) *client {
				a := s.dial(v1)
				for a.write([]byte{9}) == nil && !a.ended() {
				}
				return a
			}},
		{name: "message too large", hook: hooks.NameSecurityLimitStorm, log: "message too large", close: 1009, opts: standOptions{server: Options{MaxMessage: 64 << 10}},
			refuse: func(s *stand) *client {
				a := s.dial(v1).sync()
				must(s.t, a.write(make([]byte, 65<<10)))
				return a
			}},
		{name: "failed load", hook: hooks.NameRoomFailed, log: "room failed", close: 4500, refuse: func(s *stand) *client { return s.dial(v1) }},
		{name: "core down", log: "the core does not answer", close: 1013, refuse: func(s *stand) *client {
			s.host.Down(errors.New("database is locked"))
			return s.dial(dial{token: "any", v1: true})
		}},
		{name: "viewer's edit", hook: hooks.NameSecurityPermissionDenied, log: "edit refused for want of the right", close: stays,
			refuse: func(s *stand) *client {
				a := s.dial(dial{user: 3, v1: true}).sync()
				a.insert(0, "x")
				return a
			}},
		{name: "forged author", hook: hooks.NameSecurityForged, log: "speaks as somebody else", close: stays, refuse: func(s *stand) *client {
			a := s.dial(dial{user: 1, id: 111}).sync()
			a.insert(0, "a")
			b := s.dial(dial{user: 2, v1: true}).sync()
			b.untilText("aseed")
			b.mu.Lock()
			b.doc.SetClientID(111)
			b.mu.Unlock()
			b.insert(0, "x")
			return b
		}},
		{name: "invalid update", hook: hooks.NameSecurityInvalidUpdate, log: "invalid update", close: stays, refuse: func(s *stand) *client {
			a := s.dial(v1).sync()
			must(s.t, a.write(protocol.AppendUpdate(nil, []byte{1, 1, 1, 1})))
			return a
		}},
		{name: "document too large", hook: hooks.NameSecurityLimitStorm, log: "edit refused", close: 4413, opts: standOptions{rooms: room.Options{MaxDocument: 1000}},
			refuse: func(s *stand) *client {
				a := s.dial(v1).sync()
				a.insert(0, strings.Repeat("x", 2000))
				return a
			}},
		{name: "revoked", hook: hooks.NameSecuritySessionsClosed, log: "sessions revoked", close: 4001, refuse: func(s *stand) *client {
			a := s.dial(v1).sync()
			s.server.Revoke(1, "password changed")
			return a
		}},
		{name: "record deleted", hook: hooks.NameSecurityPermissionDenied, log: "permission denied", close: 4003, refuse: func(s *stand) *client {
			a := s.dial(v1).sync()
			s.host.DeleteRecord("r1")
			return a
		}},
		{name: "session ended unannounced", hook: hooks.NameSecuritySessionsClosed, log: "sessions revoked", close: 4001, refuse: func(s *stand) *client {
			a := s.dial(v1).sync()
			s.host.RemoveUser(1)
			s.server.Recheck(0, "")
			return a
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.host = newHost()
			if c.name == "failed load" {
				c.opts.handlers = []room.Handler{textRooms{host: c.opts.host, seeds: func(string) error { return errors.New("file is unreadable") }}}
			}
			s := newStand(t, c.opts)
			a := c.refuse(s)
			var reason string
			if c.close != stays {
				code, text := a.closed()
				if code == 1006 && c.name == "flood" {
					t.Skip("the peer was in the middle of writing and saw a reset")
				}
				if code != c.close {
					t.Errorf("closed with %d %s, want %d", code, text, c.close)
				}
				reason = reasonID(text)
			} else {
				a.untilEvent("error")
			}
			id := a.told()
			if id == "" {
				t.Fatalf("no correlation id in %v", a.texts)
			}
			if c.close != stays && c.name != "flood" && reason != id {
				t.Errorf("the close has correlation id %q, the frame %q", reason, id)
			}
			s.untilLogged(c.log, id)
			if c.hook != "" {
				s.untilHooked(c.hook, id)
			}
		})
	}
}

// ended reports whether the server has closed.
func (c *client) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (s *stand) untilLogged(text, id string) {
	s.t.Helper()
	s.poll("a line of the log with "+text+" and "+id, func() bool {
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, text) && strings.Contains(line, "correlation_id="+id) {
				return true
			}
		}
		return false
	})
}

// untilHooked waits for a hook; id "" stands for any.
func (s *stand) untilHooked(name, id string) {
	s.t.Helper()
	s.poll("hook "+name+" with "+id, func() bool {
		s.notes.mu.Lock()
		defer s.notes.mu.Unlock()
		for _, e := range s.notes.events {
			if e.Name() == name && (id == "" || e.CorrelationID == id) {
				return true
			}
		}
		return false
	})
}

// poll waits for what has no event.
func (s *stand) poll(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

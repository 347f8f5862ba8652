package memhost

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/internal/roles"
)

// AddUser adds an account and returns it. A zero ID is given the next free
// number, an empty Username is made from the number.
func (h *Host) AddUser(u host.User) host.User {
	h.mu.Lock()
	defer h.mu.Unlock()
	if u.ID == 0 {
		u.ID = h.lastUser + 1
	}
	h.lastUser = max(h.lastUser, u.ID)
	if u.Username == "" {
		u.Username = fmt.Sprintf("user%d", u.ID)
	}
	h.users[u.ID] = u
	return u
}

// RemoveUser deletes an account and its sessions without any event, as the
// core does.
func (h *Host) RemoveUser(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.users, id)
	for token, s := range h.sessions {
		if s.user == id {
			delete(h.sessions, token)
		}
	}
}

// SetRole changes a user's role and announces it.
func (h *Host) SetRole(id int64, role string) {
	h.mu.Lock()
	u, ok := h.users[id]
	if ok {
		u.Role = role
		h.users[id] = u
	}
	h.mu.Unlock()
	if ok {
		h.announce(host.EventRolesChanged, host.RolesChanged{UserID: id})
	}
}

// SetRoles replaces the roles by the content of a roles file and announces it.
func (h *Host) SetRoles(yaml string) error {
	set, err := roles.Parse([]byte(yaml))
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.roles = set
	h.mu.Unlock()
	h.announce(host.EventRolesChanged, host.RolesChanged{})
	return nil
}

// Login starts a session of the user and returns its token. A ttl of 0 means
// that it does not expire.
func (h *Host) Login(userID int64, ttl time.Duration) (token string) {
	token = "mem." + rand.Text()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastSess++
	s := session{id: h.lastSess, user: userID}
	if ttl != 0 {
		s.expires = h.now().Add(ttl)
	}
	h.sessions[token] = s
	return token
}

// Logout ends one session and announces it.
func (h *Host) Logout(token string) {
	h.mu.Lock()
	s, ok := h.sessions[token]
	delete(h.sessions, token)
	h.mu.Unlock()
	if ok {
		h.announce(host.EventSessionEnded, host.SessionEnded{SessionID: s.id, UserID: s.user, Reason: "logout"})
	}
}

// Revoke ends all sessions of the user and announces it.
func (h *Host) Revoke(userID int64, reason string) {
	h.mu.Lock()
	for token, s := range h.sessions {
		if s.user == userID {
			delete(h.sessions, token)
		}
	}
	h.mu.Unlock()
	h.announce(host.EventSessionsRevoked, host.SessionsRevoked{UserID: userID, Reason: reason})
}

// ValidateSession returns the session of the token.
func (h *Host) ValidateSession(ctx context.Context, token string) (host.Session, error) {
	if err := h.enter(ctx, OpValidateSession); err != nil {
		return host.Session{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.sessions[token]
	if !ok {
		return host.Session{}, fmt.Errorf("session: unknown token: %w", host.ErrUnauthenticated)
	}
	if !s.expires.IsZero() && !h.now().Before(s.expires) {
		return host.Session{}, fmt.Errorf("session: expired: %w", host.ErrUnauthenticated)
	}
	u, ok := h.users[s.user]
	if !ok {
		return host.Session{}, fmt.Errorf("session: account is gone: %w", host.ErrUnauthenticated)
	}
	return host.Session{ID: s.id, User: u, ExpiresAt: s.expires}, nil
}

// Can answers from the roles.
func (h *Host) Can(ctx context.Context, u host.User, p host.Permission, recordType string) (bool, error) {
	if err := h.enter(ctx, OpCan); err != nil {
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.roles.Can(u.Role, p, recordType), nil
}

// User returns the account as it is now.
func (h *Host) User(ctx context.Context, id int64) (host.User, error) {
	if err := h.enter(ctx, OpUser); err != nil {
		return host.User{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	u, ok := h.users[id]
	if !ok {
		return host.User{}, fmt.Errorf("user %d: %w", id, host.ErrNotFound)
	}
	return u, nil
}

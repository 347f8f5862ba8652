package hosttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/host"
)

func testSessions(t *testing.T, f Fixture) {
	alice, token := f.AddUser(t, "alice", "clerk")
	_, bobs := f.AddUser(t, "bob", "public")

	s, err := f.ValidateSession(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if s.User != alice {
		t.Errorf("got user %+v, want %+v", s.User, alice)
	}
	if s.ID == 0 {
		t.Error("the session has no number, so nothing can name its end")
	}

	bad := map[string]string{
		"empty": "", "text": "hello", "dot": ".", "two dots": "a.b.c", "half": token[:len(token)/2],
		"longer": token + "0", "other case": strings.ToUpper(token), "space": " " + token,
		"huge": strings.Repeat("f", 1<<16), "nul": "\x00", "not UTF-8": "\xff\xfe." + token,
		"mixed": token[:len(token)/2] + bobs[len(bobs)/2:],
	}
	for name, wrong := range bad {
		if _, err := f.ValidateSession(t.Context(), wrong); !errors.Is(err, host.ErrUnauthenticated) {
			t.Errorf("%s: got %v, want ErrUnauthenticated", name, err)
		} else if len(wrong) > 8 && strings.Contains(err.Error(), wrong[:8]) {
			t.Errorf("%s: the error %q repeats the token", name, err)
		}
	}

	f.Expire(t, token)
	if _, err := f.ValidateSession(t.Context(), token); !errors.Is(err, host.ErrUnauthenticated) {
		t.Errorf("expired: got %v, want ErrUnauthenticated", err)
	}
	if _, err := f.ValidateSession(t.Context(), bobs); err != nil {
		t.Errorf("the other session must live on: %v", err)
	}
}

func testSessionEvents(t *testing.T, f Fixture) {
	alice, first := f.AddUser(t, "alice", "clerk")
	bob, bobs := f.AddUser(t, "bob", "clerk")
	bobSession, err := f.ValidateSession(t.Context(), bobs)
	if err != nil {
		t.Fatal(err)
	}

	var revoked []host.SessionsRevoked
	var ended []host.SessionEnded
	f.Subscribe(host.EventSessionsRevoked, func(ctx context.Context, p any) {
		r, err := host.PayloadAs[host.SessionsRevoked](p)
		if err != nil {
			t.Error(err)
		}
		if _, err := f.ValidateSession(ctx, first); !errors.Is(err, host.ErrUnauthenticated) {
			t.Errorf("announced before it took effect: %v", err)
		}
		revoked = append(revoked, r)
	})
	f.Subscribe(host.EventSessionEnded, func(_ context.Context, p any) {
		e, err := host.PayloadAs[host.SessionEnded](p)
		if err != nil {
			t.Error(err)
		}
		ended = append(ended, e)
	})

	f.Revoke(t, alice.ID, "password_changed")
	if len(revoked) != 1 || revoked[0] != (host.SessionsRevoked{UserID: alice.ID, Reason: "password_changed"}) {
		t.Errorf("got %+v", revoked)
	}
	f.Logout(t, bobs)
	if len(ended) != 1 || ended[0].SessionID != bobSession.ID || ended[0].UserID != bob.ID {
		t.Errorf("got %+v, want session %d of user %d", ended, bobSession.ID, bob.ID)
	}
	for name, token := range map[string]string{"revoked": first, "logged out": bobs} {
		if _, err := f.ValidateSession(t.Context(), token); !errors.Is(err, host.ErrUnauthenticated) {
			t.Errorf("%s: got %v, want ErrUnauthenticated", name, err)
		}
	}
}

func testRights(t *testing.T, f Fixture) {
	for _, c := range []struct {
		role string
		p    host.Permission
		want bool
	}{
		{"clerk", host.PermissionRecordsView, true},
		{"clerk", host.PermissionRecordsEdit, true},
		{"clerk", host.PermissionAdmin, false},
		{"public", host.PermissionRecordsView, true},
		{"public", host.PermissionRecordsEdit, false},
		{"admin", host.PermissionRecordsEdit, true},
		{"admin", host.PermissionAdmin, true},
		{"unknown-role", host.PermissionRecordsView, true},
		{"unknown-role", host.PermissionRecordsEdit, false},
		{"", host.PermissionRecordsEdit, false},
	} {
		got, err := f.Can(t.Context(), host.User{ID: 1, Role: c.role}, c.p, "")
		if err != nil || got != c.want {
			t.Errorf("%q may %s: got %v, %v, want %v", c.role, c.p, got, err, c.want)
		}
	}
}

func testRoleChange(t *testing.T, f Fixture) {
	alice, token := f.AddUser(t, "alice", "clerk")
	f.SetRole(t, alice.ID, "public")
	s, err := f.ValidateSession(t.Context(), token)
	if err != nil || s.User.Role != "public" {
		t.Errorf("the session still has the role %q (%v)", s.User.Role, err)
	}
	u, err := f.User(t.Context(), alice.ID)
	if err != nil || u.Role != "public" {
		t.Errorf("the account still has the role %q (%v)", u.Role, err)
	}
	if ok, err := f.Can(t.Context(), u, host.PermissionRecordsEdit, ""); ok || err != nil {
		t.Errorf("the demotion does not bite: %v, %v", ok, err)
	}
}

func testUsers(t *testing.T, f Fixture) {
	alice, _ := f.AddUser(t, "alice", "clerk")
	if got, err := f.User(t.Context(), alice.ID); err != nil || got != alice {
		t.Errorf("got %+v, %v, want %+v", got, err, alice)
	}
	for _, id := range []int64{0, -1, 1 << 40} {
		if _, err := f.User(t.Context(), id); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("user %d: got %v, want ErrNotFound", id, err)
		}
	}
}

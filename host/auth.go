package host

import (
	"context"
	"time"
)

// User is an account of the core as it is at the moment of the answer.
type User struct {
	ID       int64
	Username string
	Name     string // display name; empty if the account has none
	Email    string
	Role     string // the role named in the account, even one that roles.yml does not know
}

// DisplayName is what other people see beside the caret: the name, else the
// user name.
func (u User) DisplayName() string {
	if u.Name != "" {
		return u.Name
	}
	return u.Username
}

// Session is a validated login.
type Session struct {
	// ID is the number that EventSessionEnded names; 0 if the host does not
	// number its sessions.
	ID        int64
	User      User
	ExpiresAt time.Time // zero = does not expire
}

// Permission names an action of the core's roles.
type Permission string

// The permissions that the plugin asks for.
const (
	PermissionRecordsView Permission = "records:view"
	PermissionRecordsEdit Permission = "records:edit"
	// PermissionAdmin guards the dashboard and the room listing.
	PermissionAdmin Permission = "system:admin"
)

// Auth validates sessions and answers questions of right.
type Auth interface {
	// ValidateSession returns the session that belongs to the wire token.
	// A token that is malformed, unknown, revoked or expired is
	// ErrUnauthenticated; any other error means that the answer is not known.
	ValidateSession(ctx context.Context, token string) (Session, error)

	// Can reports whether the user, with the role in u, may do p on records
	// of the given type ("" = type not known: only role-wide permissions
	// count).
	Can(ctx context.Context, u User, p Permission, recordType string) (bool, error)
}

// UserDirectory is an optional capability of an Auth: it re-reads an account,
// so that open sockets follow a changed role.
type UserDirectory interface {
	// User returns the account as it is now, ErrNotFound if it is gone.
	User(ctx context.Context, id int64) (User, error)
}

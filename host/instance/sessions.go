package instance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/host"
)

const (
	sessionLife        = 24 * time.Hour
	maxSessionsPerUser = 5
)

// ValidateSession verifies the token's signature and looks its session up.
func (in *Instance) ValidateSession(ctx context.Context, token string) (host.Session, error) {
	if err := ctx.Err(); err != nil {
		return host.Session{}, fmt.Errorf("validate session: %w", err)
	}
	hash, ok := in.signer.open(token)
	if !ok {
		return host.Session{}, fmt.Errorf("validate session: bad token: %w", host.ErrUnauthenticated)
	}
	now := time.Now()
	s, round, ok := in.seen.session(ctx, hash, now)
	if ok {
		return s, nil
	}
	var expires string
	err := in.queryRow(ctx, `
		SELECT s.id, CAST(s.expires_at AS TEXT), u.id, u.username, u.role, COALESCE(u.name, ''), COALESCE(u.email, '')
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = ? AND s.expires_at > ?`, hash, isoMillis(now)).
		Scan(&s.ID, &expires, &s.User.ID, &s.User.Username, &s.User.Role, &s.User.Name, &s.User.Email)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return host.Session{}, fmt.Errorf("validate session: unknown or expired: %w", host.ErrUnauthenticated)
	case err != nil:
		return host.Session{}, queryError(ctx, "validate session", err)
	}
	s.ExpiresAt = sqlTime(expires)
	in.seen.keepSession(hash, s, round)
	return s, nil
}

// User returns the account as it is now.
func (in *Instance) User(ctx context.Context, id int64) (host.User, error) {
	u := host.User{ID: id}
	err := in.db.QueryRowContext(ctx,
		`SELECT username, role, COALESCE(name, ''), COALESCE(email, '') FROM users WHERE id = ?`, id).
		Scan(&u.Username, &u.Role, &u.Name, &u.Email)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return host.User{}, fmt.Errorf("user %d: %w", id, host.ErrNotFound)
	case err != nil:
		return host.User{}, queryError(ctx, fmt.Sprintf("user %d", id), err)
	}
	return u, nil
}

// StartSession makes a session of the user for 24 hours and returns its token.
// Of more than five sessions the oldest end, which is announced.
func (in *Instance) StartSession(ctx context.Context, userID int64) (token string, s host.Session, err error) {
	token, hash := in.signer.issue()
	expires := time.Now().Add(sessionLife).UTC().Truncate(time.Millisecond)
	var pushedOut []int64
	err = in.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (user_id, token_hash, expires_at) VALUES (?, ?, ?)`,
			userID, hash, isoMillis(expires)); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `
			DELETE FROM sessions WHERE user_id = ?1 AND id NOT IN
				(SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2)
			RETURNING id`, userID, maxSessionsPerUser)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return errors.Join(err, rows.Close())
			}
			pushedOut = append(pushedOut, id)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	if err != nil {
		return "", host.Session{}, queryError(ctx, "start session", err)
	}
	for _, id := range pushedOut {
		in.announce(host.EventSessionEnded, host.SessionEnded{SessionID: id, UserID: userID, Reason: "too_many_sessions"})
	}
	s, err = in.ValidateSession(ctx, token)
	return token, s, err
}

// EndSession ends a session and announces it. A session that is gone already
// is no error.
func (in *Instance) EndSession(ctx context.Context, s host.Session, why string) error {
	res, err := in.db.ExecContext(ctx, `DELETE FROM sessions WHERE id = ?`, s.ID)
	if err != nil {
		return queryError(ctx, "end session", err)
	}
	if n, err := res.RowsAffected(); err == nil && n > 0 {
		in.announce(host.EventSessionEnded, host.SessionEnded{SessionID: s.ID, UserID: s.User.ID, Reason: why})
	}
	return nil
}

// inTransaction runs fn in one transaction.
func (in *Instance) inTransaction(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := in.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

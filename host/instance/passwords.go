package instance

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/civicpress/realtimefx/host"
)

// Passwords are stored in users.password_hash as bcrypt of cost 12, as the
// core stores them; "$2a$" and the core's "$2b$" are read alike. Of a longer
// password bcrypt sees the first 72 bytes only.
const (
	bcryptCost       = 12
	bcryptBytes      = 72
	minPasswordRunes = 8
)

// nobody makes a hash for logins of unknown users to be compared with, so that
// the answer takes as long as for a known one. No password matches it.
func nobody(cost int) ([]byte, error) {
	if cost == bcryptCost {
		return []byte(nobodysHash), nil
	}
	return bcrypt.GenerateFromPassword([]byte(rand.Text()), cost)
}

// nobodysHash is the bcrypt of a text that was thrown away. It saves a quarter
// of a second at every start.
const nobodysHash = "$2a$12$bj7Tn.QF0MYSHpcCnm/JXuIrT9La01hlVZpRRqeqwedWIgoEdu2Eu"

// Login starts a session for the right user name and password. A wrong one of
// either is ErrUnauthenticated.
func (in *Instance) Login(ctx context.Context, username, password string) (token string, s host.Session, err error) {
	var id int64
	var stored sql.NullString
	err = in.db.QueryRowContext(ctx, `SELECT id, password_hash FROM users WHERE username = ?`, username).Scan(&id, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", host.Session{}, queryError(ctx, "login", err)
	}
	known := err == nil && stored.String != ""
	hash := in.nobody
	if known {
		hash = []byte(stored.String)
	}
	if !passwordMatches(hash, password) || !known {
		return "", host.Session{}, fmt.Errorf("login: %w", host.ErrUnauthenticated)
	}
	return in.StartSession(ctx, id)
}

// SetPassword replaces the password of an account, ends all its sessions in
// the same transaction, and announces that.
func (in *Instance) SetPassword(ctx context.Context, userID int64, password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPasswordRunes:
		return fmt.Errorf("set password: %w: at least %d characters", ErrBadPassword, minPasswordRunes)
	case len(password) > bcryptBytes:
		return fmt.Errorf("set password: %w: at most %d bytes", ErrBadPassword, bcryptBytes)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), in.cost)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	err = in.inTransaction(ctx, func(tx *sql.Tx) error {
		var provider string
		err := tx.QueryRowContext(ctx, `SELECT COALESCE(auth_provider, 'password') FROM users WHERE id = ?`, userID).Scan(&provider)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("user %d: %w", userID, host.ErrNotFound)
		case err != nil:
			return err
		case provider != "password":
			return fmt.Errorf("user %d: %w (%s)", userID, ErrExternalAccount, provider)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = ?`, userID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE users SET password_hash = ?, updated_at = CURRENT_TIMESTAMP WHERE id = ?`, string(hash), userID)
		return err
	})
	if err != nil {
		return queryError(ctx, "set password", err)
	}
	in.announce(host.EventSessionsRevoked, host.SessionsRevoked{UserID: userID, Reason: "password_changed"})
	return nil
}

func passwordMatches(hash []byte, password string) bool {
	if len(password) > bcryptBytes {
		password = password[:bcryptBytes]
	}
	return bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
}

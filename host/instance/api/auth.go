package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/instance"
)

// bearer returns the token of the Authorization header. The scheme's case does
// not matter.
func bearer(r *http.Request) (token string, present bool) {
	h := r.Header.Get("Authorization")
	if h == "" {
		return "", false
	}
	scheme, token, _ := strings.Cut(h, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(token), true
}

// withSession lets only requests with a valid session through.
func (a *API) withSession(next func(http.ResponseWriter, *http.Request, host.Session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, present := bearer(r)
		if !present && r.Method != http.MethodGet {
			// The core asks browsers' cookie sessions for this first.
			fail(w, http.StatusForbidden, "CSRF_TOKEN_MISSING", "CSRF token is required: send Authorization: Bearer <token> or X-CSRF-Token")
			return
		}
		if !present {
			send(w, http.StatusUnauthorized, plainFailure{Error: "Authentication required", Message: "No authorization header provided"})
			return
		}
		s, err := a.in.ValidateSession(r.Context(), token)
		switch {
		case errors.Is(err, host.ErrUnauthenticated):
			send(w, http.StatusUnauthorized, plainFailure{Error: "Invalid token", Message: "The provided token is invalid or expired"})
		case err != nil:
			a.internal(w, r, err)
		default:
			next(w, r, s)
		}
	}
}

// plainFailure is the other shape of the core's errors.
type plainFailure struct {
	Success bool   `json:"success"`
	Error   string `json:"error"`
	Message string `json:"message"`
}

// visitor returns the user of the request; without a header it is the public.
// A header with a bad token is an error, not the public.
func (a *API) visitor(w http.ResponseWriter, r *http.Request) (host.User, bool) {
	if _, present := bearer(r); !present {
		return host.User{Role: "public"}, true
	}
	var u host.User
	through := false
	a.withSession(func(_ http.ResponseWriter, _ *http.Request, s host.Session) { u, through = s.User, true })(w, r)
	return u, through
}

// allowed answers 403 if the user may not do p.
func (a *API) allowed(w http.ResponseWriter, r *http.Request, u host.User, p host.Permission, recordType string) bool {
	can, err := a.in.Can(r.Context(), u, p, recordType)
	if err != nil {
		a.internal(w, r, err)
		return false
	}
	if can {
		return true
	}
	f := failure{
		Message: "Permission denied: " + denied[p], Code: "INSUFFICIENT_PERMISSIONS", Required: string(p),
	}
	if u.ID != 0 {
		f.User = object{"id": u.ID, "username": u.Username, "role": u.Role}
	}
	failWith(w, http.StatusForbidden, f)
	return false
}

var denied = map[host.Permission]string{
	host.PermissionRecordsView: "Cannot view records",
	host.PermissionRecordsEdit: "Cannot edit records",
	host.PermissionAdmin:       "Only administrators can do this",
}

func (a *API) userJSON(u host.User) object {
	return object{
		"id": u.ID, "username": u.Username, "role": u.Role, "email": u.Email, "name": u.Name, "avatar_url": nil,
		"email_verified": false, "permissions": a.in.Permissions(u.Role),
	}
}

func (a *API) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, Password string }
	if !readJSON(w, r, &in) {
		return
	}
	if in.Username == "" || in.Password == "" {
		fail(w, http.StatusBadRequest, "VALIDATION_ERROR", "Both username and password are needed")
		return
	}
	ip := a.o.ClientIP(r)
	key := ip + " " + strings.ToLower(in.Username)
	if wait := a.logins.wait(key); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		fail(w, http.StatusTooManyRequests, "ACCOUNT_LOCKED", fmt.Sprintf("Too many failed logins; try again in %d minutes", int(wait.Minutes())+1))
		return
	}
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-r.Context().Done():
		return
	}
	token, s, err := a.in.Login(r.Context(), in.Username, in.Password)
	switch {
	case errors.Is(err, host.ErrUnauthenticated):
		a.logins.failed(key)
		a.audit(r, 0, "password_login_failed", "user", "", "Wrong user name or password")
		fail(w, http.StatusUnauthorized, "INVALID_CREDENTIALS", "Invalid username or password")
	case err != nil:
		a.internal(w, r, err)
	default:
		a.logins.succeeded(key)
		a.audit(r, s.User.ID, "password_login", "user", strconv.FormatInt(s.User.ID, 10), "Password login for user "+s.User.Username)
		ok(w, http.StatusOK, object{"session": object{"token": token, "user": a.userJSON(s.User), "expiresAt": stamp(s.ExpiresAt)}})
	}
}

func (a *API) logout(w http.ResponseWriter, r *http.Request, s host.Session) {
	if err := a.in.EndSession(r.Context(), s, "logout"); err != nil {
		a.internal(w, r, err)
		return
	}
	a.audit(r, s.User.ID, "logout", "user", strconv.FormatInt(s.User.ID, 10), "")
	ok(w, http.StatusOK, object{"message": "Logged out"})
}

// me has errors of its own in the core, and takes the exact "Bearer " only.
func (a *API) me(w http.ResponseWriter, r *http.Request) {
	h := r.Header.Get("Authorization")
	if h == "" {
		fail(w, http.StatusUnauthorized, "MISSING_AUTH", "Authorization header required")
		return
	}
	token, _ := strings.CutPrefix(h, "Bearer ")
	s, err := a.in.ValidateSession(r.Context(), token)
	switch {
	case errors.Is(err, host.ErrUnauthenticated):
		fail(w, http.StatusUnauthorized, "INVALID_TOKEN", "The token is invalid or expired")
	case err != nil:
		a.internal(w, r, err)
	default:
		ok(w, http.StatusOK, object{"user": a.userJSON(s.User)})
	}
}

func (a *API) setPassword(w http.ResponseWriter, r *http.Request, s host.Session) {
	if !a.allowed(w, r, s.User, host.PermissionAdmin, "") {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		fail(w, http.StatusBadRequest, "VALIDATION_ERROR", "The user id must be a number")
		return
	}
	var in struct {
		NewPassword string `json:"newPassword"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	switch err := a.in.SetPassword(r.Context(), id, in.NewPassword); {
	case errors.Is(err, host.ErrNotFound):
		fail(w, http.StatusNotFound, "USER_NOT_FOUND", "User not found")
	case errors.Is(err, instance.ErrBadPassword):
		fail(w, http.StatusBadRequest, "INVALID_PASSWORD", sentence(err))
	case errors.Is(err, instance.ErrExternalAccount):
		fail(w, http.StatusBadRequest, "EXTERNAL_ACCOUNT", sentence(err))
	case err != nil:
		a.internal(w, r, err)
	default:
		a.audit(r, s.User.ID, "admin_password_set", "user", r.PathValue("id"), "Password set by an administrator; all sessions revoked")
		ok(w, http.StatusOK, object{"message": "Password set; all sessions of the user have ended"})
	}
}

// audit writes a row of the audit log; a failure is logged, it does not undo
// what was done.
func (a *API) audit(r *http.Request, userID int64, action, resourceType, resourceID, details string) {
	ctx := context.WithoutCancel(r.Context())
	if err := a.in.Audit(ctx, userID, action, resourceType, resourceID, details, a.o.ClientIP(r)); err != nil {
		a.log.Error("audit row not written", "action", action, "error", err)
	}
}

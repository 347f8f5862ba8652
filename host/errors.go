package host

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
)

// Answers that are not failures of the backend. Implementations wrap them
// with %w; callers test with errors.Is.
var (
	ErrUnauthenticated = errors.New("not authenticated")
	ErrNotFound        = errors.New("not found")
	ErrConflict        = errors.New("changed by somebody else")
)

// Error is the error type of the core: a stable code for programs, a message
// for people, and a correlation id that is the same in the client's message,
// the log line and the hook.
type Error struct {
	Code          string         // upper snake case, stable
	Message       string         // for people; names what, where and what to do
	HTTPStatus    int            // 0 = 500
	CorrelationID string         // empty until the error meets a request
	Context       map[string]any // figures and names for the log; never document text or tokens
	Cause         error          // may be nil
}

// Error returns "message: cause".
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Cause)
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error with the same code, so that package
// level values can serve as sentinels and still be given a cause or context.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy that carries a cause and a correlation id.
func (e *Error) With(correlationID string, cause error) *Error {
	c := *e
	c.CorrelationID, c.Cause = correlationID, cause
	return &c
}

// NewCorrelationID returns an id that joins a client's message, a log line and
// a hook: 16 hexadecimal digits.
func NewCorrelationID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

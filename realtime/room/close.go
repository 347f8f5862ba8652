package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// limitError is an ErrConnectionLimit that names the key in realtime.yml.
type limitError struct{ key, text string }

func (e *limitError) Error() string { return e.text }
func (e *limitError) Unwrap() error { return ErrConnectionLimit }
func (e *limitError) Limit() string { return e.key }

// NewLimitError is ErrConnectionLimit with the key of the limit and the
// sentence for the client.
func NewLimitError(key, text string) error { return &limitError{key, text} }

func roomLimit(limit int, id string) error {
	e := *ErrRoomLimit
	e.Message = fmt.Sprintf("Room limit reached (%d); cannot create room %s", limit, id)
	return &e
}

// CloseFor returns how a socket is closed that met the error at the door. What
// is not an answer is transient: nobody is refused because a service is down.
// id is the correlation id, empty for clients that know the reason without.
func CloseFor(err error, id string) wire.Close {
	switch {
	case errors.Is(err, ErrAuthFailed):
		return wire.NewClose(wire.CodeUnauthorized, ErrAuthFailed.Code, "", id)
	case errors.Is(err, ErrRoomNotFound), errors.Is(err, ErrPermissionDenied):
		return wire.CloseForbidden(id)
	case errors.Is(err, ErrConnectionLimit):
		return wire.NewClose(wire.CodeConnLimit, ErrConnectionLimit.Code, err.Error(), id)
	case errors.Is(err, ErrRoomLimit):
		return wire.Transient(wire.CodeRoomLimit, ErrRoomLimit.Code, err.Error(), id)
	case errors.Is(err, ErrLoadFailed):
		return wire.Transient(wire.CodeLoadFailed, ErrLoadFailed.Code, ErrLoadFailed.Message, id)
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled):
		return wire.CloseRestart
	default:
		return wire.Transient(wire.CodeTryLater, ErrUnavailable.Code, ErrUnavailable.Message, id)
	}
}

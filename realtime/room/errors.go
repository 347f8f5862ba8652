package room

import (
	"errors"
	"net/http"

	"github.com/civicpress/realtimefx/host"
)

// Errors that clients meet. They compare by code with errors.Is; the session
// maps them to close codes.
var (
	ErrRoomType         = &host.Error{Code: "ROOM_TYPE_NOT_REGISTERED", Message: "room type not registered", HTTPStatus: http.StatusNotFound}
	ErrRoomNotFound     = &host.Error{Code: "ROOM_NOT_FOUND", Message: "room not found", HTTPStatus: http.StatusNotFound}
	ErrPermissionDenied = &host.Error{Code: "PERMISSION_DENIED", Message: "permission denied", HTTPStatus: http.StatusForbidden}
	ErrAuthFailed       = &host.Error{Code: "AUTH_FAILED", Message: "authentication failed", HTTPStatus: http.StatusUnauthorized}
	ErrConnectionLimit  = &host.Error{Code: "CONNECTION_LIMIT_EXCEEDED", Message: "connection limit exceeded", HTTPStatus: http.StatusTooManyRequests}
	ErrRoomLimit        = &host.Error{Code: "ROOM_LIMIT_EXCEEDED", Message: "room limit exceeded", HTTPStatus: http.StatusServiceUnavailable}
	ErrInvalidUpdate    = &host.Error{Code: "INVALID_UPDATE", Message: "invalid Yjs update", HTTPStatus: http.StatusBadRequest}
	ErrDocumentTooLarge = &host.Error{Code: "DOCUMENT_TOO_LARGE", Message: "document too large", HTTPStatus: http.StatusRequestEntityTooLarge}
	ErrLoadFailed       = &host.Error{Code: "LOAD_FAILED", Message: "the document could not be loaded", HTTPStatus: http.StatusServiceUnavailable}
	ErrUnavailable      = &host.Error{Code: "UNAVAILABLE", Message: "a service this needs is not available now", HTTPStatus: http.StatusServiceUnavailable}
	ErrClosed           = &host.Error{Code: "ROOM_CLOSED", Message: "the room is closed", HTTPStatus: http.StatusServiceUnavailable}
)

// CodeOf returns the code of a host error, "INTERNAL" of any other.
func CodeOf(err error) string {
	var e *host.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "INTERNAL"
}

// CorrelationOf returns the correlation id that an error carries, "" if none.
func CorrelationOf(err error) string {
	var e *host.Error
	if errors.As(err, &e) {
		return e.CorrelationID
	}
	return ""
}

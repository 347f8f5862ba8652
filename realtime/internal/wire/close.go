package wire

import (
	"encoding/json"
	"unicode/utf8"
)

// Close is why a socket is closed: the code on the wire and whether the client
// should come back by itself.
type Close struct {
	Code   int
	Reason string // at most 123 bytes, usually JSON
	Retry  bool   // transient: the client may reconnect
}

// NoStatus stands for a close frame without a code; clients report 1005.
const NoStatus = 1005

// The close codes in use; docs/protocol.md explains them to clients.
const (
	CodeGoingAway     = 1001
	CodePolicy        = 1008
	CodeTooBig        = 1009
	CodeRestart       = 1012
	CodeTryLater      = 1013
	CodeUnauthorized  = 4001 // no valid session (any more)
	CodeForbidden     = 4003 // no such record, or no right to see it
	CodeNoRoomType    = 4004
	CodeLineage       = 4409 // the client holds another document of this record
	CodeRoomLimit     = 4013
	CodeConnLimit     = 4029
	CodeDocTooLarge   = 4413
	CodeInvalidUpdate = 4400
	CodeLoadFailed    = 4500
	CodeUnavailable   = 4503 // edits cannot be stored at present
)

// maxReason is what fits into a close frame. One byte more, and coder/websocket
// sends no close frame at all.
const maxReason = 123

// reason is the JSON that existing clients read; the order of keys is theirs.
type reason struct {
	Code     string `json:"code"`
	RoomType string `json:"roomType,omitempty"`
	Reason   string `json:"reason,omitempty"`
	ID       string `json:"id,omitempty"`
}

func (r reason) String() string {
	b, err := json.Marshal(r)
	if err == nil && len(b) <= maxReason {
		return string(b)
	}
	// Too long: shorten the part that is for people, then do without.
	for _, s := range []*string{&r.Reason, &r.RoomType} {
		over := len(b) - maxReason
		*s = truncate(*s, max(0, len(*s)-over-2))
		if b, err = json.Marshal(r); err == nil && len(b) <= maxReason {
			return string(b)
		}
		*s = ""
	}
	b, _ = json.Marshal(reason{Code: truncate(r.Code, 64)})
	return string(b)
}

// truncate cuts s to at most n bytes without splitting a character.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// NewClose makes a permanent close with a JSON reason of the given code, a
// sentence for people (may be empty) and the correlation id (may be empty).
func NewClose(code int, name, text, id string) Close {
	return Close{Code: code, Reason: reason{Code: name, Reason: text, ID: id}.String()}
}

// Transient makes a close after which the client should come back.
func Transient(code int, name, text, id string) Close {
	c := NewClose(code, name, text, id)
	c.Retry = true
	return c
}

// Closes without variable parts, as existing clients know them.
var (
	CloseNoStatus  = Close{Code: NoStatus}
	CloseRateLimit = Close{Code: CodePolicy, Reason: "Rate limit exceeded", Retry: true}
	CloseRestart   = Close{Code: CodeRestart, Reason: reason{Code: "SERVER_RESTART"}.String(), Retry: true}
	CloseLineage   = Close{Code: CodeLineage, Reason: reason{Code: "LINEAGE_CHANGED"}.String()}
)

// CloseNoRoomType refuses a room type that nobody handles.
func CloseNoRoomType(roomType string) Close {
	return Close{Code: CodeNoRoomType, Reason: reason{Code: "ROOM_TYPE_NOT_REGISTERED", RoomType: roomType}.String()}
}

// CloseForbidden ends a socket whose user may not see the record. The
// correlation id may be empty.
func CloseForbidden(id string) Close { return NewClose(CodeForbidden, "PERMISSION_DENIED", "", id) }

// TooBig is the code of a message that is larger than it may be.
const TooBig = "MESSAGE_TOO_LARGE"

// CloseTooBig ends a socket whose client sends too large a message.
func CloseTooBig(id string) Close { return NewClose(CodeTooBig, TooBig, "", id) }

// CloseRevoked ends a socket whose session was revoked. The reason and the
// correlation id may be empty.
func CloseRevoked(why, id string) Close {
	return NewClose(CodeUnauthorized, "SESSION_REVOKED", why, id)
}

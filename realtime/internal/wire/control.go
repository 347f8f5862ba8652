package wire

import (
	"encoding/json"
	"strconv"
	"time"
)

// Control frames are JSON in text frames. Their keys keep the order that
// existing clients know. They go only to clients that asked for them: a stock
// y-websocket client throws on any text frame.

// clockMap encodes as {"<client id>":clock}; JSON has string keys only.
type clockMap = map[uint64]uint64

type control struct {
	Type     string        `json:"type"`
	Event    string        `json:"event"`
	RoomID   string        `json:"roomId,omitempty"`
	ClientID string        `json:"clientId,omitempty"`
	Seq      *uint64       `json:"seq,omitempty"`
	Clocks   clockMap      `json:"clocks,omitempty"`
	Updates  *uint64       `json:"updates,omitempty"`
	Access   Access        `json:"access,omitempty"`
	Code     string        `json:"code,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Error    *controlError `json:"error,omitempty"`
	Retry    int64         `json:"retryAfterMs,omitempty"`
	ID       string        `json:"correlationId,omitempty"`
}

type controlError struct {
	Code          string `json:"code"`
	Message       string `json:"message"`
	CorrelationID string `json:"correlationId,omitempty"`
}

func (c control) frame() Frame {
	c.Type = "control"
	b, err := json.Marshal(c)
	if err != nil { // strings and numbers only: cannot fail
		panic("wire: " + err.Error())
	}
	return Text(b)
}

// Access is what a client may do in its room.
type Access string

// The kinds of access. NoAccess leaves the field out, as clients expect that
// did not offer the subprotocol.
const (
	NoAccess   Access = ""
	ViewAccess Access = "view"
	EditAccess Access = "edit"
)

// Ack tells the client that it is in the room.
func Ack(roomID, clientID string, a Access) Frame {
	return control{Event: "connection.ack", RoomID: roomID, ClientID: clientID, Access: a}.frame()
}

// Error tells the client that something failed; a close often follows.
func Error(code, message, correlationID string) Frame {
	return control{Event: "error", Error: &controlError{code, message, correlationID}}.frame()
}

// Notice tells the client of something that does not end the connection: a
// refused edit, a limit that is near.
func Notice(code, reason string) Frame {
	return control{Event: "notice", Code: code, Reason: reason}.frame()
}

// AccessChanged tells the client what it may do from now on.
func AccessChanged(a Access) Frame {
	return control{Event: "access", Access: a}.frame()
}

// Saved tells an author that its edits are on stable storage: everything up to
// seq, which covers for each Yjs client the clocks below the given one, and the
// first updates sync messages (updates and step 2) that came over its socket.
// The count is what makes it exact: a deletion moves no clock.
func Saved(seq uint64, clocks map[uint64]uint64, updates uint64) Frame {
	return control{Event: "saved", Seq: &seq, Clocks: clocks, Updates: &updates}.frame()
}

// Unsaved tells the authors that nothing behind seq can be saved at present.
func Unsaved(seq uint64, reason string) Frame {
	return control{Event: "unsaved", Seq: &seq, Reason: reason}.frame()
}

// Reload tells the client that its document and ours do not descend from the
// same beginning: it has to load the record anew.
func Reload(roomID string) Frame {
	return control{Event: "reload", RoomID: roomID, Reason: "lineage.changed"}.frame()
}

// SessionRevoked announces the close of a socket whose session has ended. The
// correlation id may be empty.
func SessionRevoked(reason, id string) Frame {
	return control{Event: "session.revoked", Reason: reason, ID: id}.frame()
}

// Restart announces that the server goes down and when to come back.
func Restart(after time.Duration) Frame {
	return control{Event: "restart", Retry: after.Milliseconds()}.frame()
}

// Pong answers the JSON ping {"type":"ping"}.
func Pong(now time.Time) Frame {
	b := append([]byte(`{"type":"pong","timestamp":`), strconv.FormatInt(now.UnixMilli(), 10)...)
	return Text(append(b, '}'))
}

// IsPing reports whether a client's message is the JSON ping.
func IsPing(message []byte) bool {
	if len(message) > 256 { // nothing that long is a ping; do not parse it
		return false
	}
	var m struct{ Type string }
	return json.Unmarshal(message, &m) == nil && m.Type == "ping"
}

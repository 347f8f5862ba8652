package host

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Events of the core that concern open documents. The payload type is named
// beside each. An event that hooks.yml disables is delivered to nobody, the
// plugin included.
const (
	// EventSessionsRevoked: all sessions of a user ended (password set or
	// changed, log out everywhere). Payload SessionsRevoked.
	EventSessionsRevoked = "auth:sessions:revoked"
	// EventSessionEnded: one session ended (logout, pushed out by a newer
	// login). Payload SessionEnded.
	EventSessionEnded = "auth:session:ended"
	// EventRolesChanged: a user has another role, or the meaning of roles
	// changed. Payload RolesChanged.
	EventRolesChanged = "auth:roles:changed"

	// EventRecordCreated: a record was published for the first time. Payload
	// RecordEvent, as for all events below.
	EventRecordCreated = "record:created"
	// EventRecordUpdated: the published text or fields changed.
	EventRecordUpdated = "record:updated"
	// EventRecordPublished: a draft became the published text and is gone.
	EventRecordPublished = "record:published"
	// EventRecordCommitted: the record's file is in Git.
	EventRecordCommitted = "record:committed"
	// EventRecordDeleted: there is no such record any more.
	EventRecordDeleted = "record:deleted"
	// EventStatusChanged: the legal status changed.
	EventStatusChanged = "status:changed"
	// EventDraftCreated: a draft was made by somebody else than the plugin.
	EventDraftCreated = "draft:created"
	// EventDraftUpdated: a draft was saved by somebody else than the plugin.
	EventDraftUpdated = "draft:updated"
	// EventDraftDeleted: a draft was thrown away.
	EventDraftDeleted = "draft:deleted"
)

// SessionsRevoked is the payload of EventSessionsRevoked.
type SessionsRevoked struct {
	UserID int64  `json:"userId"`
	Reason string `json:"reason,omitempty"`
}

// UnmarshalJSON accepts the user id as a number or as a string, as the core
// sends either.
func (p *SessionsRevoked) UnmarshalJSON(b []byte) error {
	var raw struct {
		UserID json.RawMessage `json:"userId"`
		Reason string          `json:"reason"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	id, err := strconv.ParseInt(strings.Trim(string(raw.UserID), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("userId %s is not a user id", raw.UserID)
	}
	p.UserID, p.Reason = id, raw.Reason
	return nil
}

// SessionEnded is the payload of EventSessionEnded.
type SessionEnded struct {
	SessionID int64  `json:"sessionId"`
	UserID    int64  `json:"userId"`
	Reason    string `json:"reason,omitempty"`
}

// RolesChanged is the payload of EventRolesChanged.
type RolesChanged struct {
	UserID int64 `json:"userId"` // 0 = everybody
}

// RecordEvent is the payload of all record and draft events.
type RecordEvent struct {
	RecordID  string `json:"recordId"`
	Type      string `json:"type,omitempty"`
	Status    string `json:"status,omitempty"`
	OldStatus string `json:"oldStatus,omitempty"` // status:changed
	Path      string `json:"path,omitempty"`
	Commit    string `json:"commit,omitempty"` // record:committed
	UserID    int64  `json:"userId,omitempty"` // 0 = not a person, or not known
}

// PayloadAs reads an event's payload as T: a T, a *T, or anything whose JSON
// fits T (a map sent by a subscriber of another make). It fails, never panics,
// on anything else.
func PayloadAs[T any](payload any) (T, error) {
	switch p := payload.(type) {
	case T:
		return p, nil
	case *T:
		if p != nil {
			return *p, nil
		}
	}
	var out T
	b, err := json.Marshal(payload)
	if err != nil {
		return out, fmt.Errorf("hook payload of type %T: %w", payload, err)
	}
	if string(b) == "null" {
		return out, fmt.Errorf("hook payload is empty, want %T", out)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("hook payload of type %T is not a %T: %w", payload, out, err)
	}
	return out, nil
}

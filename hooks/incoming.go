package hooks

import (
	"encoding/json"
	"strconv"
)

// The core's own events come from many hands (Go structs, maps decoded from
// JSON), so their payloads are read through their JSON form and anything that
// does not fit is ignored.

// SessionsRevoked is the payload of the core's auth:sessions:revoked.
type SessionsRevoked struct {
	UserID int64
	Reason string
}

// ParseSessionsRevoked reads {userId: number|string, reason?: string}.
func ParseSessionsRevoked(payload any) (SessionsRevoked, bool) {
	var p struct {
		UserID json.RawMessage `json:"userId"`
		Reason any             `json:"reason"`
	}
	if !reread(payload, &p) {
		return SessionsRevoked{}, false
	}
	id, ok := parseID(p.UserID)
	reason, _ := p.Reason.(string)
	return SessionsRevoked{UserID: id, Reason: reason}, ok
}

// ParseRecordID reads the record's id out of a payload of the core's record
// events: recordId, else id, else record.id.
func ParseRecordID(payload any) (string, bool) {
	var p struct {
		RecordID any             `json:"recordId"`
		ID       any             `json:"id"`
		Record   json.RawMessage `json:"record"`
	}
	if !reread(payload, &p) {
		return "", false
	}
	for _, v := range []any{p.RecordID, p.ID} {
		if id, ok := v.(string); ok && id != "" {
			return id, true
		}
	}
	var record struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(p.Record, &record) != nil {
		return "", false
	}
	return record.ID, record.ID != ""
}

// parseID accepts 7 and "7", as the core emits both; ids are positive.
func parseID(raw json.RawMessage) (int64, bool) {
	text := string(raw)
	if quoted := ""; json.Unmarshal(raw, &quoted) == nil {
		text = quoted
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}

func reread(payload, into any) bool {
	b, err := json.Marshal(payload)
	return err == nil && json.Unmarshal(b, into) == nil
}

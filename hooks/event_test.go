package hooks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// every holds one value of each payload.
var every = []Payload{
	RoomCreated{}, RoomDestroyed{}, ClientConnected{}, ClientDisconnected{},
	SnapshotSaved{}, SnapshotFailed{}, SnapshotOversize{}, SnapshotIntegrityFailed{},
	SnapshotExpired{}, SnapshotPruned{}, WritebackFailed{}, DraftSaved{}, OutsideMerged{},
	JournalFailing{}, JournalRecovered{}, SecurityAuthFailed{}, SecurityPermissionDenied{},
	SecurityForged{}, SecurityLimitStorm{}, SecurityOriginRefused{}, SecuritySessionsClosed{},
}

func TestEventIsFlatJSON(t *testing.T) {
	ev := Event{
		Timestamp:     time.UnixMilli(1795385872168),
		CorrelationID: "c-1",
		Data:          RoomCreated{RoomID: "records:a", RoomType: "records"},
	}
	got, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"roomId":"records:a","roomType":"records","timestamp":1795385872168,"correlationId":"c-1"}`
	if string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// The fields that subscribers of the Node module read must stay.
func TestPayloadsAreASupersetOfTheExistingOnes(t *testing.T) {
	existing := map[string][]string{
		NameRoomCreated:             {"roomId", "roomType", "timestamp"},
		NameRoomDestroyed:           {"roomId", "timestamp"},
		NameClientConnected:         {"clientId", "roomId", "roomType", "timestamp"},
		NameClientDisconnected:      {"clientId", "roomId", "roomType", "timestamp"},
		NameWritebackFailed:         {"roomId", "recordId", "stage", "error"},
		NameSnapshotOversize:        {"roomId", "byteSize", "cap"},
		NameSnapshotIntegrityFailed: {"roomId", "version", "expectedHash", "computedHash"},
		NameSnapshotExpired:         {"roomId", "version", "ageMs"},
		NameSnapshotPruned:          {"roomId", "version", "keep"},
	}
	seen := map[string]bool{}
	for _, p := range every {
		if seen[p.HookName()] || !strings.HasPrefix(p.HookName(), "realtime:") {
			t.Errorf("%T: name %q is taken or has no prefix", p, p.HookName())
		}
		seen[p.HookName()] = true
		b, err := json.Marshal(Event{Data: p})
		if err != nil {
			t.Fatalf("%T: %v", p, err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%T: %v in %s", p, err, b)
		}
		for _, field := range existing[p.HookName()] {
			if _, ok := m[field]; !ok {
				t.Errorf("%s lacks %q: %s", p.HookName(), field, b)
			}
		}
		delete(existing, p.HookName())
	}
	for name := range existing {
		t.Errorf("no payload for %s", name)
	}
}

func TestParseSessionsRevoked(t *testing.T) {
	type goForm struct {
		UserID int64  `json:"userId"`
		Reason string `json:"reason"`
	}
	tests := []struct {
		payload any
		want    SessionsRevoked
		ok      bool
	}{
		{map[string]any{"userId": 7, "reason": "password"}, SessionsRevoked{7, "password"}, true},
		{map[string]any{"userId": 7.0}, SessionsRevoked{7, ""}, true},
		{map[string]any{"userId": "7"}, SessionsRevoked{7, ""}, true},
		{map[string]any{"userId": "7", "reason": 3}, SessionsRevoked{7, ""}, true},
		{goForm{9, "logout"}, SessionsRevoked{9, "logout"}, true},
		{map[string]any{"userId": 7.5}, SessionsRevoked{}, false},
		{map[string]any{"userId": "me"}, SessionsRevoked{}, false},
		{map[string]any{"userId": -1}, SessionsRevoked{UserID: -1}, false},
		{map[string]any{}, SessionsRevoked{}, false},
		{"7", SessionsRevoked{}, false},
		{nil, SessionsRevoked{}, false},
		{func() {}, SessionsRevoked{}, false},
	}
	for _, tt := range tests {
		got, ok := ParseSessionsRevoked(tt.payload)
		if ok != tt.ok || got != tt.want {
			t.Errorf("%v: got %v %v, want %v %v", tt.payload, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseRecordID(t *testing.T) {
	tests := []struct {
		payload any
		want    string
	}{
		{map[string]any{"recordId": "a", "id": "b"}, "a"},
		{map[string]any{"id": "b"}, "b"},
		{map[string]any{"record": map[string]any{"id": "c"}}, "c"},
		{map[string]any{"recordId": 5, "record": map[string]any{"id": "c"}}, "c"},
		{map[string]any{"recordId": ""}, ""},
		{map[string]any{"record": "c"}, ""},
		{nil, ""},
	}
	for _, tt := range tests {
		if got, ok := ParseRecordID(tt.payload); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%v: got %q %v, want %q", tt.payload, got, ok, tt.want)
		}
	}
}

package hooks

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// every holds one value of each payload.
var every = []Payload{
	RoomCreated{}, RoomDestroyed{}, RoomFailed{}, SecurityInvalidUpdate{}, ClientConnected{}, ClientDisconnected{},
	SnapshotSaved{}, SnapshotOversize{}, SnapshotIntegrityFailed{},
	SnapshotExpired{}, WritebackFailed{}, DraftSaved{},
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

// docs/hooks.md has a row for each event, with exactly the fields of its
// payload.
func TestPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../docs/hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Count(string(page), "\n| `realtime:")
	if rows != len(every) {
		t.Errorf("%d rows for %d events", rows, len(every))
	}
	for _, p := range every {
		var fields []string
		for f := range reflect.TypeOf(p).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, "`"+name+"`")
		}
		_, row, _ := strings.Cut(string(page), "| `"+p.HookName()+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if want := "| " + strings.Join(fields, ", ") + " |"; !strings.HasSuffix(row, want) {
			t.Errorf("%s: the row does not end with %s", p.HookName(), want)
		}
	}
}

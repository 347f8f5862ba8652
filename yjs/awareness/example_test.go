package awareness_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/yjs/awareness"
)

// A server keeps the states of its clients, passes changes on, and removes a
// client whose connection has ended.
func Example() {
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	room := awareness.New()

	update := awareness.AppendUpdate(nil, []awareness.Entry{{Client: 7, Clock: 1, State: json.RawMessage(`{"user":{"name":"Ana"}}`)}})
	change, err := room.Apply(update, noon)
	fmt.Println(change.Added, err)
	for client, state := range room.States() {
		fmt.Println(client, string(state))
	}

	// The others are told by an update of all that changed.
	entries, err := awareness.DecodeUpdate(room.Encode(change.All()))
	fmt.Println(len(entries), err)

	fmt.Println(room.RemoveOutdated(noon.Add(awareness.OutdatedTimeout)), room.Len())
	// Output:
	// [7] <nil>
	// 7 {"user":{"name":"Ana"}}
	// 1 <nil>
	// [7] 0
}

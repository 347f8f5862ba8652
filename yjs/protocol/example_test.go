package protocol_test

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// A server's side of the sync: a client says what it has, the server answers with
// what it lacks, and updates go into the document.
func Example() {
	server := yjs.NewDoc(yjs.Options{ClientID: 1})
	notes := server.Text("notes")
	server.Transact(nil, func(tx *yjs.Transaction) error { return notes.Insert(tx, 0, "read twice", nil) })

	answer := func(frame []byte) ([]byte, error) {
		m, err := protocol.Decode(frame)
		if err != nil || m.Type != protocol.MessageSync {
			return nil, err
		}
		if m.Sync != protocol.SyncStep1 { // step 2 or update
			return nil, server.ApplyUpdate(m.Payload, "client")
		}
		missing, err := server.EncodeStateAsUpdate(m.Payload)
		return protocol.AppendSyncStep2(nil, missing), err
	}

	client := yjs.NewDoc(yjs.Options{ClientID: 2})
	reply, err := answer(protocol.AppendSyncStep1(nil, client.EncodeStateVector()))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := protocol.Decode(reply)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.ApplyUpdate(m.Payload, "server"), client.Text("notes"))
	// Output: <nil> read twice
}

package load

import (
	"github.com/civicpress/realtimefx/yjs/lib0"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// A Dialect is how a server frames y-protocols.
type Dialect int

const (
	// Stock is y-websocket's: a message is a frame of y-protocols.
	Stock Dialect = iota
	// Hocuspocus puts the name of the document before each message, wants an
	// auth message first, and has message types of its own.
	Hocuspocus
)

// A Target is a room of a server.
type Target struct {
	Addr        string // HOST:PORT
	Path        string // of the room, with the query
	Subprotocol string // to offer; empty: none
	Dialect     Dialect
	Document    string // name of the document, for Hocuspocus
	// ReceiveBuffer is the socket's, in bytes; 0 leaves it to the system.
	ReceiveBuffer int
}

// Message types that only Hocuspocus has.
const hocuspocusSyncReply = 4

// wrap makes a message of a y-protocols frame.
func (t Target) wrap(frame []byte) []byte {
	if t.Dialect == Stock {
		return frame
	}
	return append(lib0.AppendString(nil, t.Document), frame...)
}

// unwrap returns the y-protocols frame of a message, and false for one that is
// not one of y-protocols.
func (t Target) unwrap(message []byte) ([]byte, bool) {
	if t.Dialect == Hocuspocus {
		d := lib0.NewDecoder(message)
		if _, err := d.StringBytes(); err != nil || d.Len() == 0 {
			return nil, false
		}
		message = d.Rest()
		if message[0] == hocuspocusSyncReply {
			message[0] = protocol.MessageSync
		}
	}
	return message, len(message) > 0 && message[0] <= protocol.MessageAwareness
}

// auth is what has to be sent first, nil if nothing.
func (t Target) auth() []byte {
	if t.Dialect == Stock {
		return nil
	}
	const token = 0
	m := append(lib0.AppendString(nil, t.Document), protocol.MessageAuth, token)
	m = lib0.AppendString(m, "bench")
	return lib0.AppendString(m, "4.7.0") // version of the provider
}

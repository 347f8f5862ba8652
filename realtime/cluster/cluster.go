// Package cluster is the port through which rooms of the same id on several
// nodes exchange what they apply. One node needs none of it: package local
// stands in.
//
// # Guarantees expected of an implementation
//
//   - Link.Publish never blocks and does no I/O: room loops call it.
//   - Order: messages of one link arrive at each other node in the order of
//     publishing, or not at all. A gap is repaired by the rooms themselves:
//     they exchange state vectors when they join and from time to time.
//   - Receiver methods are called one at a time for each link and must not
//     block. A node does not receive what it published.
//   - Bytes passed in are not changed by either side.
package cluster

import "context"

// Kind is what a message carries.
type Kind uint8

// The kinds of messages.
const (
	// Update carries a Yjs update V1.
	Update Kind = iota + 1
	// Awareness carries an awareness update.
	Awareness
	// StateVector asks the other nodes for what it lacks; they answer with
	// Update.
	StateVector
	// Renew asks the other nodes to say again who is there, with new clocks,
	// for a client that came back; they answer with Awareness. It has no data.
	Renew
)

// Message is what rooms exchange.
type Message struct {
	Kind Kind
	Data []byte
}

// Receiver is a room.
type Receiver interface {
	Receive(Message)
}

// Link is a room's connection to the rooms of the same id elsewhere.
type Link interface {
	Publish(Message)
	// Close ends the link; Receive is not called after it returned.
	Close()
}

// Cluster connects rooms.
type Cluster interface {
	// Join connects a room. It may block until its context ends.
	Join(ctx context.Context, room string, r Receiver) (Link, error)
}

package protocol

import (
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// The first number of a frame: what kind of message it is.
const (
	MessageSync           = 0 // a sync message; its kind follows
	MessageAwareness      = 1 // an awareness update
	MessageAuth           = 2 // "permission denied" with a reason
	MessageQueryAwareness = 3 // asks for all awareness states; no payload
)

// The second number of a sync message.
const (
	SyncStep1  = 0 // payload: the sender's state vector; answered by a step 2
	SyncStep2  = 1 // payload: an update with what the other side misses
	SyncUpdate = 2 // payload: an update
)

// AuthPermissionDenied is the only kind of auth message there is.
const AuthPermissionDenied = 0

var (
	// ErrMalformed is wrapped by the error for a frame that ends early or
	// holds a number that cannot be.
	ErrMalformed = errors.New("malformed frame")
	// ErrUnknownMessage is wrapped by the error for a message type, sync type
	// or auth type that y-protocols does not define.
	ErrUnknownMessage = errors.New("unknown message")
)

// A Message is one decoded frame.
type Message struct {
	Type    uint64 // MessageSync, MessageAwareness, MessageAuth or MessageQueryAwareness
	Sync    uint64 // with MessageSync: SyncStep1, SyncStep2 or SyncUpdate; else 0
	Payload []byte // part of the frame: state vector, update, awareness update, or the reason of a denial
}

// Decode reads one frame. Of an unknown type, Message.Type (and for a sync
// message Message.Sync) says which it was.
func Decode(frame []byte) (Message, error) {
	d := lib0.NewDecoder(frame)
	var m Message
	var err error
	if m.Type, err = d.VarUint(); err != nil {
		return m, fmt.Errorf("%w: message type: %w", ErrMalformed, err)
	}
	switch m.Type {
	case MessageSync:
		if m.Sync, err = d.VarUint(); err != nil {
			return m, fmt.Errorf("%w: sync type: %w", ErrMalformed, err)
		}
		if m.Sync > SyncUpdate {
			return m, fmt.Errorf("%w: sync type %d", ErrUnknownMessage, m.Sync)
		}
	case MessageAwareness:
	case MessageAuth:
		kind, err := d.VarUint()
		if err != nil {
			return m, fmt.Errorf("%w: auth type: %w", ErrMalformed, err)
		}
		if kind != AuthPermissionDenied {
			return m, fmt.Errorf("%w: auth type %d", ErrUnknownMessage, kind)
		}
		if m.Payload, err = d.StringBytes(); err != nil {
			return m, fmt.Errorf("%w: reason: %w", ErrMalformed, err)
		}
		return m, nil
	case MessageQueryAwareness:
		return m, nil
	default:
		return m, fmt.Errorf("%w: type %d", ErrUnknownMessage, m.Type)
	}
	if m.Payload, err = d.Bytes(); err != nil {
		return m, fmt.Errorf("%w: payload: %w", ErrMalformed, err)
	}
	return m, nil
}

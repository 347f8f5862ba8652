package hooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Payload is the typed data of one kind of event.
type Payload interface {
	// HookName returns the name of the event on the core's bus.
	HookName() string
}

// Event is what subscribers on the core's bus receive, as a value of this
// type. Go subscribers switch on the type of Data; everybody else reads the
// JSON form, a flat object: the payload's fields, then timestamp and, if there
// is one, correlationId.
type Event struct {
	// Timestamp is when it happened; the emitter sets it if it is zero.
	Timestamp time.Time
	// CorrelationID is the same in the client's message, the log line and here.
	// The emitter gives one to an event that has neither.
	CorrelationID string
	Data          Payload
}

// Sink takes events. Emit never blocks.
type Sink interface {
	Emit(Event)
}

// Discard is a Sink that forgets.
var Discard Sink = discard{}

type discard struct{}

func (discard) Emit(Event) {}

// Name returns the name of the event.
func (e Event) Name() string { return e.Data.HookName() }

// MarshalJSON writes the flat form. The timestamp is in milliseconds since
// 1970, as in the control frames.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, err
	}
	if len(data) < 2 || data[0] != '{' {
		return nil, fmt.Errorf("payload of %s is not a JSON object", e.Name())
	}
	tail, err := json.Marshal(struct {
		Timestamp     int64  `json:"timestamp"`
		CorrelationID string `json:"correlationId,omitempty"`
	}{e.Timestamp.UnixMilli(), e.CorrelationID})
	if err != nil {
		return nil, err
	}
	if len(data) == 2 { // {}
		return tail, nil
	}
	return bytes.Join([][]byte{data[:len(data)-1], tail[1:]}, []byte(",")), nil
}

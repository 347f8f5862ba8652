package store

import "context"

// Capture is a document at one instant, taken on the room's loop and used off
// it. The bytes are immutable.
type Capture struct {
	Room  string
	State []byte // Yjs update V1 of the full state
	Seq   uint64 // the last applied update
	Meta  Meta
}

// Source is a live room as the keeper sees it.
type Source interface {
	// RoomID returns the full id, for example "records:noise-bylaw".
	RoomID() string
	// Capture waits for the room's loop and returns the present state. It
	// fails when the room is closed.
	Capture(ctx context.Context) (Capture, error)
	// ApplyOutside applies an update that comes from outside the editors (a
	// changed file or draft) and sets the meta that belongs to it. It is
	// journaled and sent to clients like any other update. A nil update
	// changes only the meta.
	ApplyOutside(ctx context.Context, update []byte, meta Meta) error
}

// Reason says why the keeper runs.
type Reason string

// Reasons for a snapshot and write-back.
const (
	ReasonInterval  Reason = "interval"
	ReasonUpdates   Reason = "updates"
	ReasonRequest   Reason = "request"    // POST …/snapshot
	ReasonLastLeave Reason = "last-leave" // end of the grace period
	ReasonStop      Reason = "stop"
	ReasonOutside   Reason = "outside" // told that file or draft changed
)

// WriteBacker is the part of a room type that the keeper calls: it writes a
// captured document to where its readers look (for records: the draft).
type WriteBacker interface {
	// WriteBack compares the capture with what it last wrote and with what is
	// there now, and brings both together. Nothing edited means nothing
	// written. It may block; it must not touch the live document.
	WriteBack(ctx context.Context, c Capture) (Outcome, error)
}

// Outcome is what a write-back did.
type Outcome struct {
	Wrote bool // the target was written
	// Update, if not nil, carries a change from outside that the live
	// document lacks.
	Update []byte
	// Meta, if not nil, replaces the room's meta (new base for the next
	// comparison).
	Meta *Meta
}

package store

import "context"

// Capture is a document at one instant, taken on the room's loop and used off
// it. The bytes are immutable.
type Capture struct {
	Room   string
	State  []byte // Yjs update V1 of the full state
	Vector []byte // of State, as in Snapshot
	Seq    uint64 // the last applied update
	Meta   Meta
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
	// journaled, as one Entry with Meta set, and sent to clients like any
	// other update. A nil update replaces only the meta in memory and takes
	// no sequence number: the keeper has stored it already or will.
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

// closes reports whether the room is closed after a run for this reason.
func (r Reason) closes() bool { return r == ReasonLastLeave || r == ReasonStop }

// WriteBacker is the part of a room type that the keeper calls: it writes a
// captured document to where its readers look (for records: the draft).
type WriteBacker interface {
	// WriteBack compares the capture with what it last wrote and with what is
	// there now, and brings both together. Nothing edited means nothing
	// written. It may block; it must not touch the live document.
	//
	// Before it changes the target it calls announce with a meta that lets
	// it recognise the text it is about to write as its own, should the
	// process die before Outcome.Meta is stored. If announce fails, the
	// target must be left alone.
	WriteBack(ctx context.Context, c Capture, announce func(context.Context, Meta) error) (Outcome, error)
}

// Outcome is what a write-back did.
type Outcome struct {
	Wrote bool // the target was written
	// Update, if not nil, carries a change from outside that the live
	// document lacks. It needs Meta. The keeper applies it and writes back
	// again.
	Update []byte
	// Meta, if not nil, replaces the room's meta (new base for the next
	// comparison).
	Meta *Meta
	// Gone: what the room shows does not exist any more (its record was
	// deleted). The keeper reports it; the room must close.
	Gone bool
}

// StageError says in which step of a write-back something failed: "serialize",
// "persist" or "draft".
type StageError struct {
	Stage string
	Err   error
}

// Error returns "stage: cause".
func (e *StageError) Error() string { return e.Stage + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StageError) Unwrap() error { return e.Err }

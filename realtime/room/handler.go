package room

import (
	"context"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Grant is what a session may do in a room, at the moment of the answer.
type Grant struct {
	View bool
	Edit bool
}

// Seed is the first state of a room's document.
type Seed struct {
	State []byte // Yjs update V1; deterministic for the same source
	Meta  store.Meta
}

// Handler is a room type, such as "records". Handlers come from the host's
// container as a value group; a nil handler or two of one type are errors.
// All methods may block and are never called on a room's loop.
type Handler interface {
	// RoomType is the first part of a room id.
	RoomType() string

	// Authorize says what the session may do in room id. ErrRoomNotFound if
	// there is nothing of that id or the session may not know of it; any
	// error that is neither that nor ErrPermissionDenied is transient.
	Authorize(ctx context.Context, s host.Session, id string) (Grant, error)

	// Seed makes the first state. It is called when the store has no state
	// for the room. An error closes the room: an empty document never stands
	// in for one that could not be read.
	Seed(ctx context.Context, id string) (Seed, error)

	store.WriteBacker
}

package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of a Store. Implementations wrap them with %w.
var (
	// ErrNoRoom: the room has never been created in this store.
	ErrNoRoom = errors.New("room is not in the store")
	// ErrRoomExists: Create found the room there already.
	ErrRoomExists = errors.New("room is already in the store")
	// ErrTooNew: the data was written by a newer format version.
	ErrTooNew = errors.New("stored data has a newer format version")
	// ErrSeqTaken: another writer has stored a different entry under the
	// sequence number. Only a second live copy of the room can cause it.
	ErrSeqTaken = errors.New("sequence number is taken by another writer")
	// ErrClosed: the store, journal, log or watch has been closed.
	ErrClosed = errors.New("store is closed")
)

// RoomError is an error of Append that concerns one room only. Nothing of the
// batch was written; without that room's entries it can be tried again.
type RoomError struct {
	Room string
	Err  error
}

// Error returns "room: cause".
func (e *RoomError) Error() string { return fmt.Sprintf("room %s: %v", e.Room, e.Err) }

// Unwrap returns the cause.
func (e *RoomError) Unwrap() error { return e.Err }

// Meta is what a room is besides its document: stored when the room is
// created, replaced as a whole by later writes.
type Meta struct {
	// Lineage is the id of the seed that the document grew from. Documents of
	// different lineages are never merged. "" = it is not known: every meta of
	// the room was damaged.
	Lineage string
	// Aux is the room type's own side data (for records: the Markdown source
	// beside the document), opaque to the store.
	Aux []byte
}

// Entry is one applied update in the journal.
type Entry struct {
	Room   string
	Seq    uint64 // 1, 2, 3 … within a room's life, without gaps
	Update []byte // Yjs update V1; owned by the journal once appended
	Author int64  // user id of the author; 0 = the server itself
	At     time.Time
	// Meta, if not nil, replaces the room's meta from this entry on, so that
	// a change from outside and the base it was compared with become durable
	// in one step. An entry with Meta may have a nil Update.
	Meta *Meta
}

// Snapshot is a document's whole state at a sequence number.
type Snapshot struct {
	Room      string
	State     []byte // Yjs update V1 of the full state
	Vector    []byte // state vector of State, encoded, if nothing in it is missing; nil = not known
	Seq       uint64 // covers every entry up to and including Seq
	Version   int64  // 1, 2, 3 … as CivicPress counts them; set by the store
	CreatedAt time.Time
}

// Damage is something that Load could not use. The bytes are kept aside in
// the store, never deleted silently.
type Damage struct {
	Room   string
	What   string // "snapshot 12", "journal entry 4711", …
	Reason string // one sentence
}

// Expired is a snapshot that Sweep removed.
type Expired struct {
	Room    string
	Version int64
	Age     time.Duration
}

// Loaded is the best intact state of a room.
type Loaded struct {
	// Meta as of the last of Entries. If it is damaged only its lineage is
	// there: an older Aux would be taken for what belongs to the document.
	Meta     Meta
	Snapshot *Snapshot // nil if none is intact
	Entries  []Entry   // entries after Snapshot.Seq, gapless, checksummed
	Damage   []Damage
}

// LastSeq is the sequence number to continue from.
func (l *Loaded) LastSeq() uint64 {
	if n := len(l.Entries); n > 0 {
		return l.Entries[n-1].Seq
	}
	if l.Snapshot != nil {
		return l.Snapshot.Seq
	}
	return 0
}

// Store is the port that every backend implements; storetest holds its
// conformance suite. Methods may be called from any goroutine and block. A
// nil error of a writing method means that the data is on stable storage.
// Byte slices passed in are not retained, slices returned belong to the
// caller.
type Store interface {
	// Create registers a room with its first state in one durable step.
	// ErrRoomExists if another opener (goroutine, process or node) was first:
	// the caller then loads that one.
	Create(ctx context.Context, room string, meta Meta, seed Snapshot) error

	// Load returns the best intact state: the newest intact snapshot and the
	// gapless, checksummed entries behind it. What it cannot use it puts
	// aside, so that the room can go on under those sequence numbers, and
	// reports as Damage.
	//
	// ErrNoRoom if there is none at all. If there was one and nothing of it
	// is intact, all of it has been put aside and ErrNoRoom comes with a
	// Loaded that holds the Damage; the room can be created anew. Any other
	// error means that the state is unknown, and the room must not be opened.
	//
	// It is for opening a room: nobody else may hold it open meanwhile.
	Load(ctx context.Context, room string) (*Loaded, error)

	// Append makes entries of any number of rooms durable in one commit, all
	// or none. An entry that is there already with the same content is no
	// error (a retry after an unclear failure); with other content it is a
	// *RoomError with ErrSeqTaken. Whether the room exists is not checked.
	Append(ctx context.Context, entries []Entry) error

	// SaveSnapshot stores a snapshot and the meta that belongs to it in one
	// durable step, and then removes what is no longer needed: states older
	// than the previous one, and the journal up to the previous one. So the
	// newest state can be lost to a flipped bit and nothing is missing. It
	// returns the version given. ErrNoRoom if the room does not exist. A
	// snapshot with a smaller Seq than the stored one is refused with
	// ErrSeqTaken.
	SaveSnapshot(ctx context.Context, s Snapshot, meta Meta) (version int64, err error)

	// SaveMeta replaces the meta of an existing room as of the entry seq:
	// meta in later entries still wins.
	SaveMeta(ctx context.Context, room string, seq uint64, meta Meta) error

	// Latest returns the newest intact snapshot without its journal
	// (ErrNoRoom if there is none).
	Latest(ctx context.Context, room string) (*Snapshot, error)

	// Rooms returns the ids of all rooms, sorted.
	Rooms(ctx context.Context) ([]string, error)

	// Delete removes everything of a room (its record was deleted). A room
	// that does not exist is no error.
	Delete(ctx context.Context, room string) error

	// Sweep removes what retention allows: snapshots older than ttl of rooms
	// for which active returns false, but never a room's newest. It returns
	// what it removed.
	Sweep(ctx context.Context, ttl time.Duration, active func(room string) bool) (removed []Expired, err error)

	// Close waits for running calls and releases the backend.
	Close() error
}

// Peeker is an optional capability of a Store, for tools that look at the data
// while a server may have it open.
type Peeker interface {
	// Peek returns what Load would return, and puts nothing aside.
	Peek(ctx context.Context, room string) (*Loaded, error)
	// Aside lists what was put aside at some time.
	Aside(ctx context.Context) ([]Damage, error)
}

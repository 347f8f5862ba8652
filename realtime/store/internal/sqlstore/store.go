package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

// ErrReadOnly is what writing methods return in a store without a Backend.Room.
var ErrReadOnly = errors.New("the store is open for reading only")

// Querier is a database or a transaction to read in.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Update runs fn in a transaction and commits it. It may be the transaction of
// a Room, which commits later; then an error of fn fails all of it.
type Update func(ctx context.Context, fn func(tx *sql.Tx) error) error

// Journal is where the entries are.
type Journal interface {
	// Tail reads the entries of a room after base. Damage is what else is known
	// to be damaged of the room.
	Tail(ctx context.Context, room string, base uint64) (*codec.Tail, []store.Damage, error)
	// PutAside keeps entries elsewhere and removes all of the room from the
	// first of them on, for good. What Tail told is told.
	PutAside(ctx context.Context, room string, bad []codec.Unusable) error
	// Trim removes the entries up to and including a number, which a state
	// covers.
	Trim(ctx context.Context, room string, through uint64) error
	// Forget removes all entries of a room, for good.
	Forget(ctx context.Context, room string) error
	// Begin is Forget for a room that was forgotten or never was: only a commit
	// that was under way can have left something.
	Begin(ctx context.Context, room string) error
}

// Access is a way to the data of one room.
type Access struct {
	Core       Querier // where to read
	UpdateCore Update  // nil for looking only
	Journal    Journal
	// Apart: the journal is not in the database, so that its changes do not
	// wait for a commit there.
	Apart bool
}

// Backend is one kind of database.
type Backend struct {
	// Look reads without changing anything.
	Look Access
	// Room gives fn the right to change a room, in order with all others who
	// change it. nil = the database is open for reading only.
	Room func(ctx context.Context, room string, fn func(a *Access) error) error
	// Append writes entries to the journal, all or none.
	Append func(ctx context.Context, entries []store.Entry) error
	// Aside lists what was put aside elsewhere than in realtime_damaged. nil =
	// there is no such place.
	Aside func() ([]store.Damage, error)
	// Close releases the database.
	Close func() error
	// Logger is told what was found and done.
	Logger *slog.Logger
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Peeker = (*Store)(nil)
)

// Store is a store.Store over a Backend.
type Store struct {
	b Backend

	mu     sync.RWMutex // held for reading by every call, for writing by Close
	closed bool
}

// New returns a store. The backend's tables are there and up to date.
func New(b Backend) *Store { return &Store{b: b} }

// begin admits a call; the caller must call end.
func (s *Store) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, store.ErrClosed
	}
	return s.mu.RUnlock, nil
}

// change admits a call that changes a room and runs it.
func (s *Store) change(ctx context.Context, what, room string, fn func(a *Access) error) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if s.b.Room == nil {
		return ErrReadOnly
	}
	return wrap(what, room, s.b.Room(ctx, room, fn))
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.b.Close()
}

func wrap(what, room string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, room, err)
}

// notNil makes a blob of no bytes out of nil, which would be NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

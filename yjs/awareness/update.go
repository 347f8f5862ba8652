package awareness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

var (
	// ErrMalformed is wrapped by the error for an update that ends early, holds
	// a number that cannot be, or a state that is not JSON.
	ErrMalformed = errors.New("malformed awareness update")
	// ErrTooLarge is wrapped by the error for what is over a limit.
	ErrTooLarge = errors.New("awareness limit exceeded")
)

// Limits bound what is accepted. A zero field means its default.
type Limits struct {
	// MaxEntries is the number of entries in one update. Default 10,000: a
	// server tells a newcomer all states in one update.
	MaxEntries int
	// MaxState is the size of one state in bytes. Default 64 KiB.
	MaxState int
	// MaxClients is the number of clients an Awareness knows, those gone
	// included (their clocks must be kept, or a late update would bring them
	// back). When it is reached, the one gone for longest is forgotten; if all
	// are there, the newcomer is refused. Default 10,000.
	MaxClients int
}

func (l Limits) withDefaults() Limits {
	if l.MaxEntries == 0 {
		l.MaxEntries = 10_000
	}
	if l.MaxState == 0 {
		l.MaxState = 64 << 10
	}
	if l.MaxClients == 0 {
		l.MaxClients = 10_000
	}
	return l
}

// An Entry is one client's part of an awareness update.
type Entry struct {
	Client uint64
	Clock  uint64
	State  json.RawMessage // valid JSON; null = gone
}

// Gone reports whether the entry says that its client is gone.
func (e Entry) Gone() bool { return isNull(e.State) }

// DecodeUpdate reads an awareness update within the default limits. The states
// share the memory of b.
func DecodeUpdate(b []byte) ([]Entry, error) { return Limits{}.DecodeUpdate(b) }

// DecodeUpdate is the function DecodeUpdate within these limits.
func (l Limits) DecodeUpdate(b []byte) ([]Entry, error) {
	l = l.withDefaults()
	d := lib0.NewDecoder(b)
	n, err := d.VarUint()
	if err != nil {
		return nil, fmt.Errorf("%w: number of entries: %w", ErrMalformed, err)
	}
	if n > uint64(l.MaxEntries) {
		return nil, fmt.Errorf("%w: update of %d entries, at most %d are allowed", ErrTooLarge, n, l.MaxEntries)
	}
	// The shortest entry has four bytes: client, clock, length, one digit.
	entries := make([]Entry, 0, min(int(n), d.Len()/4))
	for i := range n {
		e, err := l.decodeEntry(&d)
		if err != nil {
			return nil, fmt.Errorf("entry %d of %d: %w", i+1, n, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (l Limits) decodeEntry(d *lib0.Decoder) (e Entry, err error) {
	if e.Client, err = d.VarUint(); err != nil {
		return e, fmt.Errorf("%w: client: %w", ErrMalformed, err)
	}
	if e.Clock, err = d.VarUint(); err != nil {
		return e, fmt.Errorf("%w: clock: %w", ErrMalformed, err)
	}
	state, err := d.StringBytes()
	switch {
	case err != nil:
		return e, fmt.Errorf("%w: state: %w", ErrMalformed, err)
	case len(state) > l.MaxState:
		return e, fmt.Errorf("%w: state of client %d has %d bytes, at most %d are allowed", ErrTooLarge, e.Client, len(state), l.MaxState)
	case !json.Valid(state):
		return e, fmt.Errorf("%w: state of client %d is not valid JSON", ErrMalformed, e.Client)
	}
	e.State = state
	return e, nil
}

// AppendUpdate appends an awareness update of entries. An empty State is
// written as null.
func AppendUpdate(dst []byte, entries []Entry) []byte {
	dst = lib0.AppendVarUint(dst, uint64(len(entries)))
	for _, e := range entries {
		dst = appendEntry(dst, e)
	}
	return dst
}

func appendEntry(dst []byte, e Entry) []byte {
	dst = lib0.AppendVarUint(dst, e.Client)
	dst = lib0.AppendVarUint(dst, e.Clock)
	if len(e.State) == 0 {
		return lib0.AppendString(dst, "null")
	}
	return lib0.AppendBytes(dst, e.State)
}

func isNull(state []byte) bool {
	return string(bytes.Trim(state, " \t\r\n")) == "null"
}

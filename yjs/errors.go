package yjs

import (
	"errors"
	"fmt"
)

var (
	// ErrMalformed is what every refused update wraps: bytes that no Yjs
	// document would send. The document is as it was before.
	ErrMalformed = errors.New("yjs: malformed update")
	// ErrLimit is what every LimitError wraps.
	ErrLimit = errors.New("yjs: limit exceeded")
	// ErrRange reports a position or length outside of the type it was used
	// on.
	ErrRange = errors.New("yjs: position out of range")
	// ErrClosed reports the use of a Transaction after its end.
	ErrClosed = errors.New("yjs: transaction has ended")
	// ErrDetached reports a write to a type that has been deleted.
	ErrDetached = errors.New("yjs: type has been deleted")
	// ErrValue reports a Go value that cannot be stored in a document.
	ErrValue = errors.New("yjs: value cannot be stored")
)

// A LimitError tells which of the Limits an update would exceed.
type LimitError struct {
	Name  string // field of Limits
	Limit uint64
	Got   uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("yjs: limit exceeded: %s is %d, update has %d", e.Name, e.Limit, e.Got)
}

// Unwrap makes errors.Is(err, ErrLimit) true.
func (e *LimitError) Unwrap() error { return ErrLimit }

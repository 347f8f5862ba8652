package lib0

import "errors"

// The errors of this package. Decoders wrap them with the position at which
// the input went wrong.
var (
	// ErrUnexpectedEnd reports input that stops in the middle of a value.
	ErrUnexpectedEnd = errors.New("lib0: unexpected end of input")
	// ErrRange reports an integer above 2^53-1, the largest that JavaScript
	// can count with.
	ErrRange = errors.New("lib0: integer out of range")
	// ErrUTF8 reports a string that is not valid UTF-8.
	ErrUTF8 = errors.New("lib0: string is not valid UTF-8")
	// ErrTag reports an "any" value with an unknown type tag.
	ErrTag = errors.New("lib0: unknown value tag")
	// ErrDepth reports a value nested deeper than MaxDepth.
	ErrDepth = errors.New("lib0: value is nested too deeply")
	// ErrJSON reports text that JSON.parse would refuse.
	ErrJSON = errors.New("lib0: invalid JSON")
	// ErrValue reports a Go value that has no lib0 representation.
	ErrValue = errors.New("lib0: value cannot be encoded")
)

const (
	// MaxSafeInteger is the largest integer on the wire, 2^53-1.
	MaxSafeInteger = 1<<53 - 1
	// MaxDepth bounds the nesting of arrays and objects in one value.
	MaxDepth = 5000
)

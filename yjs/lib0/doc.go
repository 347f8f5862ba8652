// Package lib0 reads and writes the binary primitives that Yjs builds on:
// variable-length integers, strings, byte arrays and "any" values, with
// exactly the choices of representation that the lib0 library for JavaScript
// makes.
//
// Writing is append-style: every function takes a slice, appends to it and
// returns it. Reading goes through a Decoder over one byte slice. Every read
// is checked against the end of the slice before anything is allocated, so
// the memory a decoder takes is bounded by the size of its input; nesting is
// bounded by MaxDepth. Strings and byte arrays that a Decoder returns as
// []byte alias its input.
//
// Numbers are JavaScript's: integers are exact up to 2^53-1 and anything
// larger on the wire is an error.
//
// # Values
//
// ReadAny and AppendAny use these Go types:
//
//	null        nil
//	undefined   Undefined
//	boolean     bool
//	number      float64 (reading); any Go integer or float (writing)
//	bigint      BigInt (reading); BigInt or *big.Int (writing)
//	string      string
//	Uint8Array  []byte
//	array       []any
//	object      Object (ordered); map[string]any is written in sorted order
//
// The package has no state; all functions may be used concurrently.
package lib0

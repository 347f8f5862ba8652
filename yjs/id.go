package yjs

import (
	"fmt"
	"maps"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// An ID names one unit of content: the client that made it and the place in
// that client's sequence. Text counts one clock for each UTF-16 code unit.
type ID struct {
	Client uint64
	Clock  uint64
}

func (id ID) String() string { return fmt.Sprintf("%d:%d", id.Client, id.Clock) }

// A StateVector tells, for each client, the next clock that is not there yet.
type StateVector map[uint64]uint64

// Append appends the binary form that Yjs sends in sync step 1: higher client
// ids first.
func (sv StateVector) Append(dst []byte) []byte {
	dst = lib0.AppendVarUint(dst, uint64(len(sv)))
	for _, c := range slices.Backward(slices.Sorted(maps.Keys(sv))) {
		dst = lib0.AppendVarUint(lib0.AppendVarUint(dst, c), sv[c])
	}
	return dst
}

// Encode returns the binary form in a slice of its own.
func (sv StateVector) Encode() []byte { return sv.Append(nil) }

// DecodeStateVector reads the binary form. No bytes at all are the empty
// vector, as in Doc.EncodeStateAsUpdate.
func DecodeStateVector(b []byte) (StateVector, error) {
	sv := StateVector{}
	if len(b) == 0 {
		return sv, nil
	}
	d := lib0.NewDecoder(b)
	n, err := d.VarUint()
	if err == nil && n > uint64(d.Len()/2) {
		err = lib0.ErrUnexpectedEnd
	}
	if err != nil {
		return nil, fmt.Errorf("state vector: %w", err)
	}
	for range n {
		client, err := d.VarUint()
		if err != nil {
			return nil, fmt.Errorf("state vector: %w", err)
		}
		if sv[client], err = d.VarUint(); err != nil {
			return nil, fmt.Errorf("state vector: %w", err)
		}
	}
	return sv, nil
}

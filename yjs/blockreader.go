package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A blockReader reads the structs of an update one after the other.
type blockReader struct {
	dec     lib0.Decoder
	groups  uint64 // groups still to begin
	structs uint64 // structs left in the current group
	client  uint64
	clock   uint64
	mode    readMode
}

// newBlockReader reads the head of an update. What stays is at most a few
// words, however large the update is.
func newBlockReader(update []byte, internal bool) (blockReader, error) {
	r := blockReader{dec: lib0.NewDecoder(update)}
	if internal {
		r.mode = readInternal
	}
	var err error
	if r.groups, err = r.dec.VarUint(); err != nil {
		return r, malformed(err, "number of clients")
	}
	return r, nil
}

// nextGroup reads the head of the next client's structs and tells whether
// there is one. All structs of the group before must have been read.
func (r *blockReader) nextGroup() (bool, error) {
	if r.groups == 0 {
		return false, nil
	}
	r.groups--
	var err error
	if r.structs, err = r.dec.VarUint(); err != nil {
		return false, malformed(err, "number of structs")
	}
	if r.structs > uint64(r.dec.Len()) {
		return false, malformed(lib0.ErrUnexpectedEnd, fmt.Sprintf("%d structs announced, %d bytes left", r.structs, r.dec.Len()))
	}
	if r.client, err = r.dec.VarUint(); err != nil {
		return false, malformed(err, "client")
	}
	if r.clock, err = r.dec.VarUint(); err != nil {
		return false, malformed(err, "clock")
	}
	return true, nil
}

// next reads the next struct, of whichever group; after the last one it
// returns false, and the delete set is what follows.
func (r *blockReader) next(b *block) (bool, error) {
	for r.structs == 0 {
		if ok, err := r.nextGroup(); !ok {
			return false, err
		}
	}
	r.structs--
	if err := b.read(&r.dec, r.client, r.clock, r.mode); err != nil {
		return false, malformed(err, fmt.Sprintf("struct %d:%d", r.client, r.clock))
	}
	r.clock += b.len
	return true, nil
}

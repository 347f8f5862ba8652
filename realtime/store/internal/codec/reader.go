package codec

import "encoding/binary"

// Reader takes numbers and byte strings off the front of B. Once something is
// missing it is Bad, and everything it returns is empty.
type Reader struct {
	B   []byte
	Bad bool
}

// Uvarint takes an unsigned number.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.B)
	return v * uint64(r.skip(n))
}

// Varint takes a signed number.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.B)
	return v * int64(r.skip(n))
}

// skip moves on by n bytes and returns 1, or 0 if there is nothing to read.
func (r *Reader) skip(n int) int {
	if n <= 0 || r.Bad {
		r.Bad = true
		return 0
	}
	r.B = r.B[n:]
	return 1
}

// Bytes takes a length and so many bytes; they are those of B.
func (r *Reader) Bytes() []byte {
	n := r.Uvarint()
	if r.Bad || n > uint64(len(r.B)) {
		r.Bad = true
		return nil
	}
	v := r.B[:n]
	r.B = r.B[n:]
	return v
}

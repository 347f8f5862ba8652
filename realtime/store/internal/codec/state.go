package codec

import (
	"encoding/binary"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
)

// A packed state is a zstd frame of the state. In front of it may be what is
// known about the state, in a frame that readers of zstd skip (RFC 8878, 3.1.2):
// who opens the room need not look through the state for that then.
//
//	0x184D2A50, length of what follows (both 32 bits, little endian) | 1 | state vector
const (
	noteMagic  = 0x184D2A50
	noteHead   = 8
	noteVector = 1 // the kind of a note; others are ignored
)

// PackState encodes a state and its state vector, if that is known. It retains
// neither.
func PackState(state, vector []byte) []byte {
	packed := pack.Pack(state)
	if vector == nil {
		return packed
	}
	b := make([]byte, 0, noteHead+1+len(vector)+len(packed))
	b = binary.LittleEndian.AppendUint32(b, noteMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(1+len(vector)))
	b = append(b, noteVector)
	b = append(b, vector...)
	return append(b, packed...)
}

// UnpackState reads what PackState wrote. vector is nil if it is not there. The
// results own their bytes.
func UnpackState(b []byte) (state, vector []byte, err error) {
	if len(b) >= noteHead && binary.LittleEndian.Uint32(b) == noteMagic {
		note, n := b[noteHead:], uint64(binary.LittleEndian.Uint32(b[4:]))
		if n > 0 && n <= uint64(len(note)) && note[0] == noteVector {
			vector = append([]byte{}, note[1:n]...)
		}
	}
	state, err = pack.Unpack(b) // skips the note
	if err != nil {
		return nil, nil, err
	}
	return state, vector, nil
}

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

const (
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10

	maxFrame = 256 << 20
)

var errProtocol = errors.New("not a frame of a client")

// readFrame reads one frame of a client into buf, or into a new one if that is
// too small.
func readFrame(r *bufio.Reader, buf []byte) (op byte, payload []byte, err error) {
	var head [14]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7f)
	if head[0]&0x80 == 0 || head[1]&0x80 == 0 {
		return 0, nil, errProtocol // in parts, or not masked
	}
	more := 4
	switch size {
	case 126:
		more = 6
	case 127:
		more = 12
	}
	if _, err := io.ReadFull(r, head[2:2+more]); err != nil {
		return 0, nil, err
	}
	switch size {
	case 126:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		size = binary.BigEndian.Uint64(head[2:])
	}
	if size > maxFrame {
		return 0, nil, errProtocol
	}
	if uint64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	payload = buf[:size]
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	if mask := binary.LittleEndian.Uint32(head[2+more-4:]); mask != 0 {
		unmask(payload, mask)
	}
	return head[0] & 0x0f, payload, nil
}

func unmask(b []byte, mask uint32) {
	wide := uint64(mask)<<32 | uint64(mask)
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
	}
	for i := range b {
		b[i] ^= byte(mask >> (8 * (i % 4)))
	}
}

// appendFrame appends a frame of a server.
func appendFrame(dst []byte, op byte, payload ...[]byte) []byte {
	n := 0
	for _, p := range payload {
		n += len(p)
	}
	dst = append(dst, 0x80|op)
	switch {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	for _, p := range payload {
		dst = append(dst, p...)
	}
	return dst
}

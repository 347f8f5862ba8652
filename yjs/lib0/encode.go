package lib0

import (
	"encoding/binary"
	"math/bits"
)

// AppendVarUint appends v in groups of seven bits, least significant first.
func AppendVarUint(dst []byte, v uint64) []byte {
	for v > 0x7f {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// VarUintLen is the number of bytes that AppendVarUint appends for v.
func VarUintLen(v uint64) int {
	return (bits.Len64(v|1) + 6) / 7
}

// AppendVarInt appends v: sign and six bits first, then groups of seven.
func AppendVarInt(dst []byte, v int64) []byte {
	if v < 0 {
		return appendSigned(dst, uint64(-v), true)
	}
	return appendSigned(dst, uint64(v), false)
}

// AppendNegativeZero appends the varint form of JavaScript's -0, which the
// run-length encoders of update format V2 use to mark a repeated zero.
func AppendNegativeZero(dst []byte) []byte { return append(dst, 0x40) }

// AppendSignMagnitude appends a varint from its magnitude and its sign, so
// that minus zero can be written.
func AppendSignMagnitude(dst []byte, magnitude uint64, negative bool) []byte {
	return appendSigned(dst, magnitude, negative)
}

func appendSigned(dst []byte, v uint64, negative bool) []byte {
	first := byte(v & 0x3f)
	if v > 0x3f {
		first |= 0x80
	}
	if negative {
		first |= 0x40
	}
	dst = append(dst, first)
	for v >>= 6; v > 0; v >>= 7 {
		b := byte(v & 0x7f)
		if v > 0x7f {
			b |= 0x80
		}
		dst = append(dst, b)
	}
	return dst
}

// AppendBytes appends b with its length before it.
func AppendBytes(dst, b []byte) []byte {
	return append(AppendVarUint(dst, uint64(len(b))), b...)
}

// AppendString appends s with its length in bytes before it. Bytes that are
// not valid UTF-8 become U+FFFD, as a TextEncoder writes lone surrogates.
func AppendString(dst []byte, s string) []byte {
	s = ValidString(s)
	return append(AppendVarUint(dst, uint64(len(s))), s...)
}

func appendFloat64Bits(dst []byte, b uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, b)
}

package lib0

import (
	"encoding/binary"
	"fmt"
)

// A Decoder reads primitives from a byte slice, front to back. The zero value
// is an empty input. A Decoder is a plain value: copying it copies the
// position. Once a read has failed the position is unspecified.
type Decoder struct {
	buf []byte
	pos int
}

// NewDecoder returns a Decoder at the start of b. The decoder aliases b.
func NewDecoder(b []byte) Decoder { return Decoder{buf: b} }

// Pos is the offset of the next byte to be read.
func (d *Decoder) Pos() int { return d.pos }

// Seek continues at an offset, which must be one that Pos has returned or the
// end of something else that has been read.
func (d *Decoder) Seek(pos int) { d.pos = pos }

// Len is the number of bytes that are left.
func (d *Decoder) Len() int { return len(d.buf) - d.pos }

// Rest returns the bytes that are left, without reading them.
func (d *Decoder) Rest() []byte { return d.buf[d.pos:] }

// Since returns the bytes read since an earlier position.
func (d *Decoder) Since(pos int) []byte { return d.buf[pos:d.pos:d.pos] }

func (d *Decoder) fail(err error) error {
	return fmt.Errorf("%w (at byte %d of %d)", err, d.pos, len(d.buf))
}

// Byte reads one byte.
func (d *Decoder) Byte() (byte, error) {
	if d.pos >= len(d.buf) {
		return 0, d.fail(ErrUnexpectedEnd)
	}
	b := d.buf[d.pos]
	d.pos++
	return b, nil
}

// VarUint reads an unsigned integer of at most 53 bits.
func (d *Decoder) VarUint() (uint64, error) {
	// Most integers of an update fit one byte.
	if d.pos < len(d.buf) {
		if b := d.buf[d.pos]; b < 0x80 {
			d.pos++
			return uint64(b), nil
		}
	}
	return d.varUintSlow()
}

func (d *Decoder) varUintSlow() (uint64, error) {
	var v uint64
	var shift uint
	for d.pos < len(d.buf) {
		b := d.buf[d.pos]
		d.pos++
		if shift < 63 {
			v |= uint64(b&0x7f) << shift
		} else if b&0x7f != 0 {
			return 0, d.fail(ErrRange)
		}
		if v > MaxSafeInteger {
			return 0, d.fail(ErrRange)
		}
		if b < 0x80 {
			return v, nil
		}
		shift += 7
	}
	return 0, d.fail(ErrUnexpectedEnd)
}

// VarInt reads a signed integer as magnitude and sign, because minus zero is
// a value of its own.
func (d *Decoder) VarInt() (magnitude uint64, negative bool, err error) {
	b, err := d.Byte()
	if err != nil {
		return 0, false, err
	}
	v := uint64(b & 0x3f)
	negative = b&0x40 != 0
	for shift := uint(6); b >= 0x80; shift += 7 {
		if b, err = d.Byte(); err != nil {
			return 0, false, err
		}
		if shift < 63 {
			v |= uint64(b&0x7f) << shift
		} else if b&0x7f != 0 {
			return 0, false, d.fail(ErrRange)
		}
		if v > MaxSafeInteger {
			return 0, false, d.fail(ErrRange)
		}
	}
	return v, negative, nil
}

// Take reads the next n bytes. The result aliases the input.
func (d *Decoder) Take(n uint64) ([]byte, error) {
	if n > uint64(len(d.buf)-d.pos) {
		return nil, d.fail(ErrUnexpectedEnd)
	}
	end := d.pos + int(n)
	b := d.buf[d.pos:end:end]
	d.pos = end
	return b, nil
}

// Bytes reads a byte array with its length before it. The result aliases the
// input.
func (d *Decoder) Bytes() ([]byte, error) {
	n, err := d.VarUint()
	if err != nil {
		return nil, err
	}
	return d.Take(n)
}

// StringBytes reads a string as its UTF-8 bytes, which are checked. The
// result aliases the input.
func (d *Decoder) StringBytes() ([]byte, error) {
	b, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	if !ValidUTF8(b) {
		return nil, d.fail(ErrUTF8)
	}
	return b, nil
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	b, err := d.StringBytes()
	return string(b), err
}

func (d *Decoder) uint32() (uint32, error) {
	b, err := d.Take(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

func (d *Decoder) uint64() (uint64, error) {
	b, err := d.Take(8)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

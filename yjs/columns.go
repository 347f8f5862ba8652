package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// Update format V2 keeps what is alike together: all clients in one column, all
// clocks in another, each with the run-length encoding that suits it. This file
// has the columns; format V2 itself is in v2write.go and v2read.go.

// A byteColumn writes bytes as value, run, value, run, …, value. What follows
// the last value is as long as the reader needs.
type byteColumn struct {
	buf  []byte
	last byte
	run  uint64 // 0: nothing written yet
}

func (c *byteColumn) write(v byte) {
	if c.run > 0 && c.last == v {
		c.run++
		return
	}
	if c.run > 0 {
		c.buf = lib0.AppendVarUint(c.buf, c.run-1)
	}
	c.buf = append(c.buf, v)
	c.last, c.run = v, 1
}

// A uintColumn writes a number alone as itself, and one that is repeated as its
// negative, followed by the length of the run.
type uintColumn struct {
	buf  []byte
	last uint64 // 0 before the first write, so that a first 0 starts the run
	run  uint64
}

func (c *uintColumn) write(v uint64) {
	if c.last == v {
		c.run++
		return
	}
	c.flush()
	c.last, c.run = v, 1
}

func (c *uintColumn) flush() {
	if c.run == 0 {
		return
	}
	c.buf = lib0.AppendSignMagnitude(c.buf, c.last, c.run > 1)
	if c.run > 1 {
		c.buf = lib0.AppendVarUint(c.buf, c.run-2)
	}
	c.run = 0
}

// A diffColumn writes the difference to the number before; the lowest bit says
// that the same difference comes several times, and how often follows.
type diffColumn struct {
	buf  []byte
	last int64
	diff int64
	run  uint64
}

func (c *diffColumn) write(v uint64) {
	n := int64(v)
	if c.diff == n-c.last {
		c.last = n
		c.run++
		return
	}
	c.flush()
	c.diff, c.last, c.run = n-c.last, n, 1
}

func (c *diffColumn) flush() {
	if c.run == 0 {
		return
	}
	v := c.diff * 2
	if c.run > 1 {
		v++
	}
	c.buf = lib0.AppendVarInt(c.buf, v)
	if c.run > 1 {
		c.buf = lib0.AppendVarUint(c.buf, c.run-2)
	}
	c.run = 0
}

// A stringColumn writes all strings as one, then their lengths in UTF-16 units.
type stringColumn struct {
	text []byte
	lens uintColumn
}

func (c *stringColumn) write(s []byte) {
	c.text = append(c.text, s...)
	c.lens.write(uint64(lib0.UTF16Len(s)))
}

func (c *stringColumn) appendTo(dst []byte) []byte {
	c.lens.flush()
	n := lib0.VarUintLen(uint64(len(c.text))) + len(c.text) + len(c.lens.buf)
	dst = lib0.AppendVarUint(dst, uint64(n))
	dst = lib0.AppendBytes(dst, c.text)
	return append(dst, c.lens.buf...)
}

// ---- reading

// A byteReader reads a byteColumn.
type byteReader struct {
	dec     lib0.Decoder
	value   byte
	run     uint64
	forever bool // the last value: there is no length behind it
}

func (c *byteReader) read() (byte, error) {
	if c.forever {
		return c.value, nil
	}
	if c.run == 0 {
		var err error
		if c.value, err = c.dec.Byte(); err != nil {
			return 0, err
		}
		if c.dec.Len() == 0 {
			c.forever = true
			return c.value, nil
		}
		n, err := c.dec.VarUint()
		if err != nil {
			return 0, err
		}
		c.run = n + 1
	}
	c.run--
	return c.value, nil
}

// A uintReader reads a uintColumn.
type uintReader struct {
	dec   lib0.Decoder
	value uint64
	run   uint64
}

func (c *uintReader) read() (uint64, error) {
	if c.run == 0 {
		v, repeated, err := c.dec.VarInt()
		if err != nil {
			return 0, err
		}
		c.value, c.run = v, 1
		if repeated {
			n, err := c.dec.VarUint()
			if err != nil {
				return 0, err
			}
			c.run = n + 2
		}
	}
	c.run--
	return c.value, nil
}

// A diffReader reads a diffColumn.
type diffReader struct {
	dec   lib0.Decoder
	value int64
	diff  int64
	run   uint64
}

func (c *diffReader) read() (uint64, error) {
	if c.run == 0 {
		magnitude, negative, err := c.dec.VarInt()
		if err != nil {
			return 0, err
		}
		v := int64(magnitude)
		if negative {
			v = -v
		}
		c.diff, c.run = v>>1, 1
		if v&1 != 0 {
			n, err := c.dec.VarUint()
			if err != nil {
				return 0, err
			}
			c.run = n + 2
		}
	}
	c.run--
	c.value += c.diff
	if c.value < 0 || c.value > lib0.MaxSafeInteger {
		return 0, fmt.Errorf("%w: clock %d", lib0.ErrRange, c.value)
	}
	return uint64(c.value), nil
}

// A stringReader reads a stringColumn.
type stringReader struct {
	text []byte // what is left of the strings
	left int    // its length in UTF-16 units
	half bool   // the last string ended in the middle of the character that text starts with
	lens uintReader
}

func newStringReader(column []byte) (stringReader, error) {
	d := lib0.NewDecoder(column)
	text, err := d.StringBytes()
	if err != nil {
		return stringReader{}, err
	}
	return stringReader{text: text, left: lib0.UTF16Len(text), lens: uintReader{dec: d}}, nil
}

// read returns the next string. It aliases the column, except where a cut goes
// through a character of two units: then either side of the cut is U+FFFD, as
// when Yjs writes what it has read.
func (c *stringReader) read() ([]byte, error) {
	n, err := c.lens.read()
	if err != nil {
		return nil, err
	}
	if n > uint64(c.left) {
		return nil, fmt.Errorf("%w: string of %d units, %d are left", lib0.ErrUnexpectedEnd, n, c.left)
	}
	if n == 0 {
		return nil, nil
	}
	var head []byte
	units := int(n)
	c.left -= units
	if c.half {
		head = []byte(replacement)
		c.text, c.half = c.text[4:], false
		units--
	}
	at, inside := offsetFromStart(c.text, units)
	s := c.text[:at:at]
	c.text = c.text[at:]
	if inside {
		c.half = true
		s = append(s, replacement...)
	}
	if head != nil {
		s = append(head, s...)
	}
	return s, nil
}

// offsetFromStart is lib0.UTF16Offset without looking at what comes behind: a
// column is read from front to back, and its length must not count each time.
func offsetFromStart(text []byte, units int) (offset int, inside bool) {
	for units > 0 {
		size, u := 1, 1
		switch b := text[offset]; {
		case b >= 0xF0:
			size, u = 4, 2
		case b >= 0xE0:
			size = 3
		case b >= 0xC0:
			size = 2
		}
		if u > units {
			return offset, true
		}
		offset += size
		units -= u
	}
	return offset, false
}

package lib0

import (
	"bytes"
	"math"
)

// SkipAny reads over a value without building it and tells whether the bytes
// are canonical: whether reading the value and writing it again would give
// the same bytes. It uses no stack, however deep the value is nested, but
// refuses what is deeper than MaxDepth.
func (d *Decoder) SkipAny() (canonical bool, err error) {
	tag, err := d.Byte()
	if err != nil {
		return false, err
	}
	if tag != tagArray && tag != tagObject {
		return d.skipScalar(tag)
	}
	return d.skipContainer(tag)
}

type frame struct {
	left   int // elements still to come
	object bool
	keys   [][]byte // of an object, to notice duplicates
}

func (d *Decoder) skipContainer(tag byte) (bool, error) {
	canonical := true
	var room [16]frame
	stack := room[:0]
	for {
		if tag == tagArray || tag == tagObject {
			start := d.pos
			n, err := d.count(int(tag - tagArray + 1))
			if err != nil {
				return false, err
			}
			if d.pos-start != VarUintLen(uint64(n)) {
				canonical = false
			}
			if len(stack) >= MaxDepth {
				return false, d.fail(ErrDepth)
			}
			stack = append(stack, frame{left: n, object: tag == tagObject})
		} else {
			ok, err := d.skipScalar(tag)
			if err != nil {
				return false, err
			}
			canonical = canonical && ok
		}
		for len(stack) > 0 && stack[len(stack)-1].left == 0 {
			stack = stack[:len(stack)-1]
		}
		if len(stack) == 0 {
			return canonical, nil
		}
		top := &stack[len(stack)-1]
		top.left--
		if top.object {
			start := d.pos
			k, err := d.StringBytes()
			if err != nil {
				return false, err
			}
			canonical = canonical && d.pos-start == len(k)+VarUintLen(uint64(len(k))) && top.plainKey(k)
		}
		var err error
		if tag, err = d.Byte(); err != nil {
			return false, err
		}
	}
}

// plainKey tells whether a key certainly keeps its place in an object. It may
// err on the side of no, which only costs time.
func (f *frame) plainKey(k []byte) bool {
	const few = 16
	if _, idx := arrayIndex(k); idx || len(f.keys) >= few || string(k) == "__proto__" {
		return false
	}
	for _, seen := range f.keys {
		if bytes.Equal(seen, k) {
			return false
		}
	}
	if f.left > 0 || len(f.keys) > 0 {
		f.keys = append(f.keys, k)
	}
	return true
}

func (d *Decoder) skipScalar(tag byte) (canonical bool, err error) {
	start := d.pos
	switch tag {
	case tagUndefined, tagNull, tagTrue, tagFalse:
		return true, nil
	case tagBigInt:
		_, err = d.Take(8)
		return true, err
	case tagString, tagBytes:
		var b []byte
		if tag == tagString {
			b, err = d.StringBytes()
		} else {
			b, err = d.Bytes()
		}
		return err == nil && d.pos-start == len(b)+VarUintLen(uint64(len(b))), err
	case tagInteger, tagFloat32, tagFloat64:
		f, err := d.number(tag)
		if err != nil {
			return false, err
		}
		var room [10]byte
		return bytes.Equal(appendNumber(room[:0], f)[1:], d.buf[start:d.pos]) && tag == numberTag(f), nil
	}
	d.pos--
	return false, d.fail(ErrTag)
}

func numberTag(f float64) byte {
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= maxInt:
		return tagInteger
	case float64(float32(f)) == f:
		return tagFloat32
	}
	return tagFloat64
}

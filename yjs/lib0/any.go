package lib0

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
)

// The tags of "any" values.
const (
	tagBytes     = 116
	tagArray     = 117
	tagObject    = 118
	tagString    = 119
	tagTrue      = 120
	tagFalse     = 121
	tagBigInt    = 122
	tagFloat64   = 123
	tagFloat32   = 124
	tagInteger   = 125
	tagNull      = 126
	tagUndefined = 127
)

const maxInt = 1<<31 - 1 // largest magnitude that is written as an integer

// AppendAny appends a value as lib0 writes it. It fails with ErrValue on a Go
// type that has no counterpart in JavaScript and with ErrDepth on a value
// nested deeper than MaxDepth.
func AppendAny(dst []byte, v any) ([]byte, error) { return appendAny(dst, v, MaxDepth) }

func appendAny(dst []byte, v any, depth int) ([]byte, error) {
	if depth < 0 {
		return dst, ErrDepth
	}
	switch v := v.(type) {
	case nil:
		return append(dst, tagNull), nil
	case undefined:
		return append(dst, tagUndefined), nil
	case bool:
		if v {
			return append(dst, tagTrue), nil
		}
		return append(dst, tagFalse), nil
	case string:
		return AppendString(append(dst, tagString), v), nil
	case []byte:
		return AppendBytes(append(dst, tagBytes), v), nil
	case BigInt:
		return appendFloat64Bits(append(dst, tagBigInt), uint64(v)), nil
	case *big.Int:
		// JavaScript's setBigInt64 keeps the low 64 bits.
		low := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64))
		return appendFloat64Bits(append(dst, tagBigInt), low.Uint64()), nil
	case []any:
		dst = AppendVarUint(append(dst, tagArray), uint64(len(v)))
		var err error
		for _, e := range v {
			if dst, err = appendAny(dst, e, depth-1); err != nil {
				return dst, err
			}
		}
		return dst, nil
	case Object:
		dst = AppendVarUint(append(dst, tagObject), uint64(len(v)))
		var err error
		for _, f := range v {
			dst = AppendString(dst, f.Key)
			if dst, err = appendAny(dst, f.Value, depth-1); err != nil {
				return dst, err
			}
		}
		return dst, nil
	case map[string]any:
		return appendAny(dst, objectOf(v), depth)
	}
	if f, ok := number(v); ok {
		return appendNumber(dst, f), nil
	}
	return dst, fmt.Errorf("%w: %T", ErrValue, v)
}

func objectOf(m map[string]any) Object {
	o := make([]Field, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		o = append(o, Field{k, m[k]})
	}
	return jsOrder(o)
}

// number converts any Go number to JavaScript's.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int:
		return float64(v), true
	case int8:
		return float64(v), true
	case int16:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint:
		return float64(v), true
	case uint8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func appendNumber(dst []byte, f float64) []byte {
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= maxInt:
		return appendSigned(append(dst, tagInteger), uint64(math.Abs(f)), math.Signbit(f))
	case float64(float32(f)) == f:
		b := math.Float32bits(float32(f))
		return append(dst, tagFloat32, byte(b>>24), byte(b>>16), byte(b>>8), byte(b))
	case f != f:
		return appendFloat64Bits(append(dst, tagFloat64), 0x7FF8000000000000)
	}
	return appendFloat64Bits(append(dst, tagFloat64), math.Float64bits(f))
}

// Any reads a value.
func (d *Decoder) Any() (any, error) { return d.any(MaxDepth) }

func (d *Decoder) any(depth int) (any, error) {
	if depth < 0 {
		return nil, d.fail(ErrDepth)
	}
	tag, err := d.Byte()
	if err != nil {
		return nil, err
	}
	switch tag {
	case tagUndefined:
		return Undefined, nil
	case tagNull:
		return nil, nil
	case tagTrue, tagFalse:
		return tag == tagTrue, nil
	case tagInteger, tagFloat32, tagFloat64:
		return d.number(tag)
	case tagBigInt:
		u, err := d.uint64()
		return BigInt(u), err
	case tagString:
		return d.String()
	case tagBytes:
		b, err := d.Bytes()
		return slices.Clone(b), err
	case tagArray:
		n, err := d.count(1)
		if err != nil {
			return nil, err
		}
		a := make([]any, 0, n) // at most as many as there are bytes
		for range n {
			e, err := d.any(depth - 1)
			if err != nil {
				return nil, err
			}
			a = append(a, e)
		}
		return a, nil
	case tagObject:
		n, err := d.count(2)
		if err != nil {
			return nil, err
		}
		o := make([]Field, 0, n) // at most half as many as there are bytes
		for range n {
			k, err := d.String()
			if err != nil {
				return nil, err
			}
			e, err := d.any(depth - 1)
			if err != nil {
				return nil, err
			}
			// obj["__proto__"] = v sets no own property in JavaScript.
			if k != "__proto__" {
				o = append(o, Field{k, e})
			}
		}
		return jsOrder(o), nil
	}
	d.pos--
	return nil, d.fail(ErrTag)
}

func (d *Decoder) number(tag byte) (float64, error) {
	switch tag {
	case tagFloat32:
		u, err := d.uint32()
		return float64(math.Float32frombits(u)), err
	case tagFloat64:
		u, err := d.uint64()
		return math.Float64frombits(u), err
	}
	m, neg, err := d.VarInt()
	f := float64(m)
	if neg {
		f = -f
	}
	return f, err
}

// count reads a number of elements, each of which takes at least size bytes.
func (d *Decoder) count(size int) (int, error) {
	n, err := d.VarUint()
	if err != nil {
		return 0, err
	}
	if n > uint64(d.Len()/size) {
		return 0, d.fail(ErrUnexpectedEnd)
	}
	return int(n), nil
}

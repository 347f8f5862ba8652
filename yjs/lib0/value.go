package lib0

import "slices"

// Undefined is JavaScript's undefined, which is a value other than null.
var Undefined = undefined{}

type undefined struct{}

func (undefined) String() string { return "undefined" }

// MarshalJSON writes null, the nearest that JSON has.
func (undefined) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// BigInt is JavaScript's bigint as lib0 stores it, in 64 bits.
type BigInt int64

// A Field is one key of an Object with its value.
type Field struct {
	Key   string
	Value any
}

// An Object is a JavaScript object: fields in the order in which Object.keys
// gives them.
type Object []Field

// Get returns the value of a key.
func (o Object) Get(key string) (any, bool) {
	for i := range o {
		if o[i].Key == key {
			return o[i].Value, true
		}
	}
	return nil, false
}

// Map returns the fields as a Go map, nested objects included.
func (o Object) Map() map[string]any {
	m := make(map[string]any, len(o))
	for _, f := range o {
		m[f.Key] = Plain(f.Value)
	}
	return m
}

// MarshalJSON writes the object in its own order.
func (o Object) MarshalJSON() ([]byte, error) { return AppendJSON(nil, o) }

// Plain turns Objects, at any depth, into map[string]any, which is what
// encoding/json would have produced.
func Plain(v any) any {
	switch v := v.(type) {
	case Object:
		return v.Map()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Plain(v[i])
		}
		return out
	}
	return v
}

// jsOrder puts fields into the order of a JavaScript object: array indexes
// first, ascending; then the other keys as inserted; the last value of a key
// wins but keeps the first one's place.
func jsOrder(fields []Field) Object {
	sorted, distinct := true, true
	if len(fields) <= 8 {
		for i := range fields {
			for j := range i {
				distinct = distinct && fields[i].Key != fields[j].Key
			}
		}
	} else {
		at := make(map[string]int) // grows: most of many fields may be the same
		for i, f := range fields {
			_, dup := at[f.Key]
			at[f.Key] = i
			distinct = distinct && !dup
		}
	}
	if !distinct {
		at := make(map[string]int)
		out := fields[:0]
		for _, f := range fields {
			if i, ok := at[f.Key]; ok {
				out[i].Value = f.Value
				continue
			}
			at[f.Key] = len(out)
			out = append(out, f)
		}
		fields = out
	}
	for i := range fields {
		_, idx := arrayIndex(fields[i].Key)
		sorted = sorted && !idx
	}
	if !sorted {
		slices.SortStableFunc(fields, func(a, b Field) int {
			x, xi := arrayIndex(a.Key)
			y, yi := arrayIndex(b.Key)
			switch {
			case xi && yi:
				return int(x) - int(y)
			case xi:
				return -1
			case yi:
				return 1
			}
			return 0
		})
	}
	return Object(fields)
}

// arrayIndex tells whether a key is an array index, the kind of key that
// JavaScript moves to the front of an object.
func arrayIndex[T string | []byte](key T) (uint32, bool) {
	if len(key) == 0 || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return 0, false
	}
	var n uint64
	for i := range len(key) {
		c := key[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return uint32(n), n < 1<<32-1
}

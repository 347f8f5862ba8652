package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// marks is a set of marks with their values as JSON text, in the order in
// which a JavaScript Map would have them.
type marks []mark

type mark struct{ key, value string }

// none is the value of a mark that is not set.
const none = "null"

// get returns the value of a mark, none if it is not there.
func (m marks) get(key string) string {
	if i := m.find(key); i >= 0 {
		return m[i].value
	}
	return none
}

func (m marks) find(key string) int {
	for i := range m {
		if m[i].key == key {
			return i
		}
	}
	return -1
}

func (m *marks) set(key, value string) {
	if i := m.find(key); i >= 0 {
		(*m)[i].value = value
		return
	}
	*m = append(*m, mark{key, value})
}

func (m *marks) remove(key string) {
	if i := m.find(key); i >= 0 {
		*m = append((*m)[:i], (*m)[i+1:]...)
	}
}

// apply changes the current marks as a format item says.
func (m *marks) apply(a *aux) {
	if a.value == none {
		m.remove(a.key)
	} else {
		m.set(a.key, a.value)
	}
}

func (m marks) clone() marks { return append(marks(nil), m...) }

// values returns the marks as Go values.
func (m marks) values() Attributes {
	if len(m) == 0 {
		return nil
	}
	out := make(Attributes, len(m))
	for i, e := range m {
		out[i] = lib0.Field{Key: e.key, Value: parseValue([]byte(e.value))}
	}
	return out
}

// marksOf turns attributes into marks. undefined counts as not there.
func marksOf(a Attributes) (marks, error) {
	out := make(marks, 0, len(a)+2)
	for _, f := range a {
		if f.Value == lib0.Undefined {
			continue
		}
		text, err := lib0.AppendJSON(nil, f.Value)
		if err != nil {
			return nil, fmt.Errorf("%w: mark %q: %w", ErrValue, f.Key, err)
		}
		out.set(lib0.ValidString(f.Key), string(text))
	}
	return out, nil
}

// sameValue compares values of marks: equal texts, or objects with equal
// fields in any order.
func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) != len(b) || a[0] != '{' || b[0] != '{' {
		return false
	}
	return sameJSON(parseValue([]byte(a)), parseValue([]byte(b)))
}

// identical is JavaScript's === on values that were read at different places:
// objects are never identical.
func identical(a, b string) bool { return a == b && a[0] != '{' && a[0] != '[' }

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case lib0.Object:
		b, ok := b.(lib0.Object)
		if !ok || len(a) != len(b) {
			return false
		}
		for _, f := range a {
			if v, ok := b.Get(f.Key); !ok || !sameJSON(f.Value, v) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], b[i]) {
				return false
			}
		}
		return true
	case []byte:
		b, ok := b.([]byte)
		return ok && string(a) == string(b)
	}
	if _, ok := b.([]byte); ok {
		return false
	}
	switch b.(type) {
	case lib0.Object, []any:
		return false
	}
	return a == b
}

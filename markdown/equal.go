package markdown

import "reflect"

// Equal reports whether two documents are the same: types, text, marks, and attributes with
// their JSON types (1 and 1.0 are the same number, 1 and "1" are not).
func Equal(a, b *Node) bool {
	if a.Type != b.Type || a.Text != b.Text || len(a.Content) != len(b.Content) ||
		!sameAttrs(a.Attrs, b.Attrs) || !sameMarks(a.Marks, b.Marks) {
		return false
	}
	for i := range a.Content {
		if !Equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && x == y
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

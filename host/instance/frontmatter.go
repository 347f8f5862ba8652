package instance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/goccy/go-yaml"
)

// Limits of front matter. They are far above what people and the core write,
// and keep a hostile file from costing more than a fraction of a second.
const (
	maxFrontMatter = 256 << 10
	maxNesting     = 100
	maxYAMLNodes   = 50_000 // after aliases are followed
)

// document is a record's file, cut into its parts. Put together again in
// order, head, lead, body and tail are the file.
type document struct {
	head string // byte order mark, opening and closing delimiter with all between
	yaml string // what stands between the delimiters
	at   int    // where yaml begins in head
	lead string // white space before the body
	body string
	tail string // white space after the body
}

// splitDocument cuts a file. ok is false if it does not begin with front
// matter; then all of it is lead, body and tail.
func splitDocument(src string) (d document, ok bool) {
	rest := strings.TrimPrefix(src, "\ufeff")
	bom := len(src) - len(rest)
	open, after, found := strings.Cut(rest, "\n")
	if found && strings.TrimRight(open, " \t\r") == "---" {
		at := bom + len(open) + 1
		for start := 0; start <= len(after); {
			line, next, more := strings.Cut(after[start:], "\n")
			if strings.TrimRight(line, " \t\r") == "---" {
				end := at + start + len(line)
				if more {
					end++
				}
				d = document{head: src[:end], yaml: after[:start], at: at}
				ok = true
				break
			}
			if !more {
				break
			}
			start = len(after) - len(next)
		}
	}
	text := src[len(d.head):]
	d.lead, d.body, d.tail = trimWhiteSpace(text)
	return d, ok
}

// String puts the parts together.
func (d document) String() string { return d.head + d.lead + d.body + d.tail }

// trimWhiteSpace cuts what JavaScript's trim removes, since the core defines
// the body by it.
func trimWhiteSpace(s string) (lead, body, tail string) {
	body = strings.TrimLeftFunc(s, isWhiteSpace)
	lead = s[:len(s)-len(body)]
	body = strings.TrimRightFunc(body, isWhiteSpace)
	return lead, body, s[len(lead)+len(body):]
}

func isWhiteSpace(r rune) bool {
	switch {
	case '\t' <= r && r <= '\r', r == ' ', r == 0xa0, r == 0x1680, 0x2000 <= r && r <= 0x200a,
		r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xfeff:
		return true
	}
	return false
}

// fields is a mapping of YAML or JSON with the order of its keys. Values are
// nil, bool, string, float64, int64, uint64, []any or fields.
type fields []field

type field struct {
	key   string
	value any
}

func (f fields) get(key string) any {
	for _, e := range f {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// text returns a value as text: numbers and booleans as YAML prints them.
func (f fields) text(key string) string {
	switch v := f.get(key).(type) {
	case nil:
		return ""
	case string:
		return v
	case []any, fields:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// parseFrontMatter reads a YAML mapping.
func parseFrontMatter(src string) (fields, error) {
	if len(src) > maxFrontMatter {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrFrontMatter, len(src), maxFrontMatter)
	}
	if nestsTooDeep(src) {
		return nil, fmt.Errorf("%w: nested more than %d deep", ErrFrontMatter, maxNesting)
	}
	var raw any
	if err := unmarshalYAML(src, &raw); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrFrontMatter, yaml.FormatError(err, false, false))
	}
	budget := maxYAMLNodes
	v, err := plain(raw, &budget)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrontMatter, err)
	}
	f, ok := v.(fields)
	if !ok {
		return nil, fmt.Errorf("%w: it is not a mapping of keys to values", ErrFrontMatter)
	}
	return f, nil
}

// unmarshalYAML turns a panic of the YAML library into an error: the text
// comes from files that anybody may have pushed.
func unmarshalYAML(src string, into *any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not readable as YAML (%v)", p)
		}
	}()
	return yaml.UnmarshalWithOptions([]byte(src), into, yaml.UseOrderedMap())
}

// nestsTooDeep is a rough look ahead of the parser, whose time grows with the
// square of the depth.
func nestsTooDeep(src string) bool {
	depth := 0
	for i := range len(src) {
		switch src[i] {
		case '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return strings.Contains(src, strings.Repeat("- ", maxNesting)) || strings.Contains(src, strings.Repeat("? ", maxNesting))
}

// plain converts the YAML library's values. budget bounds what aliases expand
// to.
func plain(v any, budget *int) (any, error) {
	if *budget--; *budget < 0 {
		return nil, fmt.Errorf("more than %d values", maxYAMLNodes)
	}
	switch v := v.(type) {
	case nil, bool, string, int64, uint64:
		return v, nil
	case int:
		return int64(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil // what JSON makes of them
		}
		return v, nil
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			var err error
			if list[i], err = plain(item, budget); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MapSlice:
		f := make(fields, len(v))
		for i, item := range v {
			value, err := plain(item.Value, budget)
			if err != nil {
				return nil, err
			}
			f[i] = field{fmt.Sprint(item.Key), value}
		}
		return f, nil
	default:
		return fmt.Sprint(v), nil
	}
}

// MarshalJSON keeps the order of the keys.
func (f fields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range f {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshalJSON(e.key)
		if err != nil {
			return nil, err
		}
		value, err := marshalJSON(e.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshalJSON is json.Marshal without the escaping meant for HTML.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// parseJSONObject reads a JSON object with the order of its keys.
func parseJSONObject(src []byte) (fields, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	v, err := readJSON(dec, 0)
	if err != nil {
		return nil, err
	}
	f, ok := v.(fields)
	if !ok {
		return nil, fmt.Errorf("not a JSON object")
	}
	return f, nil
}

// parseJSON reads any JSON value with the order of its keys.
func parseJSON(src []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	return readJSON(dec, 0)
}

func readJSON(dec *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("JSON nested more than %d deep", maxNesting)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		return t.Float64()
	case json.Delim:
		switch t {
		case '[':
			list := []any{}
			for dec.More() {
				v, err := readJSON(dec, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := dec.Token()
			return list, err
		default: // '{': the decoder lets no stray closing delimiter through
			f := fields{}
			for dec.More() {
				key, err := dec.Token()
				if err != nil {
					return nil, err
				}
				v, err := readJSON(dec, depth+1)
				if err != nil {
					return nil, err
				}
				f = append(f, field{fmt.Sprint(key), v})
			}
			_, err := dec.Token()
			return f, err
		}
	default:
		return t, nil // string, bool, nil
	}
}

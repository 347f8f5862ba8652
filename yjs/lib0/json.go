package lib0

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends a value as JSON.stringify writes it. undefined is left
// out of objects and written as null elsewhere, so are NaN and infinities;
// bytes become an object of indexes; a bigint is ErrValue, as it is a
// TypeError there.
func AppendJSON(dst []byte, v any) ([]byte, error) { return appendJSON(dst, v, MaxDepth) }

func appendJSON(dst []byte, v any, depth int) ([]byte, error) {
	if depth < 0 {
		return dst, ErrDepth
	}
	var err error
	switch v := v.(type) {
	case nil, undefined:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendJSONString(dst, v), nil
	case []byte:
		dst = append(dst, '{')
		for i, b := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(strconv.AppendInt(append(dst, '"'), int64(i), 10), `":`...)
			dst = strconv.AppendInt(dst, int64(b), 10)
		}
		return append(dst, '}'), nil
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendJSON(dst, e, depth-1); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case Object:
		dst = append(dst, '{')
		first := true
		for _, f := range v {
			if f.Value == Undefined {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(appendJSONString(dst, f.Key), ':')
			if dst, err = appendJSON(dst, f.Value, depth-1); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	case map[string]any:
		return appendJSON(dst, objectOf(v), depth)
	case BigInt, *big.Int:
		return dst, fmt.Errorf("%w: JSON has no bigint", ErrValue)
	}
	if f, ok := number(v); ok {
		return appendJSONNumber(dst, f), nil
	}
	return dst, fmt.Errorf("%w: %T", ErrValue, v)
}

func appendJSONNumber(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	return AppendNumber(dst, f)
}

// AppendNumber appends a finite number as JavaScript's Number.toString
// writes it.
func AppendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // -0 too
	}
	format := byte('f')
	if abs := math.Abs(f); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if format == 'e' { // e-07 is e-7 there
		if n := len(dst); n-start > 3 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
	}
	return dst
}

const hexDigits = "0123456789abcdef"

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[from:i]...)
				if u, ok := surrogate(s[i:]); ok {
					dst = append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
					n = 3
				} else {
					dst = append(dst, "\uFFFD"...)
				}
				from = i + n
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// surrogate decodes a lone surrogate in its generalized UTF-8 form.
func surrogate(s string) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3f)<<6 | uint16(s[2]&0x3f), true
}

// CheckJSON tells whether ParseJSON would accept a text, without building
// anything.
func CheckJSON(text []byte) error {
	switch {
	case IsCanonicalJSON(text):
		return nil
	case !utf8.Valid(text):
		return ErrUTF8
	case depthOf(text) > MaxDepth:
		return ErrDepth
	case !json.Valid(text):
		return fmt.Errorf("%w: %s", ErrJSON, excerpt(text))
	}
	return nil
}

// ParseJSON reads JSON text into the Go types of the package. Objects keep
// their order as JavaScript would keep it.
func ParseJSON(text []byte) (any, error) {
	if err := CheckJSON(text); err != nil {
		return nil, err
	}
	p := parser{text: text}
	return p.value(), nil
}

func excerpt(text []byte) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(bytes.ToValidUTF8(text[:most], nil))) + "..."
	}
	return strconv.Quote(string(text))
}

// depthOf measures nesting without using the stack.
func depthOf(text []byte) int {
	depth, most, str := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case str && c == '\\':
			i++
		case c == '"':
			str = !str
		case str:
		case c == '[' || c == '{':
			depth++
			most = max(most, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return most
}

// CanonicalJSON returns the text that JSON.stringify(JSON.parse(text)) gives.
// Text that is canonical already is returned as it is, without copying.
func CanonicalJSON(text []byte) ([]byte, error) {
	if IsCanonicalJSON(text) {
		return text, nil
	}
	v, err := ParseJSON(text)
	if err != nil {
		return nil, err
	}
	out, err := AppendJSON(make([]byte, 0, len(text)), v)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(out, text) {
		return text, nil
	}
	return out, nil
}

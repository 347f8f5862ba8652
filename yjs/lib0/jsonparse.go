package lib0

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// parser builds values from text that is known to be valid JSON.
type parser struct {
	text []byte
	pos  int
}

func (p *parser) space() byte {
	for {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
}

func (p *parser) value() any {
	switch p.space() {
	case 'n':
		p.pos += 4
		return nil
	case 't':
		p.pos += 4
		return true
	case 'f':
		p.pos += 5
		return false
	case '"':
		return p.str()
	case '[':
		a := []any{}
		p.pos++
		for p.space() != ']' {
			a = append(a, p.value())
			if p.space() == ',' {
				p.pos++
			}
		}
		p.pos++
		return a
	case '{':
		var o []Field
		p.pos++
		for p.space() != '}' {
			k := p.str()
			p.space()
			p.pos++ // the colon
			o = append(o, Field{k, p.value()})
			if p.space() == ',' {
				p.pos++
			}
		}
		p.pos++
		return jsOrder(o)
	}
	from := p.pos
	for p.pos < len(p.text) && isNumberByte(p.text[p.pos]) {
		p.pos++
	}
	f, err := strconv.ParseFloat(string(p.text[from:p.pos]), 64)
	if err != nil && f == 0 {
		f = math.NaN() // cannot happen in valid JSON; overflow gives an infinity
	}
	return f
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

func (p *parser) str() string {
	p.pos++
	from := p.pos
	for p.text[p.pos] != '"' {
		if p.text[p.pos] == '\\' {
			return p.escaped(from)
		}
		p.pos++
	}
	s := string(p.text[from:p.pos])
	p.pos++
	return s
}

func (p *parser) escaped(from int) string {
	out := append([]byte(nil), p.text[from:p.pos]...)
	for {
		c := p.text[p.pos]
		p.pos++
		if c == '"' {
			return string(out)
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		c = p.text[p.pos]
		p.pos++
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			out = p.unicode(out)
		default:
			out = append(out, c)
		}
	}
}

// unicode appends the character of a \u escape. A surrogate without its other
// half is kept in generalized UTF-8, so that it can be written back.
func (p *parser) unicode(out []byte) []byte {
	u := p.hex4()
	if utf16.IsSurrogate(rune(u)) {
		if p.pos+6 <= len(p.text) && p.text[p.pos] == '\\' && p.text[p.pos+1] == 'u' {
			back := p.pos
			p.pos += 2
			if r := utf16.DecodeRune(rune(u), rune(p.hex4())); r != utf8.RuneError {
				return utf8.AppendRune(out, r)
			}
			p.pos = back
		}
		return append(out, 0xE0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
	}
	return utf8.AppendRune(out, rune(u))
}

func (p *parser) hex4() uint16 {
	u, _ := strconv.ParseUint(string(p.text[p.pos:p.pos+4]), 16, 16)
	p.pos += 4
	return uint16(u)
}

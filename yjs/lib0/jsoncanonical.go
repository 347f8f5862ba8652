package lib0

import (
	"bytes"
	"strconv"
)

// IsCanonicalJSON tells whether a text certainly is valid JSON in the form in
// which JSON.stringify writes it, in one pass and without building anything. It
// may err on the side of no: for escapes that name a character by its number, for
// objects with many keys, for keys that JavaScript moves, and for deep nesting.
func IsCanonicalJSON(text []byte) bool {
	s := jsonScanner{text: text}
	return s.value(16) && s.pos == len(text)
}

type jsonScanner struct {
	text []byte
	pos  int
}

// next takes the next byte, if it is c.
func (s *jsonScanner) next(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *jsonScanner) value(depth int) bool {
	if s.pos == len(s.text) || depth == 0 {
		return false
	}
	switch s.text[s.pos] {
	case '{':
		return s.object(depth - 1)
	case '[':
		return s.array(depth - 1)
	case '"':
		_, ok := s.str()
		return ok
	case 'n':
		return s.word("null")
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	}
	return s.number()
}

func (s *jsonScanner) word(w string) bool {
	if !bytes.HasPrefix(s.text[s.pos:], []byte(w)) {
		return false
	}
	s.pos += len(w)
	return true
}

func (s *jsonScanner) array(depth int) bool {
	s.pos++
	if s.next(']') {
		return true
	}
	for s.value(depth) {
		if s.next(']') {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
	return false
}

func (s *jsonScanner) object(depth int) bool {
	s.pos++
	if s.next('}') {
		return true
	}
	var keys [8][]byte
	for n := range keys {
		key, ok := s.str()
		if !ok || !s.next(':') {
			return false
		}
		if _, index := arrayIndex(key); index || string(key) == "__proto__" {
			return false
		}
		for _, k := range keys[:n] {
			if bytes.Equal(k, key) {
				return false
			}
		}
		keys[n] = key
		if !s.value(depth) {
			return false
		}
		if s.next('}') {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
	return false
}

// str reads a string and returns what stands between the quotes. Escapes are
// right where JavaScript cannot do without; two ways to write one string are
// never both right, so keys that differ in bytes differ.
func (s *jsonScanner) str() ([]byte, bool) {
	if !s.next('"') {
		return nil, false
	}
	from, ascii := s.pos, true
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			b := s.text[from:s.pos]
			s.pos++
			return b, ascii || ValidUTF8(b)
		case c == '\\':
			s.pos++
			if s.pos == len(s.text) || bytes.IndexByte([]byte(`"\bfnrt`), s.text[s.pos]) < 0 {
				return nil, false
			}
		case c < 0x20:
			return nil, false
		case c >= 0x80:
			ascii = false
		}
	}
	return nil, false
}

func (s *jsonScanner) number() bool {
	from := s.pos
	for s.pos < len(s.text) && isNumberByte(s.text[s.pos]) {
		s.pos++
	}
	text := s.text[from:s.pos]
	if len(text) == 0 || len(text) > 24 {
		return false
	}
	if len(text) == 1 {
		return text[0] >= '0' && text[0] <= '9'
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return false
	}
	var room [32]byte
	return bytes.Equal(AppendNumber(room[:0], f), text)
}

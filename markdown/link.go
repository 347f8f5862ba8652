package markdown

import "strings"

// linkDestination reads the target of a link at pos: the target unescaped, and the position
// after it.
func linkDestination(s string, pos int) (dest string, end int, ok bool) {
	if pos < len(s) && s[pos] == '<' {
		for i := pos + 1; i < len(s); i++ {
			switch s[i] {
			case '\n', '<':
				return "", 0, false
			case '>':
				return unescape(s[pos+1 : i]), i + 1, true
			case '\\':
				i++
			}
		}
		return "", 0, false
	}
	level := 0
	i := pos
loop:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7F:
			break loop
		case c == '\\' && i+1 < len(s):
			if s[i+1] == ' ' {
				break loop
			}
			i++
		case c == '(':
			if level++; level > 32 {
				return "", 0, false
			}
		case c == ')':
			if level == 0 {
				break loop
			}
			level--
		}
	}
	i = min(i, len(s))
	if i == pos || level != 0 {
		return "", 0, false
	}
	return unescape(s[pos:i]), i, true
}

type titleState uint8

const (
	titleNone titleState = iota
	titleOpen            // s ends before the title does
	titleClosed
)

// linkTitle reads the title of a link at pos.
func linkTitle(s string, pos int) (title string, end int, state titleState) {
	if pos >= len(s) {
		return "", 0, titleNone
	}
	quote := s[pos]
	switch quote {
	case '"', '\'':
	case '(':
		quote = ')'
	default:
		return "", 0, titleNone
	}
	for i := pos + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			return unescape(s[pos+1 : i]), i + 1, titleClosed
		case c == '(' && quote == ')':
			return "", 0, titleNone
		case c == '\\':
			i++
		}
	}
	return "", 0, titleOpen
}

// unescape resolves backslashes and entities.
func unescape(s string) string {
	i := strings.IndexAny(s, `\&`)
	if i < 0 {
		return s
	}
	var b strings.Builder
	from := 0
	for ; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && isPunct(s[i+1]):
			b.WriteString(s[from:i])
			i++
			from = i
		case s[i] == '&':
			if text, n := entity(s[i:], 8); n > 0 && text != "\uFFFD" {
				b.WriteString(s[from:i])
				b.WriteString(text)
				i += n - 1
				from = i + 1
			}
		}
	}
	b.WriteString(s[from:])
	return b.String()
}

// isPunct reports whether a backslash escapes c.
func isPunct(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}

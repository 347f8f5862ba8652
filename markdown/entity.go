package markdown

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// entity decodes the entity that s begins with and returns its length, 0 if it is none. A
// number may have up to digits digits (one more if decimal and digits is 6); a number that is
// no character gives U+FFFD.
func entity(s string, digits int) (text string, n int) {
	end := strings.IndexByte(s[:min(len(s), 34)], ';')
	if end < 2 {
		return "", 0
	}
	name := s[1:end]
	if name[0] != '#' {
		if !isLetter(name[0]) || len(name) < 2 {
			return "", 0
		}
		e, ok := util.LookUpHTML5EntityByName(name)
		if !ok {
			return "", 0
		}
		return string(e.Characters), end + 1
	}
	num, base := name[1:], 10
	if num != "" && num[0]|0x20 == 'x' {
		num, base = num[1:], 16
	} else if digits == 6 {
		digits = 7
	}
	if num == "" || len(num) > digits {
		return "", 0
	}
	code, err := strconv.ParseUint(num, base, 32)
	if err != nil || num[0] == '+' || strings.IndexByte(num, '_') >= 0 {
		return "", 0
	}
	if !validCode(code) {
		return "\uFFFD", end + 1
	}
	return string(rune(code)), end + 1
}

// validCode reports whether a numeric entity of this code stands for a character.
func validCode(c uint64) bool {
	switch {
	case c > utf8.MaxRune, c >= 0xD800 && c <= 0xDFFF, c >= 0xFDD0 && c <= 0xFDEF, c&0xFFFE == 0xFFFE:
		return false
	case c <= 0x08, c == 0x0B, c >= 0x0E && c <= 0x1F, c >= 0x7F && c <= 0x9F:
		return false
	}
	return true
}

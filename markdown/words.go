package markdown

import (
	"strings"
	"unicode/utf8"
)

// words splits text into what one would change as a whole: runs of letters and
// digits, runs of white space, and single other characters.
func words(s string) []string {
	out := make([]string, 0, len(s)/3+1)
	for s != "" {
		n := 1
		switch c := s[0]; {
		case isWordByte(c):
			for n < len(s) && isWordByte(s[n]) {
				n++
			}
		case isASCIISpace(c):
			for n < len(s) && isASCIISpace(s[n]) {
				n++
			}
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// isWordByte takes every byte of a character outside ASCII for part of a word.
func isWordByte(c byte) bool { return c >= utf8.RuneSelf || isLetter(c) || isDigit(c) }

// respell changes a text as base was changed into now, but keeps the spelling
// that ours has for what did not change: its line breaks, its emphasis signs,
// its reference links.
func respell(base, ours, now string) string {
	if base == now {
		return ours
	}
	if base == ours {
		return now
	}
	return strings.Join(merge3(words(base), words(ours), words(now), takeTheirs), "")
}

func takeTheirs(_, theirs []string) []string { return theirs }

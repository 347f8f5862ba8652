package lib0

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// ValidString returns s with each lone surrogate and each byte that is not
// valid UTF-8 replaced by U+FFFD, and s itself if it is valid.
func ValidString(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if _, ok := surrogate(s[i:]); ok && n == 1 {
			n = 3
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out)
}

// ValidUTF8 tells whether b is valid UTF-8. For short ASCII text, which updates
// are full of, it is faster than utf8.Valid.
func ValidUTF8(b []byte) bool { return isASCII(b) || utf8.Valid(b) }

// isASCII looks at eight bytes at a time, the last time at some for the second
// time.
func isASCII(b []byte) bool {
	n := len(b)
	if n < 8 {
		var all byte
		for _, c := range b {
			all |= c
		}
		return all < utf8.RuneSelf
	}
	last := binary.LittleEndian.Uint64(b[n-8:])
	for ; len(b) > 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&highBits != 0 {
			return false
		}
	}
	return last&highBits == 0
}

// UTF16Len counts the UTF-16 code units of valid UTF-8 text: one for a
// sequence of up to three bytes, two for one of four.
func UTF16Len(b []byte) int {
	if isASCII(b) {
		return len(b)
	}
	n := 0
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		n += 8
		if w&highBits != 0 {
			// minus continuation bytes (10xxxxxx), plus four-byte leads (11110xxx)
			cont := w & ^(w << 1) & highBits
			four := w & (w << 1) & (w << 2) & (w << 3) & highBits
			n += bits.OnesCount64(four) - bits.OnesCount64(cont)
		}
		b = b[8:]
	}
	for _, c := range b {
		if c&0xC0 != 0x80 {
			n++
			if c >= 0xF0 {
				n++
			}
		}
	}
	return n
}

const highBits = 0x8080808080808080

// UTF16Offset finds the byte offset of code unit n in valid UTF-8 text. If
// n falls between the two halves of a surrogate pair, inside is true and the
// offset is that of the first byte of the character. n must not exceed the
// length total of b in code units; the search starts at the nearer end.
func UTF16Offset(b []byte, n, total int) (offset int, inside bool) {
	if n > total/2 {
		return fromEnd(b, total-n)
	}
	i := 0
	for n >= 8 && i+8 <= len(b) {
		units := UTF16Len(b[i : i+8])
		if units > n {
			break
		}
		i += 8
		n -= units
	}
	// The blocks above may end within a character: its lead was counted.
	for i < len(b) && b[i]&0xC0 == 0x80 {
		i++
	}
	for n > 0 && i < len(b) {
		size, units := sequence(b[i])
		if units > n {
			return i, true
		}
		n -= units
		i += size
	}
	return i, false
}

// fromEnd finds the offset that has n code units after it.
func fromEnd(b []byte, n int) (offset int, inside bool) {
	i := len(b)
	for n >= 16 && i >= 8 {
		units := UTF16Len(b[i-8 : i])
		i -= 8
		n -= units
	}
	// Continuation bytes at i belong to a character whose lead, before i,
	// has not been counted yet: count it.
	for i < len(b) && i > 0 && b[i]&0xC0 == 0x80 {
		i--
		if b[i]&0xC0 != 0x80 {
			_, units := sequence(b[i])
			n -= units
			break
		}
	}
	for n > 0 && i > 0 {
		i--
		for i > 0 && b[i]&0xC0 == 0x80 {
			i--
		}
		_, units := sequence(b[i])
		if units > n {
			return i, true
		}
		n -= units
	}
	return i, false
}

func sequence(lead byte) (size, units int) {
	switch {
	case lead < 0x80:
		return 1, 1
	case lead < 0xE0:
		return 2, 1
	case lead < 0xF0:
		return 3, 1
	}
	return 4, 2
}

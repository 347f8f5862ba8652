package disk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Escape makes a folder name that is safe and distinct on file systems that
// fold case, forbid characters, or trim names. Long ones end in a hash.
func Escape(room string) string {
	var b strings.Builder
	for i := range len(room) {
		switch c := room[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if name := b.String(); len(name) <= 180 {
		return "r-" + name
	}
	sum := sha256.Sum256([]byte(room))
	return "h-" + b.String()[:100] + "-" + hex.EncodeToString(sum[:])
}

// Unescape is the inverse, if the name was not too long.
func Unescape(name string) (room string, ok bool) {
	name, ok = strings.CutPrefix(name, "r-")
	if !ok {
		return "", false
	}
	var b []byte
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b = append(b, name[i])
			continue
		}
		if i+3 > len(name) {
			return "", false
		}
		c, err := hex.DecodeString(name[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b = append(b, c[0])
		i += 2
	}
	return string(b), true
}

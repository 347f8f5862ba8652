package markdown

import (
	"math"
	"strings"
	"unicode/utf8"
)

// validLink reports whether an href may become a link. Links that run code stay text.
func validLink(href string) bool {
	s := strings.ToLower(trimJS(href[:min(len(href), 64)]))
	for _, bad := range [...]string{"vbscript:", "javascript:", "file:", "data:"} {
		if strings.HasPrefix(s, bad) {
			for _, good := range [...]string{"gif;", "png;", "jpeg;", "webp;"} {
				if strings.HasPrefix(s, "data:image/"+good) {
					return true
				}
			}
			return false
		}
	}
	return true
}

// normalizeLink writes a link target as the existing editor stores it: international host
// names in Punycode, everything unusual percent-encoded.
func normalizeLink(url string) string {
	if plainURL(url) {
		return url
	}
	u := splitURL(url)
	if u.host != "" && (u.scheme == "" || u.scheme == "http:" || u.scheme == "https:" || u.scheme == "mailto:") {
		u.host = hostToASCII(u.host)
	}
	return percentEncode(u.String())
}

// linkText is how an automatic link shows its target.
func linkText(url string) string {
	u := splitURL(url)
	if u.host != "" && (u.scheme == "" || u.scheme == "http:" || u.scheme == "https:" || u.scheme == "mailto:") {
		u.host = hostToUnicode(u.host)
	}
	return percentDecode(u.String())
}

// plainURL reports whether normalizing certainly changes nothing.
func plainURL(s string) bool {
	for i := 0; i < len(s); i++ {
		if !urlSafe[s[i]] {
			return false
		}
	}
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	if !ok {
		// Anything else with a scheme or host goes the long way.
		return strings.IndexByte(s, ':') < 0 && !strings.HasPrefix(s, "//")
	}
	for i := 0; i < len(rest); i++ {
		if c := rest[i]; c == '/' {
			return i > 0
		} else if i > 62 || !isLetter(c) && !isDigit(c) && c != '.' && c != '-' {
			return false
		}
	}
	return rest != ""
}

// urlSafe are the bytes that percentEncode keeps, % apart.
var urlSafe = func() (t [256]bool) {
	for c := byte('0'); c <= 'z'; c++ {
		t[c] = isLetter(c) || isDigit(c)
	}
	for _, c := range []byte(";/?:@&=+$,-_.!~*'()#") {
		t[c] = true
	}
	return t
}()

const hexDigits = "0123456789ABCDEF"

func percentEncode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case urlSafe[c]:
			b.WriteByte(c)
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			b.WriteString(s[i : i+3])
			i += 2
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// percentDecode shows what is encoded, except characters that have a meaning in a URL.
func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		var raw []byte
		j := i
		for j+2 < len(s) && s[j] == '%' && unhex(s[j+1]) < 16 && unhex(s[j+2]) < 16 {
			raw = append(raw, unhex(s[j+1])<<4|unhex(s[j+2]))
			j += 3
		}
		if raw == nil {
			b.WriteByte(s[i])
			i++
			continue
		}
		i = j
		for len(raw) > 0 {
			r, n := utf8.DecodeRune(raw)
			switch {
			case r < utf8.RuneSelf && strings.IndexByte(";/?:@&=+$,#%", raw[0]) >= 0:
				b.WriteByte('%')
				b.WriteByte(hexDigits[raw[0]>>4])
				b.WriteByte(hexDigits[raw[0]&15])
			default:
				b.WriteRune(r)
			}
			raw = raw[n:]
		}
	}
	return b.String()
}

func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// splitURL takes a URL apart as browsers of old did, leniently.
type urlParts struct {
	scheme, auth, host, port, rest string
	slashes                        bool
}

func splitURL(s string) (u urlParts) {
	rest := trimJS(s)
	i := 0
	for i < len(rest) && (isLetter(rest[i]) || isDigit(rest[i]) || rest[i] == '.' || rest[i] == '+' || rest[i] == '-') {
		i++
	}
	if i > 0 && i < len(rest) && rest[i] == ':' {
		u.scheme, rest = rest[:i+1], rest[i+1:]
	}
	code := u.scheme == "javascript:"
	if strings.HasPrefix(rest, "//") && !code {
		u.slashes = true
		rest = rest[2:]
	}
	web := false // schemes that need slashes before a host
	switch u.scheme {
	case "http:", "https:", "ftp:", "gopher:", "file:":
		web = true
	}
	if code || !u.slashes && (u.scheme == "" || web) {
		u.rest = rest
		return u
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	} else if end < len(rest) {
		end++ // an @ at the very end would not count
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		u.auth, rest = rest[:at]+"@", rest[at+1:]
	}
	end = strings.IndexAny(rest, "%/?;#'{}|\\^`<>\" \r\n\t")
	if end < 0 {
		end = len(rest)
	}
	if end > 0 && rest[end-1] == ':' {
		end--
	}
	host := rest[:end]
	rest = rest[end:]
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && strings.Trim(host[colon+1:], "0123456789") == "" {
		if colon+1 < len(host) {
			u.port = host[colon:]
		}
		host = host[:colon]
	}
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	if !bracketed {
		parts := strings.Split(host, ".")
		for i, part := range parts {
			n := hostPart(part, true)
			if n == utf8.RuneCountInString(part) {
				continue
			}
			n = hostPart(part, false)
			rest = strings.Join(append([]string{part[n:]}, parts[i+1:]...), ".") + rest
			host = strings.Join(append(parts[:i:i], part[:n]), ".")
			break
		}
	}
	if utf16Len(host) > 255 {
		host = ""
	}
	if bracketed && len(host) >= 2 {
		host = host[1 : len(host)-1]
	}
	u.host, u.rest = host, rest
	return u
}

// hostPart returns how many characters from the start may stand in a part of a host name,
// at most 63.
func hostPart(s string, international bool) (n int) {
	for _, r := range s {
		ok := r < 0x80 && (isLetter(byte(r)) || isDigit(byte(r)) || r == '+' || r == '_' || r == '-') || r >= 0x80 && international
		if !ok || n == 63 {
			break
		}
		n++
	}
	return n
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		n++
		if r > math.MaxUint16 {
			n++
		}
	}
	return n
}

func (u urlParts) String() string {
	s := u.scheme
	if u.slashes {
		s += "//"
	}
	s += u.auth
	if strings.IndexByte(u.host, ':') >= 0 {
		s += "[" + u.host + "]"
	} else {
		s += u.host
	}
	return s + u.port + u.rest
}

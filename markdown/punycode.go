package markdown

import "strings"

// Punycode of host names, label by label and without any mapping of characters, as the
// existing editor writes them (RFC 3492).

const (
	punyBase, punyTMin, punyTMax = 36, 1, 26
	punySkew, punyDamp           = 38, 700
	punyBias, punyN              = 72, 128
)

func mapLabels(host string, f func(string) string) string {
	var b strings.Builder
	from := 0
	for i, r := range host {
		switch r {
		case '.', 0x3002, 0xFF0E, 0xFF61:
			b.WriteString(f(host[from:i]))
			b.WriteByte('.')
			from = i + len(string(r))
		}
	}
	b.WriteString(f(host[from:]))
	return b.String()
}

func hostToASCII(host string) string {
	for i := 0; ; i++ {
		if i == len(host) {
			return host
		}
		if host[i] >= 0x80 {
			break
		}
	}
	return mapLabels(host, func(label string) string {
		for i := 0; i < len(label); i++ {
			if label[i] >= 0x80 {
				return "xn--" + punyEncode(label)
			}
		}
		return label
	})
}

func hostToUnicode(host string) string {
	if !strings.Contains(host, "xn--") {
		return host
	}
	ok := true
	s := mapLabels(host, func(label string) string {
		t, is := strings.CutPrefix(label, "xn--")
		if !is {
			return label
		}
		t, good := punyDecode(strings.ToLower(t))
		ok = ok && good
		return t
	})
	if !ok {
		return host
	}
	return s
}

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punyBase-punyTMin)*punyTMax/2 {
		delta /= punyBase - punyTMin
		k += punyBase
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

func punyThreshold(k, bias int) int { return min(max(k-bias, punyTMin), punyTMax) }

func punyDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

func punyEncode(label string) string {
	runes := []rune(label)
	var out []byte
	for _, r := range runes {
		if r < 0x80 {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias, done := rune(punyN), 0, punyBias, basic
	for done < len(runes) {
		next := rune(0x7FFFFFFF)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := punyThreshold(k, bias)
				if q < t {
					break
				}
				out = append(out, punyDigit(t+(q-t)%(punyBase-t)))
				q = (q - t) / (punyBase - t)
			}
			out = append(out, punyDigit(q))
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}

func punyDecode(s string) (string, bool) {
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i > 0 {
		for _, r := range s[:i] {
			if r >= 0x80 {
				return "", false
			}
			out = append(out, r)
		}
		s = s[i+1:]
	}
	n, i, bias := rune(punyN), 0, punyBias
	for len(s) > 0 {
		start, w := i, 1
		for k := punyBase; ; k += punyBase {
			if s == "" {
				return "", false
			}
			c := s[0]
			s = s[1:]
			var d int
			switch {
			case c >= 'a' && c <= 'z':
				d = int(c - 'a')
			case isDigit(c):
				d = int(c-'0') + 26
			default:
				return "", false
			}
			if i += d * w; i > 1<<30 {
				return "", false
			}
			t := punyThreshold(k, bias)
			if d < t {
				break
			}
			if w *= punyBase - t; w > 1<<30 {
				return "", false
			}
		}
		bias = punyAdapt(i-start, len(out)+1, start == 0)
		n += rune(i / (len(out) + 1))
		if n > 0x10FFFF {
			return "", false
		}
		i %= len(out) + 1
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = n
		i++
	}
	return string(out), true
}

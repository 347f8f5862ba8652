package markdown

import "strings"

// Union returns a text with all words of a and of b, those that both have in
// common in the same order once. It is for two versions of a text whose common
// ancestor is not known: nothing that either says is missing, and what was
// deleted from one of them is back. Where one has a word that somebody was still
// typing in the other, the longer one stands for both.
func Union(a, b string) string {
	x, y := chunks(a), chunks(b)
	var u union
	at := 0
	for _, h := range diff(x, y) {
		u.put(x[at:h.a0])
		u.both(x[h.a0:h.a1], y[h.b0:h.b1])
		at = h.a1
	}
	u.put(x[at:])
	return u.String()
}

type union struct{ strings.Builder }

func (u *union) put(list []string) {
	for _, w := range list {
		u.WriteString(w)
	}
}

// nearWords is among how many words the longer form of one is looked for.
const nearWords = 64

// both writes what stands in one place of both texts.
func (u *union) both(x, y []string) {
	for i := 0; i < len(x); i++ {
		for j := 0; j < min(len(y), 2*nearWords); j++ {
			if !grown(x[i], y[j]) {
				continue
			}
			u.oneByOne(x[:i], y[:j])
			if len(x[i]) > len(y[j]) {
				u.WriteString(x[i])
			} else {
				u.WriteString(y[j])
			}
			x, y, i = x[i+1:], y[j+1:], -1
			break
		}
	}
	u.oneByOne(x, y)
}

func (u *union) oneByOne(x, y []string) {
	u.put(x)
	if len(x) > 0 && len(y) > 0 && !blank(x[len(x)-1]) && !blank(y[0]) {
		u.WriteByte(' ')
	}
	u.put(y)
}

// grown reports whether one of two words is the other with something typed into
// it.
func grown(a, b string) bool {
	if blank(a) || blank(b) {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	from := 0
	for from < len(a) && a[from] == b[from] {
		from++
	}
	return strings.HasSuffix(b, a[from:])
}

func blank(chunk string) bool { return chunk == " " || chunk == "\n" }

// chunks cuts a text into words, spaces and line ends.
func chunks(s string) (list []string) {
	for len(s) > 0 {
		n := strings.IndexAny(s, " \n")
		switch n {
		case -1:
			n = len(s)
		case 0:
			n = 1
		}
		list, s = append(list, s[:n]), s[n:]
	}
	return list
}

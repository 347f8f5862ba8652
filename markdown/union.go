package markdown

import "strings"

// Union returns a text with all words of a and of b, those that both have in
// common in the same order once. It is for two versions of a text whose common
// ancestor is not known: nothing that either says is missing, and what was
// deleted from one of them is back. Where one has a word that somebody was still
// typing in the other, the longer one stands for both.
func Union(a, b string) string {
	x, y := cutWords(a), cutWords(b)
	var u union
	i, j := 0, 0
	for _, h := range diff(x.list, y.list) {
		for ; i < h.a0; i, j = i+1, j+1 {
			gap := x.gaps[i]
			if i == h.a0-1 && h.a0 == h.a1 {
				gap = y.gaps[j] // what follows stands only in b
			}
			u.put(x.list[i], gap)
		}
		u.both(x.part(h.a0, h.a1), y.part(h.b0, h.b1))
		i, j = h.a1, h.b1
	}
	u.all(x.part(i, len(x.list)))
	return u.String()
}

// spaced is the words of a text and the blanks behind each.
type spaced struct{ list, gaps []string }

func cutWords(s string) (w spaced) {
	const blanks = " \n"
	for len(s) > 0 {
		n := strings.IndexAny(s, blanks)
		if n < 0 {
			n = len(s)
		}
		gap := s[n:]
		gap = gap[:len(gap)-len(strings.TrimLeft(gap, blanks))]
		w.list, w.gaps = append(w.list, s[:n]), append(w.gaps, gap)
		s = s[n+len(gap):]
	}
	return w
}

func (w spaced) part(from, to int) spaced { return spaced{w.list[from:to], w.gaps[from:to]} }

type union struct{ strings.Builder }

func (u *union) put(word, gap string) {
	if u.Len() > 0 && word != "" {
		if s := u.String(); s[len(s)-1] != ' ' && s[len(s)-1] != '\n' {
			u.WriteByte(' ')
		}
	}
	u.WriteString(word)
	u.WriteString(gap)
}

func (u *union) all(w spaced) {
	for i := range w.list {
		u.put(w.list[i], w.gaps[i])
	}
}

// nearWords is among how many words the longer form of one is looked for.
const nearWords = 128

// both writes what stands in one place of both texts.
func (u *union) both(x, y spaced) {
	for i := 0; i < len(x.list); i++ {
		for j := range min(len(y.list), nearWords) {
			if !grown(x.list[i], y.list[j]) {
				continue
			}
			u.all(x.part(0, i))
			u.all(y.part(0, j))
			if len(x.list[i]) > len(y.list[j]) {
				u.put(x.list[i], x.gaps[i])
			} else {
				u.put(y.list[j], y.gaps[j])
			}
			x, y, i = x.part(i+1, len(x.list)), y.part(j+1, len(y.list)), -1
			break
		}
	}
	u.all(x)
	u.all(y)
}

// grown reports whether one of two words is the other with something typed into
// it.
func grown(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	from := 0
	for from < len(a) && a[from] == b[from] {
		from++
	}
	return strings.HasSuffix(b, a[from:])
}

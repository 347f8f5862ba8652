package markdown

import "strings"

// Union returns a text with all words of a and of b, those that both have in
// common in the same order once. It is for two versions of a text whose common
// ancestor is not known: nothing that either says is missing, and what was
// deleted from one of them is back.
func Union(a, b string) string {
	x, y := chunks(a), chunks(b)
	var out strings.Builder
	put := func(list []string) {
		for _, w := range list {
			out.WriteString(w)
		}
	}
	at := 0
	for _, h := range diff(x, y) {
		put(x[at:h.a1])
		if h.a0 < h.a1 && h.b0 < h.b1 && !blank(x[h.a1-1]) && !blank(y[h.b0]) {
			out.WriteByte(' ') // one for the other: both stay
		}
		put(y[h.b0:h.b1])
		at = h.a1
	}
	put(x[at:])
	return out.String()
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

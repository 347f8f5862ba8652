package markdown

import "strings"

// style is how a text writes what Markdown lets one write in several ways. New
// and edited blocks follow it, so that a record keeps one hand.
type style struct {
	eol       string // line ending
	bullet    byte   // - * +
	delimiter byte   // . or ) behind a number
	loose     bool   // blank lines between list items
	em        byte   // * or _
	strong    byte   // * or _
	fence     byte   // ` or ~
	rule      string // a thematic break
	setext    bool   // headings of level 1 and 2 are underlined
	closing   bool   // # headings end with # signs
	spaces    bool   // hard breaks are two spaces, not a backslash
	wrap      int    // longest line of wrapped paragraphs, 0 = not wrapped
}

// defaultStyle is that of the existing serializer, except that lists are tight.
var defaultStyle = style{eol: "\n", bullet: '*', delimiter: '.', em: '*', strong: '*', fence: '`', rule: "---"}

// detectStyle takes the majority of what the text does, the default where it
// does nothing.
func detectStyle(text string, doc *Node) style {
	s := defaultStyle
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		s.eol = "\r\n"
	} else if i < 0 && strings.IndexByte(text, '\r') >= 0 {
		s.eol = "\r"
	}
	v := votes{text: text}
	v.visit(doc)
	s.bullet = v.bullet.winner(s.bullet)
	s.delimiter = v.delimiter.winner(s.delimiter)
	s.em = v.em.winner(s.em)
	s.strong = v.strong.winner(s.strong)
	s.fence = v.fence.winner(s.fence)
	s.loose = v.loose > v.tight
	s.setext = v.setext > v.atx
	s.closing = v.closing > (v.atx - v.closing)
	s.spaces = v.spaces > v.backslashes
	if v.rule != "" {
		s.rule = v.rule
	}
	s.wrap = v.wrapColumn()
	return s
}

// ballot counts how often each of a few bytes is used.
type ballot [128]int32

func (b *ballot) winner(byDefault byte) byte {
	best := byDefault
	for c := range b {
		if b[c] > b[best] {
			best = byte(c)
		}
	}
	return best
}

type votes struct {
	text                                 string
	bullet, delimiter, em, strong, fence ballot
	loose, tight                         int
	atx, setext, closing                 int
	spaces, backslashes                  int
	rule                                 string
	wrapped                              [][2]int // length of a line that is followed by another, the same with the next word
}

func (v *votes) visit(n *Node) {
	for i, c := range n.Content {
		if c.src == (span{}) {
			continue
		}
		raw := v.text[c.src.start:c.src.end]
		switch c.Type {
		case typeHeading:
			v.heading(raw)
		case typeRule:
			if v.rule == "" {
				v.rule = raw
			}
		case typeCodeBlock:
			if raw != "" && (raw[0] == '`' || raw[0] == '~') {
				v.fence[raw[0]]++
			}
		case typeListItem:
			v.item(n, i, raw)
		case typeParagraph:
			v.paragraph(c, raw)
		}
		v.visit(c)
	}
}

func (v *votes) heading(raw string) {
	if raw == "" || raw[0] != '#' {
		v.setext++
		return
	}
	v.atx++
	if strings.HasSuffix(strings.TrimRight(raw, " \t"), "#") && strings.Trim(raw, "# \t") != "" {
		v.closing++
	}
}

func (v *votes) item(list *Node, i int, raw string) {
	if d := strings.TrimLeft(raw, "0123456789"); len(d) < len(raw) && d != "" {
		v.delimiter[d[0]]++
	} else if raw != "" && raw[0] < 0x80 {
		v.bullet[raw[0]]++
	}
	if i > 0 {
		if blankBetween(v.text, list.Content[i-1], list.Content[i]) {
			v.loose++
		} else {
			v.tight++
		}
	}
}

// blankBetween reports whether a blank line stands between two blocks.
func blankBetween(text string, a, b *Node) bool {
	return a.src.end <= b.src.start && lineBreaks(text[a.src.end:b.src.start]) > 1
}

// lineBreaks counts line endings of any kind.
func lineBreaks(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\n' || s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n') {
			n++
		}
	}
	return n
}

func (v *votes) paragraph(n *Node, raw string) {
	for _, c := range n.Content {
		for _, m := range c.Marks {
			switch m.Type {
			case markEm:
				v.countMark(&v.em, raw, "*", "_")
			case markStrong:
				v.countMark(&v.strong, raw, "**", "__")
			}
		}
		if c.Type == typeHardBreak {
			if strings.Contains(raw, "\\\n") || strings.Contains(raw, "\\\r") {
				v.backslashes++
			} else {
				v.spaces++
			}
		}
	}
	for from := 0; ; {
		i := strings.IndexByte(raw[from:], '\n')
		if i < 0 {
			return
		}
		line, next := raw[from:from+i], raw[from+i+1:]
		word, _, _ := strings.Cut(strings.TrimLeft(next, " \t>"), " ")
		word, _, _ = strings.Cut(word, "\n")
		length := runeCount(strings.TrimRight(line, " \t\r"))
		v.wrapped = append(v.wrapped, [2]int{length, length + 1 + runeCount(strings.TrimRight(word, "\r"))})
		from += i + 1
	}
}

// countMark votes for the sign that occurs in the text, where only one does.
func (v *votes) countMark(b *ballot, raw, star, underscore string) {
	stars, underscores := strings.Contains(raw, star), strings.Contains(raw, underscore)
	if stars && !underscores {
		b['*']++
	} else if underscores && !stars {
		b['_']++
	}
}

// wrapColumn returns the column at which paragraphs are wrapped: the longest
// line, provided that nearly every line is as long as it could be. Texts with
// a line for each sentence or clause are not wrapped in that sense.
func (v *votes) wrapColumn() int {
	if len(v.wrapped) < 3 {
		return 0
	}
	column := 0
	for _, w := range v.wrapped {
		column = max(column, w[0])
	}
	full := 0
	for _, w := range v.wrapped {
		if w[1] > column {
			full++
		}
	}
	if column < 40 || column > 200 || full*5 < len(v.wrapped)*4 {
		return 0
	}
	return column
}

func runeCount(s string) (n int) {
	for range s {
		n++
	}
	return n
}

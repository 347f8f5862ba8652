package markdown

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// carefulWriter writes inline content so that it surely reads back, for the places where the
// existing serializer's form does not.
type carefulWriter struct {
	out    []byte
	ps     []piece
	at     place
	care   int  // 2: keep delimiters apart from letters everywhere
	em     byte // delimiter of emphasis
	stack  []openMark
	line   bool // at the start of a line
	first  bool // of the first line
	closed bool // right after a delimiter that must be seen as a closing one
}

type openMark struct {
	kind byte // 'l' link, 'e' em, 's' strong
	link *linkTarget
}

func (w *inlineWriter) careful(ps []piece, at place, care int) {
	c := carefulWriter{out: w.out, ps: ps, at: at, care: care, em: '*', line: at == inBlock, first: true}
	for i := range ps {
		if ps[i].strong {
			c.em = '_' // one kind of delimiter each: runs never melt together
		}
	}
	for i := range ps {
		c.marks(i)
		c.piece(i)
	}
	space := c.takeSpace(len(ps))
	c.close(0)
	w.out = append(c.out, space...)
}

func (p *piece) has(m openMark) bool {
	switch m.kind {
	case 'e':
		return p.em
	case 's':
		return p.strong
	}
	return sameTarget(p.link, m.link)
}

// marks closes and opens what has to be before piece i.
func (c *carefulWriter) marks(i int) {
	p := &c.ps[i]
	keep := 0
	for keep < len(c.stack) && p.has(c.stack[keep]) {
		keep++
	}
	if keep < len(c.stack) {
		space := c.takeSpace(i)
		c.close(keep)
		if len(space) > 0 {
			c.out = append(c.out, space...)
			c.closed = false
		}
	}
	if p.space || p.atom != nil && p.atom.Type != typeImage {
		return
	}
	var missing []openMark
	for _, m := range [...]openMark{{'l', p.link}, {'e', nil}, {'s', nil}} {
		if m.kind == 'l' && p.link == nil || m.kind != 'l' && p.atom != nil || !p.has(m) || slices.ContainsFunc(c.stack, func(o openMark) bool { return o.kind == m.kind }) {
			continue
		}
		missing = append(missing, m)
	}
	if len(missing) == 0 {
		return
	}
	extent := func(m openMark) int {
		n := i
		for n < len(c.ps) && n < i+64 && c.ps[n].has(m) {
			n++
		}
		return n
	}
	slices.SortStableFunc(missing, func(a, b openMark) int { return extent(b) - extent(a) })
	if p.atom == nil && !p.code && !p.raw {
		// White space stands before the marks it begins.
		rest := strings.TrimLeftFunc(p.text, isJSSpace)
		if space := p.text[:len(p.text)-len(rest)]; space != "" && rest != "" {
			c.out = append(c.out, space...)
			p.text = rest
			c.closed, c.line = false, false
		}
	}
	for _, m := range missing {
		c.open(m, i)
	}
}

// takeSpace takes white space off the end of the text before piece i, to put it behind the
// marks that end there.
func (c *carefulWriter) takeSpace(i int) []byte {
	if i == 0 {
		return nil
	}
	if p := &c.ps[i-1]; p.atom != nil || p.code || p.raw {
		return nil
	}
	rest := bytes.TrimRightFunc(c.out, isInlineSpace)
	space := bytes.Clone(c.out[len(rest):])
	c.out = rest
	return space
}

func (c *carefulWriter) open(m openMark, i int) {
	if m.kind == 'l' {
		c.bang()
		c.out = append(c.out, '[')
	} else {
		r, _ := utf8.DecodeLastRune(c.out)
		if len(c.out) > 0 && !isPunctRune(r) && !isInlineSpace(r) && (c.care == 2 || m.kind == 'e' && c.em == '_' || !c.letterFirst(i)) {
			c.encodeLast(r)
		}
		c.delim(m)
	}
	c.stack = append(c.stack, m)
	c.line, c.closed = false, false
}

// letterFirst reports whether piece i begins with neither punctuation nor another mark.
func (c *carefulWriter) letterFirst(i int) bool {
	p := &c.ps[i]
	if p.atom != nil || p.code || p.raw || p.link != nil || p.text == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(p.text)
	return !isPunctRune(r) && !isInlineSpace(r)
}

func (c *carefulWriter) delim(m openMark) {
	if m.kind == 'e' {
		c.out = append(c.out, c.em)
	} else {
		c.out = append(c.out, "**"...)
	}
}

// bang keeps an exclamation mark from making an image of a bracket.
func (c *carefulWriter) bang() {
	if n := len(c.out); n > 0 && c.out[n-1] == '!' {
		c.out = append(c.out[:n-1], "\\!"...)
	}
}

// close closes all open marks above keep.
func (c *carefulWriter) close(keep int) {
	for len(c.stack) > keep {
		m := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if m.kind == 'l' {
			c.target(m.link.href, m.link.title)
			c.closed = false
			continue
		}
		r, _ := utf8.DecodeLastRune(c.out)
		c.closed = c.care == 2 || m.kind == 'e' && c.em == '_' || isPunctRune(r)
		c.delim(m)
	}
}

// encodeLast writes the last character as a numeric entity, which counts as punctuation.
func (c *carefulWriter) encodeLast(r rune) {
	c.out = c.out[:len(c.out)-utf8.RuneLen(r)]
	c.entity(r)
}

func (c *carefulWriter) entity(r rune) {
	c.out = append(c.out, "&#"...)
	c.out = strconv.AppendInt(c.out, int64(r), 10)
	c.out = append(c.out, ';')
}

func (c *carefulWriter) piece(i int) {
	p := &c.ps[i]
	switch {
	case p.code:
		c.code(p.text)
	case p.raw:
		if p.text[0] == '[' {
			c.bang()
		}
		if c.line && !c.first {
			c.out = append(c.out, "    "...) // a line so far in begins no block
		}
		c.out = append(c.out, p.text...)
	case p.atom == nil:
		c.text(p.text, i == len(c.ps)-1)
	case p.isBreak():
		if c.at == inBlock {
			c.out = append(c.out, "\\\n"...)
			c.line, c.first, c.closed = true, false, false
			return
		}
		c.out = append(c.out, "<br>"...)
	case p.atom.Type == typeImage:
		c.out = append(c.out, "!["...)
		line, first, closed := c.line, c.first, c.closed
		c.line, c.closed = false, false
		c.text(attrString(p.atom.Attrs, "alt"), false)
		c.line, c.first, c.closed = line, first, closed
		c.target(attrString(p.atom.Attrs, "src"), attrString(p.atom.Attrs, "title"))
	default:
		c.out = appendCivicRef(c.out, p.atom, true)
	}
	c.line, c.closed = false, false
}

// text escapes text. last says that nothing follows in the block.
func (c *carefulWriter) text(s string, last bool) {
	line := c.line
	number := line
	for i, r := range s {
		if i == 0 && c.closed && !isPunctRune(r) && !isInlineSpace(r) {
			c.entity(r)
			number, line = false, false
			continue
		}
		escape := false
		rest := s[i+utf8.RuneLen(r):]
		switch r {
		case '\\', '`', '*', '[', ']', '~':
			escape = true
		case '_':
			// Inside of a word it means nothing; the ends of a text may become entities.
			escape = c.em == '_' || i < 2 || len(rest) < 2 || !isWord(s[i-1]) || !isWord(rest[0]) || s[i-1] == '_' || rest[0] == '_'
		case '<':
			escape = rest == "" && !last || rest != "" && (isLetter(rest[0]) || strings.IndexByte("/!?", rest[0]) >= 0)
		case '&':
			_, n := entity(s[i:], 8)
			escape = n > 0 || rest == "" && !last
		case '>', '-', '=':
			escape = line
		case '+':
			escape = line && spaceFirst(rest)
		case '|', ':':
			escape = line && !c.first
		case '#':
			escape = line || last && rest == "" && c.at == inHeading
		case '(':
			escape = i == 0 && len(c.out) > 0 && c.out[len(c.out)-1] == ']' // not a link
		case '.', ')':
			escape = number && i > 0 && spaceFirst(rest)
		}
		if escape {
			c.out = append(c.out, '\\')
		}
		c.out = utf8.AppendRune(c.out, r)
		line = false
		number = number && r >= '0' && r <= '9'
	}
}

func spaceFirst(s string) bool { return s == "" || isSpace(s[0]) }

func (c *carefulWriter) code(s string) {
	ticks := longerThan(s, '`', 1)
	pad := len(ticks) > 1 || len(s) > 2 && s[0] == ' ' && s[len(s)-1] == ' '
	c.out = append(c.out, ticks...)
	if pad {
		c.out = append(c.out, ' ')
	}
	c.out = append(c.out, s...)
	if pad {
		c.out = append(c.out, ' ')
	}
	c.out = append(c.out, ticks...)
}

func (c *carefulWriter) target(href, title string) {
	c.out = append(c.out, "]("...)
	if href == "" && title != "" {
		c.out = append(c.out, "<>"...)
	}
	for i := 0; i < len(href); i++ {
		_, entity := entity(href[i:], 8)
		if strings.IndexByte(`()\`, href[i]) >= 0 || href[i] == '&' && entity > 0 {
			c.out = append(c.out, '\\')
		}
		c.out = append(c.out, href[i])
	}
	if title != "" {
		c.out = append(c.out, ` "`...)
		for i := 0; i < len(title); i++ {
			switch title[i] {
			case '"', '\\', '&':
				c.out = append(c.out, '\\', title[i])
			case '\n', '\r', '<', '`':
				c.entity(rune(title[i]))
			default:
				c.out = append(c.out, title[i])
			}
		}
		c.out = append(c.out, '"')
	}
	c.out = append(c.out, ')')
}

// appendCivicRef writes a reference as the existing editor does, or in our own form where
// that would not read back. careful keeps it on one line.
func appendCivicRef(dst []byte, n *Node, careful bool) []byte {
	ref := civicRef{attrText(n, "refType"), attrText(n, "id"), attrText(n, "label")}
	s := ref.comment(escapeUsual, escapeUsual)
	got, size := parseCivicRef(s)
	if ref.id == "" || ref.typ == "" || size == len(s) && unescapeID.Replace(got.id) == ref.id &&
		unescapeLabel.Replace(got.label) == ref.label && (!careful || strings.IndexByte(s, '\n') < 0) {
		return append(dst, s...)
	}
	return append(dst, ref.comment(escapeOwnID, escapeOwnLabel)...)
}

func (r civicRef) comment(id, label *strings.Replacer) string {
	return civicRefOpen + ` type="` + escapeUsual.Replace(r.typ) + `" id="` + id.Replace(r.id) + `" label="` + label.Replace(r.label) + `"-->`
}

var (
	escapeUsual    = strings.NewReplacer(`"`, "&quot;", "--", "&#45;&#45;")
	escapeOwnID    = strings.NewReplacer(`"`, "&#34;", "--", "&#45;&#45;", "\n", "&#10;", "\r", "&#10;", "&#", "&#38;#")
	escapeOwnLabel = strings.NewReplacer(`"`, "&quot;", "--", "&#45;&#45;", "\n", "&#10;", "\r", "&#10;", "&#", "&#38;#", "&quot;", "&#38;quot;")
)

func itoa(n int) string { return strconv.Itoa(n) }

func splitLines(s string) []string { return strings.Split(normalLines(s), "\n") }

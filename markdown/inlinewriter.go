package markdown

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// place is where inline content stands.
type place uint8

const (
	inBlock place = iota
	inHeading
	inCell
)

// inlineWriter writes inline content. It first writes as the existing serializer does, reads
// that back, and only if the content changed writes it in the careful way.
type inlineWriter struct {
	out    []byte
	parser parser
	active []Mark

	em, strong byte // emphasis signs; 0 = the existing serializer's
	spaces     bool // a hard break is two spaces instead of a backslash
}

func orDefault(c, byDefault byte) byte {
	if c == 0 {
		return byDefault
	}
	return c
}

// render returns the Markdown of inline content. The result is valid until the next call.
func (w *inlineWriter) render(nodes []*Node, at place) []byte {
	w.out = w.out[:0]
	if plainText(nodes, at) {
		w.out = appendEscaped(w.out, nodes[0].Text, at != inHeading)
		return w.trim(at)
	}
	if len(nodes) == 0 {
		return w.out
	}
	w.usual(nodes, at)
	out := w.trim(at)
	if simple(nodes, at) {
		return out
	}
	strict := normalInline(nodes, at, true)
	want := normalInline(nodes, at, false)
	if w.readsBack(out, want, at) && !tabIndented(out) {
		return out
	}
	for care := 1; care <= 2; care++ {
		w.out = w.out[:0]
		w.careful(slices.Clone(strict), at, care)
		if out = w.trim(at); w.readsBack(out, want, at) {
			return out
		}
	}
	if at == inBlock && strict[0].raw && (&parser{}).standsAlone(string(out), 0) {
		return out // HTML at the start is read as a block of HTML, which says the same
	}
	for i := range strict {
		strict[i].raw = false
	}
	w.out = w.out[:0]
	w.careful(strict, at, 2)
	return w.trim(at)
}

// tabIndented reports whether a line after the first begins with a tab, whose width depends on
// the containers around.
func tabIndented(s []byte) bool {
	for {
		i := bytes.IndexByte(s, '\n')
		if i < 0 {
			return false
		}
		s = bytes.TrimLeft(s[i+1:], " ")
		if len(s) > 0 && s[0] == '\t' {
			return true
		}
	}
}

func (w *inlineWriter) trim(at place) []byte {
	if at != inCell {
		return w.out
	}
	for i, c := range w.out {
		if c == '\n' || c == '\r' {
			w.out[i] = ' '
		}
	}
	return bytes.TrimFunc(w.out, isJSSpace)
}

// plainText reports whether the content is one text that surely reads back.
func plainText(nodes []*Node, at place) bool {
	if len(nodes) != 1 || nodes[0].Type != typeText || len(nodes[0].Marks) > 0 {
		return false
	}
	s := nodes[0].Text
	if !safeStart(s, at) {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\n', '\r', '<', '&', '_', 0:
			return false
		case '#':
			if at == inHeading {
				return false
			}
		}
	}
	return true
}

// readsBack reports whether the Markdown reads back as the content.
func (w *inlineWriter) readsBack(out []byte, want []piece, at place) bool {
	p := &w.parser
	*p = parser{saved: p.saved[:0], stack: p.stack[:0], pending: p.pending[:0], inl: p.inl, lines: p.lines[:0]}
	text := string(out)
	switch at {
	case inHeading:
		text = "# " + text
	case inCell:
		if text != trimJS(text) {
			return false
		}
		n := &Node{Type: typeParagraph}
		p.src, p.dirty = text, true
		if text != "" {
			p.readInline(&pending{node: n, text: text, oneLine: true})
		}
		return samePieces(normalInline(n.Content, at, false), want)
	}
	doc, err := p.parse(text, 0)
	if err != nil || len(doc.Content) != 1 {
		return false
	}
	n := doc.Content[0]
	if at == inHeading && n.Type != typeHeading || at == inBlock && n.Type != typeParagraph {
		return false
	}
	return samePieces(normalInline(n.Content, at, false), want)
}

// usual writes inline content as the existing serializer does.
func (w *inlineWriter) usual(nodes []*Node, at place) {
	blockStart := at != inHeading
	w.active = w.active[:0]
	trailing := ""
	for i := 0; i <= len(nodes); i++ {
		var n *Node
		var marks []Mark
		if i < len(nodes) {
			n = nodes[i]
			marks = n.Marks
			if n.Type == typeHardBreak {
				marks = breakMarks(nodes, i)
			}
		}
		leading := trailing
		trailing = ""
		text := ""
		if n != nil && n.Type == typeText {
			text = n.Text
			if w.expels(marks, func(m Mark) bool { return !hasSame(w.active, m) }) {
				if lead := leadingSpace(text); lead != "" {
					leading += lead
					if text = restOfLine(text[len(lead):]); text == "" {
						n, marks = nil, w.active
					}
				}
			}
			if n != nil && w.expels(marks, func(m Mark) bool { return !markAhead(nodes, i+1, m) }) {
				if rest, trail := splitTrailing(text); trail != "" {
					trailing = trail
					if text = rest; text == "" {
						n, marks = nil, w.active
					}
				}
			}
		}
		code := len(marks) > 0 && marks[len(marks)-1].Type == markCode
		size := len(marks)
		if code {
			size--
		}
		marks = w.reorder(marks, size)
		keep := 0
		for keep < min(len(w.active), size) && sameMark(marks[keep], w.active[keep]) {
			keep++
		}
		for len(w.active) > keep {
			m := w.active[len(w.active)-1]
			w.active = w.active[:len(w.active)-1]
			w.closeMark(m, nodes, i)
		}
		if leading != "" {
			w.text(leading, blockStart)
		}
		if n == nil {
			continue
		}
		for len(w.active) < size {
			m := marks[len(w.active)]
			w.active = append(w.active, m)
			w.openMark(m, nodes, i)
			blockStart = false
		}
		switch n.Type {
		case typeText:
			switch {
			case code:
				w.codeSpan(text)
			case w.inAutolink(nodes, i):
				w.out = append(w.out, text...)
			default:
				w.text(text, blockStart)
			}
		case typeHardBreak:
			if at == inCell {
				w.out = append(w.out, "<br>"...)
			} else if moreThanBreaks(nodes[i+1:]) {
				if w.spaces {
					w.out = append(w.out, "  \n"...)
				} else {
					w.out = append(w.out, "\\\n"...)
				}
			}
		case typeImage:
			w.out = append(w.out, "!["...)
			w.out = appendEscaped(w.out, attrString(n.Attrs, "alt"), false)
			w.target(attrString(n.Attrs, "src"), attrString(n.Attrs, "title"), "()")
		case typeCivicRef:
			w.out = appendCivicRef(w.out, n, false)
		}
		blockStart = false
	}
}

// text adds escaped text, line by line.
func (w *inlineWriter) text(s string, blockStart bool) {
	for more := true; more; {
		var line string
		line, s, more = strings.Cut(s, "\n")
		w.out = appendEscaped(w.out, line, blockStart)
		if more {
			w.out = append(w.out, '\n')
		}
	}
}

func (w *inlineWriter) expels(marks []Mark, which func(Mark) bool) bool {
	for _, m := range marks {
		if (m.Type == markEm || m.Type == markStrong) && which(m) {
			return true
		}
	}
	return false
}

// breakMarks drops the marks that end at a line break.
func breakMarks(nodes []*Node, i int) (kept []Mark) {
	if i+1 == len(nodes) {
		return nil
	}
	next := nodes[i+1]
	for _, m := range nodes[i].Marks {
		if hasSame(next.Marks, m) && (next.Type != typeText || trimJS(next.Text) != "") {
			kept = append(kept, m)
		}
	}
	return kept
}

func hasSame(marks []Mark, m Mark) bool {
	for i := range marks {
		if sameMark(marks[i], m) {
			return true
		}
	}
	return false
}

func sameMark(a, b Mark) bool { return a.Type == b.Type && sameAttrs(a.Attrs, b.Attrs) }

func markAhead(nodes []*Node, i int, m Mark) bool {
	for ; i < len(nodes); i += 2 { // the existing serializer looks at every other node
		if nodes[i].Type != typeHardBreak {
			return hasSame(nodes[i].Marks, m)
		}
	}
	return false
}

func moreThanBreaks(nodes []*Node) bool {
	for _, n := range nodes {
		if n.Type != typeHardBreak {
			return true
		}
	}
	return false
}

func leadingSpace(s string) string {
	return s[:len(s)-len(strings.TrimLeftFunc(s, isJSSpace))]
}

// restOfLine is what the existing serializer keeps of text after expelling space.
func restOfLine(s string) string {
	if i := strings.IndexAny(s, "\n\r\u2028\u2029"); i >= 0 {
		return s[:i]
	}
	return s
}

// splitTrailing cuts the white space at the end of the first line.
func splitTrailing(s string) (rest, trail string) {
	rest = strings.TrimRightFunc(s, isJSSpace)
	return rest, s[len(rest):]
}

// reorder puts mixable marks in the order in which they are open.
func (w *inlineWriter) reorder(marks []Mark, size int) []Mark {
	copied := false
outer:
	for i := 0; i < size; i++ {
		if marks[i].Type == markCode {
			break
		}
		for j, other := range w.active {
			if other.Type == markCode {
				break
			}
			if !sameMark(marks[i], other) {
				continue
			}
			if i != j && j < size {
				if !copied {
					marks, copied = append([]Mark(nil), marks...), true
				}
				m := marks[i]
				if i > j {
					copy(marks[j+1:i+1], marks[j:i])
				} else {
					copy(marks[i:j], marks[i+1:j+1])
				}
				marks[j] = m
			}
			continue outer
		}
	}
	return marks
}

func (w *inlineWriter) openMark(m Mark, nodes []*Node, i int) {
	switch m.Type {
	case markEm:
		w.out = append(w.out, orDefault(w.em, '*'))
	case markStrong:
		c := orDefault(w.strong, '*')
		w.out = append(w.out, c, c)
	case markLink:
		if isPlainURL(m, nodes, i) {
			w.out = append(w.out, '<')
			return
		}
		if attrString(m.Attrs, "href") == rawHref {
			return
		}
		if n := len(w.out); n > 0 && w.out[n-1] == '!' && (n == 1 || w.out[n-2] != '\\') {
			w.out = append(w.out[:n-1], "\\!"...)
		}
		w.out = append(w.out, '[')
	}
}

func (w *inlineWriter) closeMark(m Mark, nodes []*Node, i int) {
	switch m.Type {
	case markEm:
		w.out = append(w.out, orDefault(w.em, '*'))
	case markStrong:
		c := orDefault(w.strong, '*')
		w.out = append(w.out, c, c)
	case markLink:
		href := attrString(m.Attrs, "href")
		if href == rawHref {
			return
		}
		if i > 0 && isPlainURL(m, nodes, i-1) {
			w.out = append(w.out, '>')
			return
		}
		w.target(href, attrString(m.Attrs, "title"), `()"`)
	}
}

// inAutolink reports whether text i is written as a link in angle brackets, or raw.
func (w *inlineWriter) inAutolink(nodes []*Node, i int) bool {
	for _, m := range nodes[i].Marks {
		if m.Type == markLink {
			return attrString(m.Attrs, "href") == rawHref || isPlainURL(m, nodes, i)
		}
	}
	return false
}

// isPlainURL reports whether a link shows just its target.
func isPlainURL(m Mark, nodes []*Node, i int) bool {
	href := attrString(m.Attrs, "href")
	n := nodes[i]
	if attrString(m.Attrs, "title") != "" || n.Type != typeText || n.Text != href || !hasScheme(href) {
		return false
	}
	if len(n.Marks) == 0 || !sameMark(n.Marks[len(n.Marks)-1], m) {
		return false
	}
	return i == len(nodes)-1 || !hasSame(nodes[i+1].Marks, m)
}

// hasScheme reports whether s begins with word characters and a colon.
func hasScheme(s string) bool {
	i := 0
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return i > 0 && i < len(s) && s[i] == ':'
}

func isWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// target adds the part of a link or image after its text.
func (w *inlineWriter) target(href, title, escape string) {
	w.out = append(w.out, "]("...)
	w.out = appendBackslashed(w.out, href, escape)
	if title != "" {
		w.out = append(w.out, ` "`...)
		w.out = appendBackslashed(w.out, title, `"`)
		w.out = append(w.out, '"')
	}
	w.out = append(w.out, ')')
}

func appendBackslashed(dst []byte, s, chars string) []byte {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(chars, s[i]) >= 0 {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return dst
}

// codeSpan adds a code span, in as many backticks as it needs.
func (w *inlineWriter) codeSpan(text string) {
	ticks := longerThan(text, '`', 1)
	pad := len(ticks) > 1
	w.out = append(w.out, ticks...)
	if pad {
		w.out = append(w.out, ' ')
	}
	w.out = append(w.out, text...)
	if pad {
		w.out = append(w.out, ' ')
	}
	w.out = append(w.out, ticks...)
}

// appendEscaped escapes a line of text as the existing serializer does.
func appendEscaped(dst []byte, s string, lineStart bool) []byte {
	start := len(dst)
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '_':
			if i > 0 && i+1 < len(s) && isWord(s[i-1]) && isWord(s[i+1]) {
				continue
			}
		case '`', '*', '\\', '~', '[', ']':
		default:
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, '\\')
		from = i
	}
	dst = append(dst, s[from:]...)
	if !lineStart || start == len(dst) {
		return dst
	}
	line := dst[start:]
	insert := -1
	space := len(line) - len(bytes.TrimLeftFunc(line, isJSSpace))
	rest := line[space:]
	switch c := line[0]; {
	case c == '-' || c == '>', c == '+' && len(line) > 1 && line[1] == ' ':
		insert = 0
	case len(rest) > 0 && rest[0] == '#':
		n := 0
		for n < len(rest) && rest[n] == '#' {
			n++
		}
		if n <= 6 && (n == len(rest) || leadingSpace(string(rest[n:min(len(rest), n+4)])) != "") {
			insert = space
		}
	case len(rest) > 0 && isDigit(rest[0]):
		n := 0
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if n+1 < len(rest) && rest[n] == '.' {
			if lead := leadingSpace(string(rest[n+1 : min(len(rest), n+5)])); lead != "" {
				_, size := utf8.DecodeRuneInString(lead)
				tail := string(rest[n+1+size:])
				dst = append(dst[:start+space+n], "\\. "...)
				return append(dst, tail...)
			}
		}
	}
	if insert >= 0 {
		dst = append(dst, 0)
		copy(dst[start+insert+1:], dst[start+insert:])
		dst[start+insert] = '\\'
	}
	return dst
}

package markdown

import (
	"strings"

	"github.com/yuin/goldmark/util"
)

// definition reads a link definition. It makes no node: links carry their targets.
func (p *parser) definition(start int32) bool {
	s := p.src[p.lines[start].first:p.lines[start].end]
	// Most lines that begin with a bracket are decided by themselves.
	label := labelEnd(s)
	if label == -2 || label >= 0 && (label+1 >= len(s) || s[label+1] != ':') {
		return false
	}
	d := definitionReader{p: p, next: start + 1, text: s}
	for label < 0 {
		if !d.more() {
			return false
		}
		if label = labelEnd(d.text); label == -2 {
			return false
		}
	}
	if label+1 >= len(d.text) || d.text[label+1] != ':' {
		return false
	}

	pos := d.space(label + 2)
	dest, pos, ok := linkDestination(d.text, pos)
	if !ok {
		return false
	}
	href := normalizeLink(p.text(dest))
	if !validLink(href) {
		return false
	}
	afterDest := pos

	title := ""
	gap := d.space(pos)
	if gap < len(d.text) && gap != pos {
		for {
			t, n, state := linkTitle(d.text, gap)
			if state == titleOpen && d.more() {
				continue
			}
			if state == titleClosed {
				title, pos = t, n
			}
			break
		}
	}
	if rest := skipSpaces(d.text, int32(pos), int32(len(d.text))); pos != afterDest && !d.atEnd(rest) {
		title, pos = "", afterDest // what looked like a title is not one
	}
	if !d.atEnd(skipSpaces(d.text, int32(pos), int32(len(d.text)))) {
		return false
	}
	name := p.text(d.text[1:label])
	if len(name) > 1 && name[0] == '^' {
		return false // a footnote
	}
	key := labelKey(name)
	if key == "" {
		return false
	}
	if p.refs == nil {
		p.refs = make(map[string]reference)
	}
	if _, ok := p.refs[key]; !ok {
		p.refs[key] = reference{href: href, title: p.text(title)}
	}
	p.line = start + 1 + int32(strings.Count(d.text[:pos], "\n"))
	p.defs = append(p.defs, span{p.lines[start].first, p.lines[p.line-1].end})
	return true
}

// definitionReader joins the lines of a paragraph as far as a definition needs them.
type definitionReader struct {
	p     *parser
	next  int32 // the first line that text lacks
	added int32 // lines added at last
	text  string
}

// more adds lines of the paragraph, twice as many each time: a definition may read its text
// again after each call and still takes linear time.
func (d *definitionReader) more() bool {
	p := d.p
	n := max(1, 2*d.added)
	var b strings.Builder
	b.WriteString(d.text)
	for d.added = 0; d.added < n; d.added++ {
		l := d.next
		if l >= p.lineMax || p.blank(l) {
			break
		}
		ln := &p.lines[l]
		if ln.indent-p.blk <= 3 && ln.indent >= 0 {
			old := p.inPara
			p.inPara = false
			stop := p.interrupts(l, p.lineMax, inParagraph)
			p.inPara = old
			if stop {
				break
			}
		}
		b.WriteByte('\n')
		b.WriteString(p.rest(l))
		d.next++
	}
	d.text = b.String()
	return d.added > 0
}

// space skips white space over line ends.
func (d *definitionReader) space(pos int) int {
	for {
		for pos < len(d.text) && (isSpace(d.text[pos]) || d.text[pos] == '\n') {
			pos++
		}
		if pos < len(d.text) || !d.more() {
			return pos
		}
	}
}

func (d *definitionReader) atEnd(pos int32) bool {
	return int(pos) >= len(d.text) || d.text[pos] == '\n'
}

// labelEnd returns the position of the bracket that closes the label s begins with, -1 if s
// ends before, -2 if there is none.
func labelEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '[':
			return -2
		case ']':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// labelKey is the form in which link labels are compared.
func labelKey(s string) string {
	s = trimJS(s)
	var b strings.Builder
	ascii := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x80 {
			ascii = false
			break
		}
		if isASCIISpace(c) {
			if i > 0 && isASCIISpace(s[i-1]) {
				continue
			}
			c = ' '
		} else if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	if ascii {
		return b.String()
	}
	return string(util.DoFullUnicodeCaseFolding([]byte(strings.Join(strings.FieldsFunc(s, isJSSpace), " "))))
}

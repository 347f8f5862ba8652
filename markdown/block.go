package markdown

import "strings"

// blocks reads the blocks that begin in lines [start, end) of the current container and
// leaves in p.line where the container ends.
func (p *parser) blocks(start, end int32) {
	for l := start; l < end; {
		for l < p.lineMax && p.blank(l) {
			l++
		}
		p.line = l
		if l >= end || p.lines[l].indent < p.blk || p.nodes.count > MaxNodes {
			break
		}
		p.block(l, end)
		l = p.line
		if l < end && p.blank(l) {
			l++
			p.line = l
		}
	}
}

// block reads one block. The order of the rules decides where several fit.
func (p *parser) block(l, end int32) {
	ln := &p.lines[l]
	if p.table(l, end) {
		return
	}
	if ln.indent-p.blk >= 4 {
		p.indentedCode(l, end)
		return
	}
	switch c := p.src[ln.first]; c {
	case '`', '~':
		if p.fence(l, end) {
			return
		}
	case '>':
		if p.depth >= MaxDepth {
			p.tooDeep(l, end)
		} else {
			p.quote(l, end)
		}
		return
	case '*', '-', '_', '+', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if isRule(p.rest(l)) {
			p.push(typeRule, ln.first).src.end = ln.end
			p.line = l + 1
			return
		}
		if m, ok := p.listMarker(l); ok {
			if p.depth >= MaxDepth {
				p.tooDeep(l, end)
			} else {
				p.list(l, end, m)
			}
			return
		}
	case '[':
		if p.footnote(l, end) || p.definition(l) {
			return
		}
	case '<':
		if p.htmlBlock(l, end) {
			return
		}
	case '#':
		if level, text, ok := atxHeading(p.rest(l)); ok {
			n := p.push(typeHeading, ln.first)
			n.Attrs = headingAttrs[level]
			n.src.end = ln.end
			p.later(n, text, true)
			p.line = l + 1
			return
		}
	}
	p.paragraph(l, end)
}

// later notes the inline content of a block. It is read when all link definitions are known,
// or now if the source can have none.
func (p *parser) later(n *Node, text string, oneLine bool) {
	switch {
	case text == "":
	case p.atOnce:
		p.readInline(&pending{n, text, oneLine})
	default:
		p.pending = append(p.pending, pending{n, text, oneLine})
	}
}

// asker is what wants to know whether a line begins another block.
type asker uint8

const (
	inParagraph asker = iota // a paragraph or link definition
	inQuote                  // a quote or table
	inList
)

// interrupts reports whether the line begins a block that ends the asking one.
func (p *parser) interrupts(l, end int32, who asker) bool {
	ln := &p.lines[l]
	if who == inParagraph && p.isTable(l, end) {
		return true
	}
	if ln.indent-p.blk >= 4 || ln.first >= ln.end {
		return false
	}
	switch p.src[ln.first] {
	case '`', '~':
		_, _, ok := fenceStart(p.rest(l))
		return ok
	case '>':
		return true
	case '*', '-', '_', '+', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if isRule(p.rest(l)) {
			return true
		}
		if who == inList {
			return false
		}
		_, ok := p.listMarker(l)
		return ok
	case '<':
		return who != inList && htmlStart(p.rest(l)).interrupts()
	case '#':
		if who == inList {
			return false
		}
		_, _, ok := atxHeading(p.rest(l))
		return ok
	}
	return false
}

// paragraph reads a paragraph, or a heading if an underline follows it.
func (p *parser) paragraph(start, end int32) {
	old := p.inPara
	p.inPara = true
	level := 0
	l := start + 1
	for ; l < end && !p.blank(l); l++ {
		ln := &p.lines[l]
		if ln.indent-p.blk > 3 {
			continue
		}
		if ln.indent >= p.blk {
			if level = setextLevel(p.rest(l)); level != 0 {
				break
			}
		}
		if ln.indent < 0 {
			continue
		}
		if p.interrupts(l, end, inParagraph) {
			break
		}
	}
	p.inPara = old
	text := trimBlock(p.join(start, l, p.blk))
	var n *Node
	if level != 0 {
		n = p.push(typeHeading, p.lines[start].first)
		n.Attrs = headingAttrs[level]
		l++
	} else {
		n = p.push(typeParagraph, p.lines[start].first)
	}
	n.src.end = p.lines[l-1].end
	p.line = l
	p.later(n, text, level != 0)
}

var headingAttrs = func() (a [7][]Attr) {
	for i := range a {
		a[i] = []Attr{{"level", i}}
	}
	return a
}()

// setextLevel returns the level of a heading underline, or 0.
func setextLevel(s string) int {
	if s == "" || s[0] != '-' && s[0] != '=' {
		return 0
	}
	t := strings.TrimRight(strings.TrimLeft(s, s[:1]), " \t")
	switch {
	case t != "":
		return 0
	case s[0] == '=':
		return 1
	}
	return 2
}

func isRule(s string) bool {
	c := s[0]
	if c != '*' && c != '-' && c != '_' {
		return false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			n++
		} else if !isSpace(s[i]) {
			return false
		}
	}
	return n >= 3
}

// atxHeading splits a heading line into level and text.
func atxHeading(s string) (level int, text string, ok bool) {
	for level < len(s) && s[level] == '#' {
		level++
	}
	if level == 0 || level > 6 || level < len(s) && !isSpace(s[level]) {
		return 0, "", false
	}
	text = strings.TrimRight(s[level:], " \t")
	if t := strings.TrimRight(text, "#"); len(t) < len(text) && t != "" && isSpace(t[len(t)-1]) {
		text = t
	}
	return level, trimBlock(text), true
}

// fenceStart splits the line that opens a fenced block.
func fenceStart(s string) (size int, info string, ok bool) {
	for size < len(s) && s[size] == s[0] {
		size++
	}
	if size < 3 || s[0] == '`' && strings.IndexByte(s[size:], '`') >= 0 {
		return 0, "", false
	}
	return size, s[size:], true
}

func (p *parser) fence(start, end int32) bool {
	open := &p.lines[start]
	size, info, ok := fenceStart(p.rest(start))
	if !ok {
		return false
	}
	mark := p.src[open.first]
	l := start + 1
	closed := false
	for ; l < end; l++ {
		ln := &p.lines[l]
		if ln.first >= ln.end {
			continue
		}
		if ln.indent < p.blk {
			break
		}
		if p.src[ln.first] != mark || ln.indent-p.blk >= 4 {
			continue
		}
		s := p.rest(l)
		if t := strings.TrimLeft(s, s[:1]); len(s)-len(t) >= size && strings.Trim(t, " \t") == "" {
			closed = true
			break
		}
	}
	n := p.push(typeCodeBlock, open.first)
	text := p.join(start+1, l, open.indent)
	p.line = l
	if closed {
		p.line++
	}
	n.src.end = p.lines[p.line-1].end
	info = p.text(info)
	if info == rawParams && p.canStandRaw(text, p.depth, false) {
		// Somebody's own code block of this name. Carrying it as it stands keeps it apart
		// from what the name means to us.
		n.Attrs = rawAttrs
		p.fill(n, p.join(start, p.line, p.blk))
		return true
	}
	n.Attrs = codeAttrs(info)
	p.fill(n, text)
	return true
}

var plainCode, rawAttrs = []Attr{{"params", ""}}, []Attr{{"params", rawParams}}

func codeAttrs(params string) []Attr {
	if params == "" {
		return plainCode
	}
	return []Attr{{"params", params}}
}

// fill gives a code block its text.
func (p *parser) fill(n *Node, text string) {
	if text == "" {
		return
	}
	t := p.nodes.new(typeText)
	t.Text = p.text(text)
	n.Content = p.nodes.list(1)
	n.Content[0] = t
}

func (p *parser) indentedCode(start, end int32) {
	l := start + 1
	for next := l; next < end; next++ {
		if p.blank(next) {
			continue
		}
		if p.lines[next].indent-p.blk < 4 {
			break
		}
		l = next + 1
	}
	n := p.push(typeCodeBlock, p.lines[start].first)
	n.Attrs = plainCode
	n.src.end = p.lines[l-1].end
	p.line = l
	p.fill(n, p.join(start, l, 4+p.blk))
}

// tooDeep carries the rest of a container whose content nests too deep to be nodes.
func (p *parser) tooDeep(start, end int32) {
	l := start + 1
	for l < end && (p.blank(l) || p.lines[l].indent >= p.blk || p.lines[l].indent < 0) {
		l++
	}
	p.rawBlock(start, l)
}

// rawBlock carries the lines [start, end) as they stand.
func (p *parser) rawBlock(start, end int32) {
	for end > start+1 && p.blank(end-1) {
		end--
	}
	n := p.push(typeCodeBlock, p.lines[start].first)
	n.Attrs = rawAttrs
	n.src.end = p.lines[end-1].end
	p.line = end
	p.fill(n, strings.TrimLeft(p.join(start, end, p.blk), " \t"))
}

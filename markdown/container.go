package markdown

// marker is the sign that begins a list item.
type marker struct {
	after   int32 // position after it
	sign    byte  // - + * . )
	ordered bool
	value   int
}

// listMarker reads the marker at a line's first visible byte, if a list may begin there.
func (p *parser) listMarker(l int32) (marker, bool) {
	ln := &p.lines[l]
	if ln.indent-p.blk >= 4 {
		return marker{}, false
	}
	// A line left of its item but far from the list is text of the paragraph before.
	if p.listIndent >= 0 && ln.indent-p.listIndent >= 4 && ln.indent < p.blk {
		return marker{}, false
	}
	m, ok := p.markerAt(l)
	if !ok {
		return m, false
	}
	if p.inPara && ln.indent >= p.blk {
		if m.ordered && m.value != 1 || skipSpaces(p.src, m.after, ln.end) >= ln.end {
			return m, false
		}
	}
	return m, true
}

func (p *parser) markerAt(l int32) (m marker, ok bool) {
	ln := &p.lines[l]
	pos := ln.first
	if pos >= ln.end {
		return m, false
	}
	switch c := p.src[pos]; {
	case c == '*' || c == '-' || c == '+':
		m.sign = c
	case c >= '0' && c <= '9':
		m.ordered = true
		for ; pos < ln.end && p.src[pos] >= '0' && p.src[pos] <= '9'; pos++ {
			if pos-ln.first >= 9 {
				return m, false
			}
			m.value = m.value*10 + int(p.src[pos]-'0')
		}
		if pos >= ln.end || p.src[pos] != '.' && p.src[pos] != ')' {
			return m, false
		}
		m.sign = p.src[pos]
	default:
		return m, false
	}
	m.after = pos + 1
	return m, m.after >= ln.end || isSpace(p.src[m.after])
}

func (p *parser) list(start, end int32, m marker) {
	var n *Node
	if m.ordered {
		n = p.push(typeOrderedList, p.lines[start].first)
		n.Attrs = orderAttrs(m.value)
	} else {
		n = p.push(typeBulletList, p.lines[start].first)
	}
	mark := len(p.stack)
	inPara := p.inPara
	p.inPara = false
	sign := m.sign
	l := start
	for {
		l = p.item(l, end, m)
		if l >= end {
			break
		}
		ln := &p.lines[l]
		if ln.indent < p.blk || ln.indent-p.blk >= 4 || p.interrupts(l, end, inList) {
			break
		}
		next, ok := p.markerAt(l)
		if !ok || next.ordered != m.ordered || next.sign != sign {
			break
		}
		m = next
	}
	p.inPara = inPara
	n.Content = p.pop(mark)
	n.src.end = n.Content[len(n.Content)-1].src.end
	p.line = l
}

func orderAttrs(order int) []Attr {
	if order == 1 {
		return orderOne
	}
	return []Attr{{"order", order}}
}

var orderOne = []Attr{{"order", 1}}

// item reads one list item and returns the line after it.
func (p *parser) item(l, end int32, m marker) int32 {
	ln := p.lines[l]
	initial := ln.indent + m.after - ln.first
	col, pos := initial, m.after
	for pos < ln.end {
		if p.src[pos] == '\t' {
			col += 4 - (col+ln.shift)%4
		} else if p.src[pos] == ' ' {
			col++
		} else {
			break
		}
		pos++
	}
	indent := initial + 1
	if pos < ln.end && col-initial <= 4 {
		indent = col
	}

	n := p.push(typeListItem, ln.first)
	mark := len(p.stack)
	listIndent, blk := p.listIndent, p.blk
	p.listIndent, p.blk = p.blk, indent
	p.lines[l].first, p.lines[l].indent = pos, col
	p.depth++
	if pos >= ln.end && p.blank(l+1) {
		// An item that begins with a blank line ends there if a second follows.
		p.line = min(l+2, end)
	} else {
		p.blocks(l, end)
	}
	p.depth--
	p.listIndent, p.blk = listIndent, blk
	p.lines[l] = ln

	if len(p.stack) == mark || p.stack[mark].Type != typeParagraph {
		// The schema wants a paragraph first.
		p.stack = append(p.stack, nil)
		copy(p.stack[mark+1:], p.stack[mark:])
		p.stack[mark] = p.nodes.new(typeParagraph)
	}
	n.Content = p.pop(mark)
	n.src.end = max(ln.end, n.Content[len(n.Content)-1].src.end)
	return max(p.line, l+1)
}

func (p *parser) quote(start, end int32) {
	saved := len(p.saved)
	inPara, lineMax, blk := p.inPara, p.lineMax, p.blk
	p.inPara = false
	lastEmpty := false
	l := start
	for ; l < end; l++ {
		ln := &p.lines[l]
		if ln.first >= ln.end {
			break // an empty line outside
		}
		if p.src[ln.first] == '>' && ln.indent >= p.blk {
			p.save(l)
			lastEmpty = p.enterQuote(ln)
			continue
		}
		if lastEmpty {
			break
		}
		if p.interrupts(l, end, inQuote) {
			// A paragraph inside must not look beyond.
			p.lineMax = l
			if p.blk != 0 {
				p.save(l)
				ln.indent -= p.blk
			}
			break
		}
		if ln.indent == -1 {
			continue
		}
		p.save(l)
		ln.indent = -1 // may continue a paragraph
	}

	n := p.push(typeBlockquote, p.lines[start].first)
	mark := len(p.stack)
	n.src.start = p.saved[saved].line.first
	p.blk = 0
	p.depth++
	p.blocks(start, l)
	p.depth--
	p.inPara, p.lineMax, p.blk = inPara, lineMax, blk
	for _, s := range p.saved[saved:] {
		p.lines[s.at] = s.line
	}
	p.saved = p.saved[:saved]
	p.line = min(max(p.line, start+1), l)

	if len(p.stack) == mark {
		p.stack = append(p.stack, p.nodes.new(typeParagraph))
	}
	n.Content = p.pop(mark)
	n.src.end = p.endOf(start, p.line)
}

// save keeps a line for when the quote ends.
func (p *parser) save(l int32) { p.saved = append(p.saved, savedLine{l, p.lines[l]}) }

type savedLine struct {
	at   int32
	line line
}

// enterQuote moves a line past its quote sign and reports whether nothing follows.
func (p *parser) enterQuote(ln *line) bool {
	pos := ln.first + 1
	initial := ln.indent + 1
	tab, after := int32(0), int32(0)
	if pos < ln.end && p.src[pos] == ' ' {
		pos++
		initial++
		after = 1
	} else if pos < ln.end && p.src[pos] == '\t' {
		after = 1
		if (ln.shift+initial)%4 == 3 {
			pos++
			initial++
		} else {
			tab = 1 // part of the tab is content
		}
	}
	col := initial
	ln.beg = pos
	for ; pos < ln.end && isSpace(p.src[pos]); pos++ {
		if p.src[pos] == '\t' {
			col += 4 - (col+ln.shift+tab)%4
		} else {
			col++
		}
	}
	ln.shift = ln.indent + 1 + after
	ln.indent = col - initial
	ln.first = pos
	return pos >= ln.end
}

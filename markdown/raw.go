package markdown

// What the schema has no node for is carried as raw Markdown, see doc.go.
const (
	rawParams = "civicpress:markdown"
	rawHref   = "civicpress:markdown"
)

var rawLink = []Attr{{"href", rawHref}, {"title", nil}}

// isRawBlock reports whether the text of a raw block begins with a construct that Parse
// carries in a raw block; such a block is written as it stands. Any other code block of that
// name is just a code block.
func isRawBlock(text string, depth int) bool {
	var p parser
	doc, err := p.parse(text, depth)
	if err != nil {
		return false
	}
	return isRaw(doc.Content[0])
}

func isRaw(n *Node) bool {
	return n.Type == typeCodeBlock && attrString(n.Attrs, "params") == rawParams
}

// footnote reads a footnote definition whose text goes on after a blank line. Indented text
// would otherwise be taken for code.
func (p *parser) footnote(start, end int32) bool {
	s := p.rest(start)
	n := footnoteRef(s)
	if n == 0 || n >= len(s) || s[n] != ':' {
		return false
	}
	l := start + 1
	more := false
	for ; l < end; l++ {
		if p.blank(l) {
			continue
		}
		ln := &p.lines[l]
		if p.blank(l - 1) {
			if ln.indent-p.blk < 4 {
				break
			}
			more = true
		} else if ln.indent-p.blk < 4 && ln.indent >= 0 && (more || p.interrupts(l, end, inParagraph)) {
			break
		}
	}
	if !more {
		return false
	}
	p.rawBlock(start, l)
	p.line = l
	return true
}

package markdown

import "strings"

// What the schema has no node for is carried as raw Markdown, see doc.go.
const (
	rawParams = "civicpress:markdown"
	rawHref   = "civicpress:markdown"
)

var rawLink = []Attr{{"href", rawHref}, {"title", nil}}

// maxQuoted is how many code blocks named like raw blocks may stand in one another and still
// be told apart.
const maxQuoted = 4

// canStandRaw reports whether the text of a raw block can be written as it stands: it begins
// with a construct that is carried raw, and does not swallow what comes after it. last says
// that nothing does.
func (p *parser) canStandRaw(text string, depth int, last bool) bool {
	return text != "" && strings.TrimLeft(text, " \t\n") == text && strings.TrimRight(text, "\n") == text &&
		p.beginsRaw(text, depth) && (last || p.standsAlone(text, depth))
}

// beginsRaw reports whether text begins with a construct that Parse carries in a raw block.
func (p *parser) beginsRaw(text string, depth int) bool {
	if p.quoted >= maxQuoted {
		return false
	}
	inner := parser{quoted: p.quoted + 1}
	doc, err := inner.parse(text, depth)
	return err == nil && isRaw(doc.Content[0])
}

// standsAlone reports whether text leaves what comes after a blank line alone.
func (p *parser) standsAlone(text string, depth int) bool {
	inner := parser{quoted: p.quoted + 1}
	doc, err := inner.parse(text+"\n\nx\n", depth)
	if err != nil {
		return false
	}
	end := doc.Content[len(doc.Content)-1]
	return end.Type == typeParagraph && textContent(end) == "x"
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

package markdown

import (
	"strings"
	"unicode/utf8"
)

// Parse reads Markdown into the tree that the editor shows for it: CommonMark with tables, as
// the existing editor understands it, node for node and attribute for attribute, except where
// that editor loses content (doc.go lists what is kept instead). The tree always is a valid
// document of the schema. Time and memory are linear in the source; a source or tree above
// the limits gives a *LimitError.
func Parse(src []byte) (*Node, error) {
	p := parser{}
	doc, err := p.parse(string(src), 0)
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// parser holds the state of one parse. The block structure is read first, line by line; the
// inline content of all blocks afterwards, when every link definition is known.
type parser struct {
	src   string
	dirty bool // src has NUL bytes or is not valid UTF-8

	lines []line
	saved []savedLine // lines as they were before the block quotes being read

	blk        int32 // columns that belong to the enclosing list items
	listIndent int32 // blk around the innermost list, -1 outside of lists
	lineMax    int32 // lines a paragraph may look ahead to
	line       int32 // the next line to read
	inPara     bool  // a rule is asked whether it ends a paragraph
	depth      int   // containers around the current line
	quoted     int   // see beginsRaw

	atOnce  bool // no link definitions to wait for
	refs    map[string]reference
	defs    []span    // link definitions, in order
	stack   []*Node   // children of the containers being read
	pending []pending // inline content yet to read
	inl     inline
	cells   []string // scratch of the table row being read

	nodes arena
	err   error
}

// pending is a text block whose inline content waits for the link definitions.
type pending struct {
	node    *Node
	text    string
	oneLine bool // a table cell or heading: <br> breaks the line
}

type reference struct{ href, title string }

func (p *parser) parse(src string, depth int) (*Node, error) {
	if len(src) > MaxSource {
		return nil, &LimitError{What: "Markdown source", Unit: "bytes", Size: len(src), Limit: MaxSource}
	}
	p.src, p.depth = src, depth
	p.dirty = strings.IndexByte(src, 0) >= 0 || !utf8.ValidString(src)
	p.atOnce = !strings.Contains(src, "]:")
	p.scanLines()
	p.listIndent = -1
	doc := p.nodes.new(typeDoc)
	doc.src = span{0, int32(len(src))}
	p.blocks(0, p.lineMax)
	if len(p.stack) == 0 {
		p.stack = append(p.stack, p.nodes.new(typeParagraph))
	}
	doc.Content = p.pop(0)
	for i := range p.pending {
		if p.err != nil || p.nodes.count > MaxNodes {
			break
		}
		p.readInline(&p.pending[i])
	}
	if p.err == nil && p.nodes.count > MaxNodes {
		p.err = &LimitError{What: "Markdown document", Unit: "nodes", Size: p.nodes.count, Limit: MaxNodes}
	}
	return doc, p.err
}

// pop takes the children collected since mark off the stack.
func (p *parser) pop(mark int) []*Node {
	kids := p.nodes.list(len(p.stack) - mark)
	copy(kids, p.stack[mark:])
	p.stack = p.stack[:mark]
	return kids
}

func (p *parser) push(typ string, start int32) *Node {
	n := p.nodes.new(typ)
	n.src.start = start
	p.stack = append(p.stack, n)
	return n
}

// text makes clean a piece of the source: what a browser could not hold becomes U+FFFD.
func (p *parser) text(s string) string {
	if !p.dirty {
		return s
	}
	return cleanText(s)
}

func cleanText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s { // an invalid byte ranges as U+FFFD
		if r == 0 {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// arena hands out nodes and child lists from larger pieces.
type arena struct {
	slab  []Node
	ptrs  []*Node
	count int
}

func (a *arena) new(typ string) *Node {
	if len(a.slab) == 0 {
		a.slab = make([]Node, min(max(16, a.count), 512))
	}
	n := &a.slab[0]
	a.slab = a.slab[1:]
	a.count++
	n.Type = typ
	return n
}

func (a *arena) list(n int) []*Node {
	if n == 0 {
		return nil
	}
	if n > len(a.ptrs) {
		if n > 128 {
			return make([]*Node, n)
		}
		a.ptrs = make([]*Node, min(max(16, a.count), 1024)+n)
	}
	l := a.ptrs[:n:n]
	a.ptrs = a.ptrs[n:]
	return l
}

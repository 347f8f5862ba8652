package markdown

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Canonical writes a document as Markdown, byte for byte as the existing editor's serializer
// does, except where reading that back would lose or change content (doc.go lists the
// exceptions). It takes any tree, also one that no editor would make, and never fails: what
// has no place in the schema is written where it stands. Parse of the result is the document
// in its normal form.
func Canonical(doc *Node) []byte {
	w := writer{}
	if !valid(doc) {
		doc = repair(doc)
	}
	w.blocks(doc.Content)
	return w.out
}

// writer writes blocks. Its habits (what separates blocks, where prefixes are put) are those
// of the existing serializer.
type writer struct {
	out    []byte
	prefix []byte // put before each line
	closed string // type of the block that ended at last, "" if lines followed since
	depth  int    // containers around the current block
	behind bool   // the next block begins behind the marker of a list item
	dash   bool   // and that marker is a dash
	in     inlineWriter
}

// blocks writes the children of a container.
func (w *writer) blocks(nodes []*Node) {
	afterList := ""  // type of a list that ends just before
	var sign [2]bool // whether that list had the second kind of marker: bullet, ordered
	for i, n := range nodes {
		behind := w.behind
		w.behind = false
		switch n.Type {
		case typeParagraph:
			if isBlank(n) {
				w.closed = n.Type
				continue
			}
			w.leaf(n, afterList != "" || behind && len(nodes) > 1)
		case typeHeading:
			w.leaf(n, false)
		case typeCodeBlock:
			w.codeBlock(n, i == len(nodes)-1)
		case typeRule:
			w.write("---")
			w.closed = n.Type
		case typeBlockquote:
			w.quote(n)
		case typeTable:
			if !w.table(n) {
				continue
			}
		case typeBulletList, typeOrderedList:
			if len(n.Content) == 0 {
				continue
			}
			kind := b2i(n.Type == typeOrderedList)
			sign[kind] = afterList == n.Type && !sign[kind]
			if behind && kind == 0 {
				sign[0] = !w.dash // "* * *" would be a rule
			}
			w.list(n, sign[kind], afterList != "", behind)
			afterList = n.Type
			continue
		}
		afterList = ""
	}
}

// isBlank reports whether a paragraph shows nothing: white space and line breaks only.
func isBlank(n *Node) bool {
	for _, c := range n.Content {
		switch c.Type {
		case typeHardBreak:
		case typeText:
			if strings.Trim(c.Text, " \t\r\n") != "" || hasMark(c.Marks, markCode) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func hasMark(marks []Mark, name string) bool {
	for i := range marks {
		if marks[i].Type == name {
			return true
		}
	}
	return false
}

func (w *writer) atLineStart() bool {
	return len(w.out) == 0 || w.out[len(w.out)-1] == '\n'
}

// flush ends the line of a closed block and puts size-1 empty lines after it.
func (w *writer) flush(size int) {
	if w.closed == "" {
		return
	}
	if !w.atLineStart() {
		w.out = append(w.out, '\n')
	}
	for range size - 1 {
		w.out = append(w.out, bytes.TrimRight(w.prefix, " \t")...)
		w.out = append(w.out, '\n')
	}
	w.closed = ""
}

// write begins a line if need be and adds s, which has no line ending.
func (w *writer) write(s string) {
	w.begin()
	w.out = append(w.out, s...)
}

func (w *writer) begin() {
	w.flush(2)
	if w.atLineStart() {
		w.out = append(w.out, w.prefix...)
	}
}

// lines adds text that may have several lines.
func (w *writer) lines(s []byte) {
	w.begin()
	for {
		i := bytes.IndexByte(s, '\n')
		if i < 0 {
			w.out = append(w.out, s...)
			return
		}
		w.out = append(w.out, s[:i+1]...)
		w.out = append(w.out, w.prefix...)
		s = s[i+1:]
	}
}

// leaf writes a paragraph or heading.
func (w *writer) leaf(n *Node, flush bool) {
	if n.Type == typeHeading {
		level := headingLevel(n)
		w.write("######"[:level])
		w.out = append(w.out, ' ')
		w.lines(w.in.render(n.Content, inHeading))
	} else {
		text := w.in.render(n.Content, inBlock)
		if flush || w.depth > 0 && bytes.IndexByte(text, '\n') >= 0 {
			// Indented text would belong to the list item before, or shift its own.
			text = bytes.TrimLeft(text, " \t")
		}
		w.lines(text)
	}
	w.closed = n.Type
}

func headingLevel(n *Node) int {
	v, _ := n.Attr("level")
	if s, ok := v.(string); ok {
		v, _ = strconv.Atoi(s)
	}
	level, ok := number(v)
	if !ok {
		return 1
	}
	return int(min(max(level, 1), 6))
}

func (w *writer) quote(n *Node) {
	if w.depth >= MaxDepth {
		w.blocks(n.Content) // prefixes would grow with the square of the depth
		return
	}
	w.write("> ")
	old := len(w.prefix)
	w.prefix = append(w.prefix, "> "...)
	w.depth++
	w.blocks(n.Content)
	w.depth--
	w.prefix = w.prefix[:old]
	w.closed = n.Type
}

const maxOrder = 999_999_999 // a list number has at most nine digits

func listOrder(n *Node) int {
	v, _ := n.Attr("order")
	if s, ok := v.(string); ok {
		v, _ = strconv.Atoi(s)
	}
	f, ok := number(v)
	if !ok || math.IsNaN(f) || f < 0 {
		return 1
	}
	return int(min(math.Floor(f), float64(maxOrder-len(n.Content)+1)))
}

// list writes a list. second asks for the other kind of marker, because a list of the same
// type stands before it; afterList says that any list does; behind, that it begins behind the
// marker of an item.
func (w *writer) list(n *Node, second, afterList, behind bool) {
	if w.depth >= MaxDepth {
		for _, item := range n.Content {
			w.blocks(item.Content)
		}
		return
	}
	ordered := n.Type == typeOrderedList
	order := listOrder(n)
	width := len(strconv.Itoa(order + len(n.Content) - 1))
	// The existing serializer aligns the numbers to the right. That makes the first ones
	// part of a list before, or code.
	pad := width - len(strconv.Itoa(order))
	align := pad < 4 && !(pad > 1 && afterList) && !behind
	old := len(w.prefix)
	var marker [24]byte
	for i, item := range n.Content {
		m := marker[:0]
		if ordered {
			num := strconv.Itoa(order + i)
			if align {
				m = append(m, "    "[:width-len(num)]...)
			}
			m = append(m, num...)
			m = append(m, ".)"[b2i(second)], ' ')
		} else {
			m = append(m, "*-"[b2i(second)], ' ')
		}
		w.begin()
		w.out = append(w.out, m...)
		for range m {
			w.prefix = append(w.prefix, ' ')
		}
		w.depth++
		w.item(item, !ordered && second)
		w.depth--
		w.prefix = w.prefix[:old]
		w.closed = n.Type
	}
}

// item writes the content of a list item behind its marker.
func (w *writer) item(n *Node, dash bool) {
	kids := n.Content
	for len(kids) > 1 && showsNothing(kids[0]) {
		// A blank line behind the marker would end the item: what follows moves up.
		kids = kids[1:]
	}
	if dash && len(kids) > 0 && kids[0].Type == typeRule {
		w.write("***") // dashes would make the marker part of the rule
		w.closed = typeRule
		kids = kids[1:]
	}
	w.behind, w.dash = true, dash
	w.blocks(kids)
	w.behind = false
}

// showsNothing reports whether a block has no Markdown.
func showsNothing(n *Node) bool {
	switch n.Type {
	case typeParagraph:
		return isBlank(n)
	case typeTable:
		return !hasCells(n)
	}
	return isList(n) && len(n.Content) == 0
}

func isList(n *Node) bool { return n.Type == typeBulletList || n.Type == typeOrderedList }

// codeBlock writes a fenced block, or what a raw block carries as it stands.
func (w *writer) codeBlock(n *Node, last bool) {
	text := normalLines(textContent(n))
	params, _ := n.Attr("params")
	info := ""
	if params != nil {
		info = fmt.Sprint(params)
	}
	if info == rawParams && text != "" && (&parser{}).canStandRaw(text, w.depth, last) {
		w.lines([]byte(text))
		w.closed = n.Type
		return
	}
	info = strings.ReplaceAll(normalLines(info), "\n", " ")
	fence := longerThan(text, '`', 3)
	if strings.IndexByte(info, '`') >= 0 {
		fence = longerThan(text, '~', 3)
		if info[0] == '~' {
			fence += " "
		}
	}
	w.write(fence + info)
	w.out = append(w.out, '\n')
	w.lines([]byte(text))
	w.out = append(w.out, '\n')
	w.write(strings.TrimSuffix(fence, " "))
	w.closed = n.Type
}

// longerThan returns a run of c that is longer than any of at least size in the text.
func longerThan(text string, c byte, size int) string {
	longest := size - 1
	for i := 0; i < len(text); i++ {
		run := i
		for i < len(text) && text[i] == c {
			i++
		}
		longest = max(longest, i-run)
	}
	return strings.Repeat(string(c), longest+1)
}

// normalLines turns all line endings into \n.
func normalLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func textContent(n *Node) string {
	if len(n.Content) == 1 && n.Content[0].Type == typeText {
		return n.Content[0].Text
	}
	var b strings.Builder
	for _, c := range n.Content {
		if c.Type == typeText {
			b.WriteString(c.Text)
		} else {
			b.WriteString(textContent(c))
		}
	}
	return b.String()
}

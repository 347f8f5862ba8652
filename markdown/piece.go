package markdown

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// piece is a stretch of inline content in normal form: what reading back must give. White
// space carries only the marks of both its sides (Markdown cannot mark more), what surrounds
// a block is cut, links have the form in which they are stored.
type piece struct {
	text       string
	atom       *Node // an image, reference or line break instead of text
	link       *linkTarget
	em, strong bool
	code, raw  bool
	space      bool // white space
}

type linkTarget struct{ href, title string }

func (p *piece) isBreak() bool { return p.atom != nil && p.atom.Type == typeHardBreak }

func (p *piece) sameMarks(q *piece) bool {
	return p.em == q.em && p.strong == q.strong && p.code == q.code && p.raw == q.raw && sameTarget(p.link, q.link)
}

func sameTarget(a, b *linkTarget) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func samePieces(a, b []piece) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		p, q := &a[i], &b[i]
		if p.text != q.text || !p.sameMarks(q) || (p.atom == nil) != (q.atom == nil) {
			return false
		}
		if p.atom != nil && (p.atom.Type != q.atom.Type || !sameAttrs(p.atom.Attrs, q.atom.Attrs)) {
			return false
		}
	}
	return true
}

// normalInline brings inline content into normal form. In the strict form emphasized
// code keeps the white space at its ends, else it stands outside (the existing serializer
// moves it there).
func normalInline(nodes []*Node, at place, strict bool) []piece {
	nodes = joinText(nodes)
	b := pieceBuilder{at: at, strict: strict}
	for i, n := range nodes {
		b.add(nodes, i, n)
	}
	b.closeLink(nil)
	b.splitCode()
	ps := b.trim()
	spreadMarks(ps)
	return mergePieces(ps)
}

// joinText joins neighbouring texts of the same marks.
func joinText(nodes []*Node) []*Node {
	joins := func(i int) bool {
		return nodes[i-1].Type == typeText && nodes[i].Type == typeText && sameMarks(nodes[i-1].Marks, nodes[i].Marks)
	}
	i := 1
	for i < len(nodes) && !joins(i) {
		i++
	}
	if i >= len(nodes) {
		return nodes
	}
	var out []*Node
	for i := 0; i < len(nodes); {
		j := i + 1
		for j < len(nodes) && joins(j) {
			j++
		}
		n := nodes[i]
		if j > i+1 {
			var b strings.Builder
			for _, k := range nodes[i:j] {
				b.WriteString(k.Text)
			}
			n = &Node{Type: typeText, Marks: n.Marks, Text: b.String()}
		}
		out = append(out, n)
		i = j
	}
	return out
}

type pieceBuilder struct {
	at      place
	pieces  []piece
	strict  bool
	code    bool        // there is a code piece
	literal *linkTarget // a link that may not be one, being written as text
}

func (b *pieceBuilder) add(nodes []*Node, i int, n *Node) {
	p := piece{}
	var link *linkTarget
	for _, m := range n.Marks {
		switch m.Type {
		case markEm:
			p.em = true
		case markStrong:
			p.strong = true
		case markCode:
			p.code = true
		case markLink:
			link = &linkTarget{attrString(m.Attrs, "href"), attrString(m.Attrs, "title")}
		}
	}
	if link != nil && link.href == rawHref {
		if n.Type == typeText && isRawInline(n.Text) {
			p.raw = true
		}
		link = nil
	} else if link != nil {
		if href := normalizeLink(cleanText(link.href)); validLink(href) {
			link.href = href
			link.title = cleanText(link.title)
			p.link, link = link, nil
		}
	}
	b.closeLink(link)
	if link != nil && b.literal == nil {
		b.pieces = append(b.pieces, piece{text: "["})
		b.literal = link
	}
	switch n.Type {
	case typeText:
		b.text(p, cleanText(n.Text))
		return
	case typeImage:
		src := normalizeLink(cleanText(attrString(n.Attrs, "src")))
		alt, title := joinLines(cleanText(attrString(n.Attrs, "alt"))), cleanText(attrString(n.Attrs, "title"))
		if !validLink(src) {
			b.text(piece{}, literalLink("!["+alt, attrString(n.Attrs, "src"), title))
			return
		}
		p.atom = &Node{Type: typeImage, Attrs: []Attr{{"src", src}, {"alt", alt}, {"title", title}}}
	case typeCivicRef:
		ref := civicRef{attrText(n, "refType"), attrText(n, "id"), attrText(n, "label")}
		if ref.typ == "" || ref.id == "" {
			p.raw, p.link = true, nil
			b.text(p, string(appendCivicRef(nil, n, false)))
			return
		}
		switch ref.typ {
		case "record", "geography", "attachment":
		default:
			ref.typ = "record"
		}
		p.atom = &Node{Type: typeCivicRef, Attrs: []Attr{{"refType", ref.typ}, {"id", ref.id}, {"label", ref.label}}}
	default:
		p.atom = &Node{Type: typeHardBreak}
	}
	if n.Type != typeImage {
		p.link = nil
	}
	p.code = false
	b.pieces = append(b.pieces, p)
}

func (b *pieceBuilder) closeLink(next *linkTarget) {
	if b.literal != nil && !sameTarget(b.literal, next) {
		l := b.literal
		b.literal = nil
		b.text(piece{}, literalLink("", l.href, l.title))
	}
}

// literalLink is a link that Markdown readers refuse, as the text it reads back as.
func literalLink(text, href, title string) string {
	if title != "" {
		href += ` "` + title + `"`
	}
	return text + "](" + href + ")"
}

func attrText(n *Node, name string) string {
	v, ok := n.Attr(name)
	switch v := v.(type) {
	case string:
		return cleanText(v)
	case nil:
		if !ok && name == "refType" {
			return "record"
		}
		return ""
	}
	return cleanText(fmt.Sprint(v))
}

// text adds text, the white space at its ends apart.
func (b *pieceBuilder) text(p piece, s string) {
	if p.code {
		p.raw = false
		p.text = strings.ReplaceAll(normalLines(s), "\n", " ")
		b.pieces = append(b.pieces, p)
		b.code = true
		return
	}
	if p.raw {
		p.text = normalLines(s)
		if b.at != inBlock || strings.Contains(p.text, "\n\n") {
			p.text = joinLines(p.text)
		}
		b.pieces = append(b.pieces, p)
		return
	}
	core := strings.TrimLeftFunc(s, isJSSpace)
	b.space(s[:len(s)-len(core)])
	s = core
	if core = strings.TrimRightFunc(s, isJSSpace); core != "" {
		// White space inside has the marks of both its sides, as it should.
		p.text = joinLines(core)
		b.pieces = append(b.pieces, p)
	}
	b.space(s[len(core):])
}

func (b *pieceBuilder) space(s string) {
	if s == "" {
		return
	}
	if last := len(b.pieces) - 1; last >= 0 && b.pieces[last].space && !b.pieces[last].code {
		b.pieces[last].text += s
		return
	}
	b.pieces = append(b.pieces, piece{text: s, space: true})
}

// splitCode joins neighbouring code of the same marks and, unless strict, puts the white space
// at the ends of emphasized code outside.
func (b *pieceBuilder) splitCode() {
	if !b.code {
		return
	}
	var out []piece
	for _, p := range b.pieces {
		if n := len(out); p.code && n > 0 && out[n-1].code && out[n-1].sameMarks(&p) {
			out[n-1].text += p.text
			continue
		}
		out = append(out, p)
	}
	b.pieces = out
	if b.strict {
		return
	}
	out = nil
	for _, p := range b.pieces {
		inner := strings.TrimFunc(p.text, isJSSpace)
		if !p.code || inner == p.text || inner == "" || !p.em && !p.strong {
			out = append(out, p)
			continue
		}
		lead, trail, _ := strings.Cut(p.text, inner)
		p.text = inner
		out = append(out, piece{text: lead, space: true, code: true}, p, piece{text: trail, space: true, code: true})
	}
	b.pieces = out
}

// joinLines makes one line of text: white space with a line ending in it is one space.
func joinLines(s string) string {
	if !strings.ContainsAny(s, "\n\r") {
		return s
	}
	var b strings.Builder
	for s != "" {
		rest := strings.TrimLeft(s, " \t\n\r")
		if space := s[:len(s)-len(rest)]; strings.ContainsAny(space, "\n\r") {
			b.WriteByte(' ')
		} else {
			b.WriteString(space)
		}
		n := strings.IndexAny(rest, " \t\n\r")
		if n < 0 {
			n = len(rest)
		}
		b.WriteString(rest[:n])
		s = rest[n:]
	}
	return b.String()
}

const edge = " \t\n\r"

// trim cuts white space where Markdown has none, and breaks at the end of a block.
func (b *pieceBuilder) trim() []piece {
	ps := b.pieces
	for i := range ps {
		if ps[i].space {
			ps[i].text = joinLines(ps[i].text)
			ps[i].code = false // it was part of code until now
			if i > 0 && b.at == inBlock && ps[i-1].isBreak() {
				ps[i].text = strings.TrimLeft(ps[i].text, edge)
			}
		}
	}
	for len(ps) > 0 {
		last := &ps[len(ps)-1]
		switch {
		case last.space && b.at == inCell:
			last.text = ""
		case last.space:
			last.text = strings.TrimRight(last.text, edge)
		}
		if last.space && last.text == "" || last.isBreak() && b.at != inCell {
			ps = ps[:len(ps)-1]
			continue
		}
		break
	}
	for i := 0; i < len(ps) && ps[i].space; i++ {
		if b.at == inCell {
			ps[i].text = ""
		} else if ps[i].text = strings.TrimLeft(ps[i].text, edge); ps[i].text != "" {
			break
		}
	}
	kept := ps[:0]
	for _, p := range ps {
		if p.atom != nil || p.text != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// spreadMarks gives white space and atoms the marks that both their sides have.
func spreadMarks(ps []piece) {
	neutral := func(p *piece) bool { return p.space || p.atom != nil }
	for i := 0; i < len(ps); {
		if !neutral(&ps[i]) {
			i++
			continue
		}
		j := i
		for j < len(ps) && neutral(&ps[j]) {
			j++
		}
		for k := i; k < j; k++ {
			own := ps[k].link
			ps[k].em, ps[k].strong, ps[k].link = false, false, nil
			if i > 0 && j < len(ps) {
				l, r := &ps[i-1], &ps[j]
				ps[k].em, ps[k].strong = l.em && r.em, l.strong && r.strong
				if sameTarget(l.link, r.link) {
					ps[k].link = l.link
				}
			}
			if ps[k].atom != nil && own != nil {
				ps[k].link = own
			}
		}
		i = j
	}
}

func mergePieces(ps []piece) []piece {
	kept := ps[:0]
	var text []byte
	for i := 0; i < len(ps); {
		p := ps[i]
		j := i + 1
		for p.atom == nil && j < len(ps) && ps[j].atom == nil && p.sameMarks(&ps[j]) {
			j++
		}
		if j > i+1 {
			text = text[:0]
			for k := i; k < j; k++ {
				text = append(text, ps[k].text...)
				p.space = p.space && ps[k].space
			}
			p.text = string(text)
		}
		kept = append(kept, p)
		i = j
	}
	return kept
}

// isRawInline reports whether text is a sequence of constructs that Parse carries raw.
func isRawInline(s string) bool {
	if s == "" || !utf8.ValidString(s) {
		return false
	}
	n := &Node{Type: typeParagraph}
	p := parser{src: s}
	p.readInline(&pending{node: n, text: s})
	return len(n.Content) == 1 && n.Content[0].Text == s && hasMark(n.Content[0].Marks, markLink) &&
		attrString(n.Content[0].Marks[0].Attrs, "href") == rawHref
}

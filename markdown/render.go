package markdown

import "strings"

// render writes the document, see Render.
func (s *Source) render(now *Node) string {
	blocks := s.shown(now)
	if sameBlocks(blocks, s.shown(s.doc)) {
		return s.text
	}
	r := renderer{s: s, st: s.style}
	return r.document(blocks)
}

// shown returns the children that Markdown can show: not empty paragraphs,
// other than those that the source has bytes for ("[](x)" is one) and the one
// that an item begins with when it begins with no text.
func (s *Source) shown(n *Node) []*Node {
	hidden := func(i int, c *Node) bool {
		return isEmptyParagraph(c) && !s.empty[c.id] && (n.Type != typeListItem || i > 0)
	}
	for i, c := range n.Content {
		if !hidden(i, c) {
			continue
		}
		out := append(make([]*Node, 0, len(n.Content)), n.Content[:i]...)
		for j, c := range n.Content[i:] {
			if !hidden(i+j, c) {
				out = append(out, c)
			}
		}
		return out
	}
	return n.Content
}

func isEmptyParagraph(n *Node) bool { return n.Type == typeParagraph && len(n.Content) == 0 }

// renderer writes one document.
type renderer struct {
	s    *Source
	st   style
	kept []span // link definitions already written
	in   inlineWriter
}

// document writes the top level: what stands before the first block and after
// the last one stays, whatever happens between.
func (r *renderer) document(now []*Node) string {
	text := r.s.text
	old := r.s.shown(r.s.doc)
	if len(old) == 1 && old[0].src == (span{}) {
		old = nil // the empty paragraph of a text without blocks
	}
	head, tail := len(text), len(text)
	if len(old) > 0 {
		head, tail = int(r.start(old[0], "")), int(old[len(old)-1].src.end)
	}
	before, after := text[:head], text[tail:]
	blocks := r.sequence(now, old, "", true)
	if n := len(blocks); n > 0 {
		if len(old) == 0 {
			before = strings.TrimRight(before, " \t") // it would indent the first block
		}
		first, last := blocks[0].gap+blocks[0].text, blocks[n-1].text
		before = r.apart(before, first, before+first, now[0])
		if joined := r.apart(last, after, last+after, now[n-1]); joined != last {
			after = r.blankLine("") + strings.TrimLeft(after, "\r\n")
		}
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	b.WriteString(before)
	for i := range blocks {
		b.WriteString(blocks[i].gap)
		b.WriteString(blocks[i].text)
	}
	if lost := r.lostDefinitions(b.String() + after); lost != "" {
		if len(now) > 0 {
			b.WriteString(r.blankLine(""))
		}
		b.WriteString(lost)
	}
	b.WriteString(after)
	return b.String()
}

// apart returns a, or a and a blank line if a block and the definitions beside
// it, which are a and b, would be read as one.
func (r *renderer) apart(a, b, both string, n *Node) string {
	if strings.Trim(a, " \t\r\n\ufeff") == "" || strings.Trim(b, " \t\r\n") == "" || r.s.reads(both, []*Node{n}) {
		return a
	}
	return a + r.blankLine("")
}

// lostDefinitions returns the link definitions of the source that a written
// text does not have: those between two deleted blocks, or in a list that had
// to be written anew.
func (r *renderer) lostDefinitions(written string) string {
	var lost []string
	for _, d := range r.s.defs {
		if text := r.s.text[d.start:d.end]; !strings.Contains(written, text) {
			lost = append(lost, text)
		}
	}
	return strings.Join(lost, r.st.eol)
}

func (r *renderer) isKept(d span) bool {
	for _, k := range r.kept {
		if k.start <= d.start && d.end <= k.end {
			return true
		}
	}
	return false
}

// keep notes that a range of the source was written.
func (r *renderer) keep(start, end int32) string {
	if len(r.s.defs) > 0 && start < end {
		r.kept = append(r.kept, span{start, end})
	}
	return r.s.text[start:end]
}

// writtenBlock is a block as it is written, with what stands before it.
type writtenBlock struct {
	gap, text string
	same      bool // as in the source
	fresh     bool // the gap is new
}

// sequence writes blocks of one container, each with what separates it from
// the one before. prefix begins every line but the first.
func (r *renderer) sequence(now, old []*Node, prefix string, top bool) []writtenBlock {
	match := align(now, old)
	pieces := make([]writtenBlock, len(now))
	for i, n := range now {
		var o *Node
		if match[i] >= 0 {
			o = old[match[i]]
		}
		p := &pieces[i]
		p.gap, p.fresh = r.gap(old, match, i, prefix)
		avoid := byte(0)
		if p.fresh && i > 0 && now[i-1].Type == n.Type {
			avoid = listSign(pieces[i-1].text)
		}
		p.text, p.same = r.block(n, o, prefix, avoid)
		if !top {
			continue
		}
		if !p.same {
			p.text = r.checked(n, o, p.text)
		}
		if i > 0 && (p.fresh || !p.same || !pieces[i-1].same) {
			r.join(&pieces[i-1], p, now[i-1], n)
		}
	}
	return pieces
}

// start returns where a block of the source begins, its indentation behind the
// prefix of its container included.
func (r *renderer) start(o *Node, prefix string) int32 {
	text := r.s.text[:o.src.start]
	line := int32(strings.LastIndexAny(text, "\r\n") + 1)
	if rest, ok := strings.CutPrefix(text[line:], prefix); ok && strings.Trim(rest, " \t") == "" {
		return line + int32(len(prefix))
	}
	return o.src.start
}

func (r *renderer) raw(o *Node) string { return r.s.text[o.src.start:o.src.end] }

// gap returns what stands between block i and the one before, and whether that
// is new.
func (r *renderer) gap(old []*Node, match []int, i int, prefix string) (gap string, fresh bool) {
	a, c := -1, match[i]
	if i > 0 {
		a = match[i-1]
	}
	if a >= 0 && c == a+1 && inSource(old[a]) && inSource(old[c]) {
		return r.keep(old[a].src.end, r.start(old[c], prefix)), false
	}
	// Link definitions stay behind the block before, else before the block after.
	if a >= 0 && a+1 < len(old) && inSource(old[a]) && inSource(old[a+1]) {
		if _, to := r.definitions(old[a].src.end, old[a+1].src.start); to > 0 {
			gap = r.keep(old[a].src.end, to)
		}
	}
	if i > 0 {
		gap += r.blankLine(prefix)
	}
	if c > 0 && inSource(old[c-1]) && inSource(old[c]) {
		if from, to := r.definitions(old[c-1].src.end, old[c].src.start); to > 0 {
			gap += r.keep(from, to) + r.blankLine(prefix)
		}
	}
	return gap, true
}

func inSource(o *Node) bool { return o.src != (span{}) }

// definitions returns the range of the link definitions between two offsets
// that are not written yet.
func (r *renderer) definitions(from, to int32) (first, last int32) {
	for _, d := range r.s.defs {
		if d.start < from || d.end > to || r.isKept(d) {
			continue
		}
		if last == 0 {
			first = d.start
		}
		last = d.end
	}
	return first, last
}

// blankLine ends a line, leaves one blank and begins the next.
func (r *renderer) blankLine(prefix string) string {
	return r.st.eol + strings.TrimRight(prefix, " \t") + r.st.eol + prefix
}

// block writes one block of a container whose lines begin with prefix. same
// says that it stands as it stood in the source.
func (r *renderer) block(n, old *Node, prefix string, avoid byte) (text string, same bool) {
	if isEmptyParagraph(n) && (old == nil || !inSource(old) || !Equal(n, old)) {
		return "", true
	}
	if old != nil && (!inSource(old) || old.Type != n.Type) {
		old = nil
	}
	lead := ""
	if old != nil {
		start := r.start(old, prefix)
		if Equal(n, old) && (avoid == 0 || listSign(r.raw(old)) != avoid) {
			return r.keep(start, old.src.end), true
		}
		lead = r.s.text[start:old.src.start]
	}
	switch n.Type {
	case typeBlockquote:
		return lead + r.quote(n, old, prefix+lead), false
	case typeBulletList, typeOrderedList:
		return lead + r.list(n, old, prefix+lead, avoid), false
	case typeTable:
		return lead + r.table(n, old, prefix+lead), false
	case typeCodeBlock:
		return r.indent(r.code(n, old, prefix), prefix), false
	}
	return lead + r.indent(r.leaf(n, old, prefix), prefix), false
}

func (r *renderer) quote(n, old *Node, prefix string) string {
	head, inner, tail := "> ", prefix+"> ", ""
	var kids []*Node
	if old != nil {
		if kids = r.s.shown(old); len(kids) > 0 {
			head, inner, tail = r.frame(old, kids, head, prefix)
		}
	}
	var b strings.Builder
	b.WriteString(head)
	for _, k := range r.sequence(r.s.shown(n), kids, inner, false) {
		b.WriteString(k.gap)
		b.WriteString(k.text)
	}
	return strings.TrimRight(b.String(), " ") + tail
}

// frame returns what a container of the source has before its first and behind
// its last block, and what its further lines begin with. marker is what it
// would begin with if it had no blocks.
func (r *renderer) frame(old *Node, kids []*Node, marker, prefix string) (head, inner, tail string) {
	inner = prefix + strings.Map(markerToIndent, marker)
	first, last := kids[0], kids[len(kids)-1]
	if !inSource(first) && len(kids) > 1 {
		first = kids[1] // an item that begins with another block than text
	}
	if !inSource(first) {
		return marker, inner, ""
	}
	head = r.s.text[old.src.start:first.src.start]
	if i := strings.LastIndexAny(head, "\r\n"); i >= 0 {
		inner = head[i+1:]
	} else {
		inner = prefix + strings.Map(markerToIndent, head)
	}
	if start := r.start(first, inner); start < first.src.start {
		head = r.s.text[old.src.start:start]
	}
	if inSource(last) && last.src.end <= old.src.end {
		tail = r.keep(last.src.end, old.src.end)
	}
	r.keep(old.src.start, first.src.start)
	return head, inner, tail
}

// markerToIndent turns a list marker into the spaces that stand below it.
func markerToIndent(c rune) rune {
	if c == '>' || c == '\t' {
		return c
	}
	return ' '
}

// checked makes sure that what was written for a block of the top level is
// read as that block; if not it is written anew, without regard to its old
// form and in the end without regard to style.
func (r *renderer) checked(n, old *Node, text string) string {
	want := []*Node{n}
	if r.s.reads(text, want) {
		return text
	}
	plain := string(Canonical(&Node{Type: typeDoc, Content: want}))
	// What Markdown cannot show at all must read as the serializer's form does.
	if p := r.s.parse(plain); p != nil {
		if want = p.Content; r.s.reads(text, want) {
			return text
		}
	}
	if old != nil {
		if anew, _ := r.block(n, nil, "", 0); r.s.reads(anew, want) {
			return anew
		}
	}
	return strings.ReplaceAll(plain, "\n", r.st.eol)
}

// join makes sure that two neighbours are read as two: with a blank line more
// between them, else by writing one or both of them anew.
func (r *renderer) join(a, b *writtenBlock, an, bn *Node) {
	if a.text == "" || b.text == "" {
		return
	}
	want := []*Node{an, bn}
	blank := r.blankLine("")
	gaps := [...]string{b.gap, b.gap + blank, blank + strings.TrimLeft(b.gap, "\r\n")}
	try := func(at, bt string) bool {
		for _, gap := range gaps {
			if r.s.reads(at+gap+bt, want) {
				a.text, b.text, b.gap = at, bt, gap
				return true
			}
		}
		return false
	}
	if try(a.text, b.text) {
		return
	}
	anewA, _ := r.block(an, nil, "", 0)
	anewB, _ := r.block(bn, nil, "", listSign(a.text))
	again := func() bool {
		return try(a.text, anewB) || try(anewA, b.text) || try(anewA, anewB)
	}
	if again() {
		return
	}
	// Markdown cannot show one of them exactly: what each reads as has to do.
	if pa, pb := r.s.parse(a.text), r.s.parse(b.text); pa != nil && pb != nil {
		want = append(append([]*Node(nil), pa.Content...), pb.Content...)
		_ = try(a.text, b.text) || again()
	}
}

package markdown

// marking is the set of marks at a point of the inline content. A mark that is closed is
// gone, however often it was opened: the existing editor reads it so.
type marking struct {
	link       []Attr // of the open link
	em, strong bool
	marks      []Mark // the set, made when first needed
	made       bool
}

func (m *marking) set() []Mark {
	if m.made {
		return m.marks
	}
	m.made = true
	if m.link == nil {
		m.marks = plainMarks[b2i(m.em)+2*b2i(m.strong)]
		return m.marks
	}
	m.marks = make([]Mark, 1, 3)
	m.marks[0] = Mark{markLink, m.link}
	m.marks = append(m.marks, plainMarks[b2i(m.em)+2*b2i(m.strong)]...)
	return m.marks
}

// plainMarks are the sets without a link: em = 1, strong = 2, code = 4.
var plainMarks = func() (sets [8][]Mark) {
	for i := range sets {
		for bit, name := range [...]string{markEm, markStrong, markCode} {
			if i>>bit&1 != 0 {
				sets[i] = append(sets[i], Mark{Type: name})
			}
		}
		sets[i] = sets[i][:len(sets[i]):len(sets[i])]
	}
	return sets
}()

// build makes nodes of the tokens and gives them to n.
func (in *inline) build(n *Node) {
	p := in.p
	if len(in.toks) == 1 && in.toks[0].kind == tokText { // the usual paragraph
		t := p.nodes.new(typeText)
		t.Text = p.text(in.textOf(&in.toks[0]))
		n.Content = p.nodes.list(1)
		n.Content[0] = t
		return
	}
	first := len(p.stack)
	var m marking
	run := textRun{in: in}
	for i := range in.toks {
		t := &in.toks[i]
		switch t.kind {
		case tokText:
			run.add(t, m.set())
			continue
		case tokSoftBreak:
			run.space(m.set())
			continue
		case tokCode:
			set := plainMarks[4+b2i(m.em)+2*b2i(m.strong)]
			if m.link != nil {
				set = append([]Mark{{markLink, m.link}}, set...)
			}
			run.add(t, set)
			continue
		case tokRaw:
			set := append([]Mark{{markLink, rawLink}}, plainMarks[b2i(m.em)+2*b2i(m.strong)]...)
			run.add(t, set)
			continue
		case tokNothing:
			continue
		case tokLinkOpen:
			m = marking{link: in.attrsOf(t), em: m.em, strong: m.strong}
			continue
		case tokLinkClose:
			m = marking{em: m.em, strong: m.strong}
			continue
		case tokEmOpen, tokEmClose:
			m = marking{link: m.link, em: t.kind == tokEmOpen, strong: m.strong}
			continue
		case tokStrongOpen, tokStrongClose:
			m = marking{link: m.link, em: m.em, strong: t.kind == tokStrongOpen}
			continue
		}
		run.finish()
		leaf := p.nodes.new(typeHardBreak)
		leaf.Marks = m.set()
		if t.kind != tokHardBreak {
			leaf.Type = typeImage
			leaf.Attrs = in.attrsOf(t)
			if t.kind == tokCivicRef {
				leaf.Type = typeCivicRef
			}
		}
		p.stack = append(p.stack, leaf)
	}
	run.finish()
	n.Content = p.pop(first)
}

// textRun collects adjacent text of the same marks into one node, without copying while the
// pieces are neighbours in the source.
type textRun struct {
	in         *inline
	marks      []Mark
	start, end int32  // a range of the source, if own is empty
	own        []byte // the pieces so far
	some       bool
}

func (r *textRun) begin(marks []Mark) {
	if r.some && !sameMarks(r.marks, marks) {
		r.flush()
	}
	if !r.some {
		r.some, r.marks, r.start, r.end = true, marks, 0, 0
	}
}

func (r *textRun) add(t *token, marks []Mark) {
	r.begin(marks)
	if t.own == 0 && len(r.own) == 0 {
		if r.start == r.end {
			r.start, r.end = t.start, t.end
			return
		}
		if t.start == r.end {
			r.end = t.end
			return
		}
	}
	r.take()
	r.own = append(r.own, r.in.textOf(t)...)
}

// space adds the space that a line ending is.
func (r *textRun) space(marks []Mark) {
	r.begin(marks)
	r.take()
	r.own = append(r.own, ' ')
}

// take copies the range, as what follows does not stand behind it.
func (r *textRun) take() {
	r.own = append(r.own, r.in.s[r.start:r.end]...)
	r.start, r.end = 0, 0
}

func (r *textRun) flush() {
	p := r.in.p
	n := p.nodes.new(typeText)
	n.Marks = r.marks
	if len(r.own) > 0 {
		n.Text = p.text(string(r.own))
	} else {
		n.Text = p.text(r.in.s[r.start:r.end])
	}
	p.stack = append(p.stack, n)
	r.own = r.own[:0]
	r.some = false
}

func (r *textRun) finish() {
	if r.some {
		r.flush()
	}
}

func sameMarks(a, b []Mark) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type != b[i].Type || !sameAttrs(a[i].Attrs, b[i].Attrs) {
			return false
		}
	}
	return true
}

func sameAttrs(a, b []Attr) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if a[i].Name != b[i].Name || !sameValue(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

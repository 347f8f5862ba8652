package markdown

// inline writes the inline content of a block with the signs of the source.
func (r *renderer) inline(n *Node) string {
	at := inBlock
	if n.Type == typeHeading {
		at = inHeading
	}
	r.sign(&r.in)
	return string(r.in.render(n.Content, at))
}

// cell writes the content of a table cell on one line.
func (r *renderer) cell(n *Node) string {
	w := writer{}
	r.sign(&w.in)
	w.cell(n)
	return string(w.out)
}

func (r *renderer) sign(w *inlineWriter) {
	w.em, w.strong, w.spaces = r.st.em, r.st.strong, r.st.spaces
}

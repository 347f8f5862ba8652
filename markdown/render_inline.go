package markdown

// inline writes the inline content of a block as the serializer does.
func (r *renderer) inline(n *Node) string {
	at := inBlock
	if n.Type == typeHeading {
		at = inHeading
	}
	return string(r.in.render(n.Content, at))
}

// cell writes the content of a table cell on one line.
func (r *renderer) cell(n *Node) string {
	w := writer{}
	w.cell(n)
	return string(w.out)
}

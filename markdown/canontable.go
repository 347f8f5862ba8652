package markdown

func hasCells(table *Node) bool {
	for _, row := range table.Content {
		if len(row.Content) > 0 {
			return true
		}
	}
	return false
}

// table writes a table and reports whether there was anything to write. Its first row is the
// header, as long as the longest row: cells beyond it would be lost.
func (w *writer) table(n *Node) bool {
	columns := 0
	for _, row := range n.Content {
		columns = max(columns, len(row.Content))
	}
	if columns == 0 {
		return false
	}
	head := true
	for _, row := range n.Content {
		if len(row.Content) == 0 {
			continue
		}
		if !head {
			w.out = append(w.out, '\n')
		}
		w.write("|")
		for _, cell := range row.Content {
			w.out = append(w.out, ' ')
			w.cell(cell)
			w.out = append(w.out, " |"...)
		}
		if !head {
			continue
		}
		head = false
		for i := len(row.Content); i < columns; i++ {
			w.out = append(w.out, "  |"...)
		}
		w.out = append(w.out, '\n')
		w.write("|")
		for i := range columns {
			mark := " --- |"
			if i < len(row.Content) {
				switch attrString(row.Content[i].Attrs, "align") {
				case "left":
					mark = " :-- |"
				case "center":
					mark = " :-: |"
				case "right":
					mark = " --: |"
				}
			}
			w.out = append(w.out, mark...)
		}
	}
	w.closed = n.Type
	return true
}

// cell writes the content of a cell on one line.
func (w *writer) cell(n *Node) {
	content := n.Content
	if len(content) == 1 && content[0].Type == typeRule {
		w.out = append(w.out, "---"...)
		return
	}
	if len(content) == 1 && content[0].Type == typeParagraph {
		content = content[0].Content
	} else {
		content = flatten(nil, n)
	}
	for _, c := range w.in.render(content, inCell) {
		if c == '|' {
			w.out = append(w.out, '\\')
		}
		w.out = append(w.out, c)
	}
}

// flatten appends the blocks of a cell as inline content: Markdown has no blocks in cells.
// Each begins on a line of its own, lists keep their markers as text.
func flatten(dst []*Node, n *Node) []*Node {
	start := len(dst)
	line := func(lead string) {
		if len(dst) > start {
			dst = append(dst, &Node{Type: typeHardBreak})
		}
		if lead != "" {
			dst = append(dst, &Node{Type: typeText, Text: lead})
		}
	}
	for i, c := range n.Content {
		switch c.Type {
		case typeParagraph, typeHeading:
			if len(c.Content) > 0 {
				line("")
				dst = append(dst, c.Content...)
			}
		case typeCodeBlock:
			for _, s := range splitLines(textContent(c)) {
				line("")
				if s != "" {
					dst = append(dst, &Node{Type: typeText, Text: s, Marks: plainMarks[4]})
				}
			}
		case typeRule:
			line("---")
		case typeTableRow:
			line("")
			for j, cell := range c.Content {
				if j > 0 {
					dst = append(dst, &Node{Type: typeText, Text: " | "})
				}
				dst = flatten(dst, cell)
			}
		case typeListItem:
			if n.Type == typeOrderedList {
				line(itoa(listOrder(n)+i) + ". ")
			} else {
				line("* ")
			}
			dst = flatten(dst, c)
		default:
			if len(c.Content) > 0 {
				line("")
				dst = flatten(dst, c)
			}
		}
	}
	return dst
}

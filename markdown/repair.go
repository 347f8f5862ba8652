package markdown

import "slices"

// valid reports whether a tree keeps to the schema.
func valid(n *Node) bool {
	spec := schema[n.Type]
	if spec == nil || n.Type != typeText && n.Text != "" {
		return false
	}
	for i, c := range n.Content {
		cs := schema[c.Type]
		if cs == nil || !allowed(spec.content, i, c, cs) || !valid(c) {
			return false
		}
		if spec.content == contentText && len(c.Marks) > 0 {
			return false
		}
		for j, m := range c.Marks {
			if markRank(m.Type) > 3 || j > 0 && markRank(m.Type) <= markRank(c.Marks[j-1].Type) {
				return false
			}
		}
	}
	return len(n.Content) > 0 || spec.content < contentBlocks || spec.content == contentCells
}

func allowed(c content, i int, n *Node, spec *nodeSpec) bool {
	switch c {
	case contentInline:
		return spec.inline
	case contentText:
		return n.Type == typeText
	case contentBlocks:
		return isBlockSpec(n.Type, spec)
	case contentItem:
		return isBlockSpec(n.Type, spec) && (i > 0 || n.Type == typeParagraph)
	case contentItems:
		return n.Type == typeListItem
	case contentRows:
		return n.Type == typeTableRow
	case contentCells:
		return n.Type == typeTableCell || n.Type == typeTableHeader
	}
	return false
}

func isBlockSpec(name string, spec *nodeSpec) bool {
	switch name {
	case typeDoc, typeListItem, typeTableRow, typeTableCell, typeTableHeader:
		return false
	}
	return !spec.inline
}

// repair makes a document of the schema out of any tree and keeps all text: what stands where
// the schema has no place for it gets the wrapping it lacks, unknown elements give way to
// their content. The given tree is not changed.
func repair(n *Node) *Node {
	doc := &Node{Type: typeDoc, Content: repairBlocks(n.Content)}
	if len(doc.Content) == 0 {
		doc.Content = []*Node{{Type: typeParagraph}}
	}
	return doc
}

// repairBlocks makes blocks of any nodes. Inline nodes in a row share a paragraph.
func repairBlocks(nodes []*Node) (blocks []*Node) {
	var loose []*Node
	flush := func() {
		if len(loose) > 0 {
			blocks = append(blocks, &Node{Type: typeParagraph, Content: loose})
			loose = nil
		}
	}
	for _, n := range nodes {
		if in, ok := repairInline(n); ok {
			loose = append(loose, in...)
			continue
		}
		flush()
		blocks = append(blocks, repairBlock(n)...)
	}
	flush()
	return blocks
}

// repairInline returns an inline node with marks of the schema.
func repairInline(n *Node) ([]*Node, bool) {
	spec := schema[n.Type]
	if spec == nil || !spec.inline {
		return nil, false
	}
	if n.Type == typeText && n.Text == "" {
		return nil, true
	}
	c := &Node{Type: n.Type, Attrs: n.Attrs, Text: n.Text}
	for _, m := range n.Marks {
		if markRank(m.Type) <= 3 && !hasMark(c.Marks, m.Type) {
			c.Marks = append(c.Marks, m)
		}
	}
	slices.SortStableFunc(c.Marks, func(a, b Mark) int { return markRank(a.Type) - markRank(b.Type) })
	return []*Node{c}, true
}

func repairBlock(n *Node) []*Node {
	spec := schema[n.Type]
	c := &Node{Type: n.Type, Attrs: n.Attrs}
	if spec == nil {
		if len(n.Content) == 0 && n.Text != "" {
			return []*Node{{Type: typeParagraph, Content: []*Node{{Type: typeText, Text: n.Text}}}}
		}
		return repairBlocks(n.Content)
	}
	switch spec.content {
	case contentInline:
		for _, k := range n.Content {
			in, ok := repairInline(k)
			if !ok {
				return repairSplit(n)
			}
			c.Content = append(c.Content, in...)
		}
	case contentText:
		if text := textContent(n); text != "" {
			c.Content = []*Node{{Type: typeText, Text: text}}
		}
	case contentBlocks:
		if n.Type != typeBlockquote { // doc or a cell in a wrong place
			return repairBlocks(n.Content)
		}
		if c.Content = repairBlocks(n.Content); len(c.Content) == 0 {
			c.Content = []*Node{{Type: typeParagraph}}
		}
	case contentItems:
		for _, k := range wrapOthers(n.Content, typeListItem, func(k *Node) bool { return k.Type == typeListItem }) {
			item := &Node{Type: typeListItem, Content: repairBlocks(k.Content)}
			if len(item.Content) == 0 || item.Content[0].Type != typeParagraph {
				item.Content = slices.Insert(item.Content, 0, &Node{Type: typeParagraph})
			}
			c.Content = append(c.Content, item)
		}
		if len(c.Content) == 0 {
			return nil
		}
	case contentRows:
		for _, row := range wrapOthers(n.Content, typeTableRow, func(k *Node) bool { return k.Type == typeTableRow }) {
			r := &Node{Type: typeTableRow}
			isCell := func(k *Node) bool { return k.Type == typeTableCell || k.Type == typeTableHeader }
			for _, k := range wrapOthers(row.Content, typeTableCell, isCell) {
				cell := &Node{Type: k.Type, Attrs: k.Attrs, Content: repairBlocks(k.Content)}
				if len(cell.Content) == 0 {
					cell.Content = []*Node{{Type: typeParagraph}}
				}
				r.Content = append(r.Content, cell)
			}
			c.Content = append(c.Content, r)
		}
		if len(c.Content) == 0 {
			return nil
		}
	case contentItem, contentCells: // an item or row in a wrong place
		return repairBlocks(n.Content)
	}
	return []*Node{c}
}

// repairSplit lifts the blocks out of a paragraph or heading that holds some.
func repairSplit(n *Node) []*Node {
	blocks := repairBlocks(n.Content)
	if n.Type == typeHeading && len(blocks) > 0 && blocks[0].Type == typeParagraph {
		blocks[0] = &Node{Type: typeHeading, Attrs: n.Attrs, Content: blocks[0].Content}
	}
	return blocks
}

// wrapOthers puts nodes in a row that do not fit into one node of the type that does.
func wrapOthers(nodes []*Node, typ string, fits func(*Node) bool) (out []*Node) {
	var wrap *Node
	for _, n := range nodes {
		if fits(n) {
			wrap = nil
			out = append(out, n)
			continue
		}
		if wrap == nil {
			wrap = &Node{Type: typ}
			out = append(out, wrap)
		}
		wrap.Content = append(wrap.Content, n)
	}
	return out
}

package markdown

import (
	"strings"
)

// normalForm is what Parse(Canonical(doc)) has to be: the document without what Markdown
// cannot say. It is written apart from the serializer, as the rules stand in doc.go.
func normalForm(doc *Node) *Node {
	if !valid(doc) {
		doc = repair(doc)
	}
	return &Node{Type: typeDoc, Content: orEmpty(normalBlocks(doc.Content))}
}

func isRawText(n *Node) bool {
	return n.Type == typeText && len(n.Marks) > 0 && attrString(n.Marks[0].Attrs, "href") == rawHref
}

func orEmpty(blocks []*Node) []*Node {
	if len(blocks) == 0 {
		return []*Node{{Type: typeParagraph}}
	}
	return blocks
}

func normalBlocks(nodes []*Node) (out []*Node) {
	for i, n := range nodes {
		c := &Node{Type: n.Type, Attrs: n.Attrs}
		switch n.Type {
		case typeParagraph:
			if isBlank(n) {
				continue // an empty paragraph has no Markdown
			}
			c.Content = normalText(n.Content, inBlock)
			if len(c.Content) > 0 && isRawText(c.Content[0]) {
				// HTML at the start of a paragraph is read as a block of HTML.
				back, err := Parse(Canonical(&Node{Type: typeDoc, Content: []*Node{n}}))
				if err != nil {
					panic(err)
				}
				out = append(out, back.Content...)
				continue
			}
		case typeHeading:
			c.Attrs = []Attr{{"level", headingLevel(n)}}
			c.Content = normalText(n.Content, inHeading)
		case typeCodeBlock:
			params, _ := n.Attr("params")
			info, _ := params.(string)
			if text := normalLines(textContent(n)); info == rawParams && (&parser{}).canStandRaw(text, 0, i == len(nodes)-1) {
				// A raw block is Markdown; usually it reads back as one.
				back, err := Parse([]byte(text))
				if err != nil {
					panic(err)
				}
				out = append(out, back.Content...)
				continue
			}
			c.Attrs = []Attr{{"params", strings.ReplaceAll(normalLines(info), "\n", " ")}}
			if text := normalLines(textContent(n)); text != "" {
				c.Content = []*Node{{Type: typeText, Text: cleanText(text)}}
			}
		case typeBlockquote:
			c.Content = orEmpty(normalBlocks(n.Content))
		case typeBulletList, typeOrderedList:
			if n.Type == typeOrderedList {
				c.Attrs = []Attr{{"order", listOrder(n)}}
			}
			for _, item := range n.Content {
				kids := normalBlocks(item.Content)
				if len(kids) == 0 || kids[0].Type != typeParagraph {
					kids = append([]*Node{{Type: typeParagraph}}, kids...)
				}
				c.Content = append(c.Content, &Node{Type: typeListItem, Content: kids})
			}
			if len(c.Content) == 0 {
				continue
			}
		case typeTable:
			if !hasCells(n) {
				continue
			}
			c.Content = normalRows(n)
		}
		out = append(out, c)
	}
	return out
}

// normalRows makes the first row the header, all rows as long as the longest, and every
// column as the header aligns it.
func normalRows(table *Node) (rows []*Node) {
	columns := 0
	for _, row := range table.Content {
		columns = max(columns, len(row.Content))
	}
	var attrs [][]Attr
	for _, row := range table.Content {
		if len(row.Content) == 0 {
			continue
		}
		r := &Node{Type: typeTableRow}
		for i := range columns {
			c := &Node{Type: typeTableCell, Content: []*Node{{Type: typeParagraph}}}
			if len(rows) == 0 {
				c.Type = typeTableHeader
				align := ""
				if i < len(row.Content) {
					switch a := attrString(row.Content[i].Attrs, "align"); a {
					case "left", "center", "right":
						align = a
					}
				}
				attrs = append(attrs, cellAttrs(align))
			}
			c.Attrs = attrs[i]
			if i < len(row.Content) {
				content := flatten(nil, row.Content[i])
				if k := row.Content[i].Content; len(k) == 1 && k[0].Type == typeParagraph {
					content = k[0].Content
				}
				c.Content[0].Content = normalText(content, inCell)
			}
			r.Content = append(r.Content, c)
		}
		rows = append(rows, r)
	}
	return rows
}

// normalText is inline content in normal form, as nodes.
func normalText(nodes []*Node, at place) (out []*Node) {
	for _, p := range normalInline(nodes, at, false) {
		n := p.atom
		if n == nil {
			n = &Node{Type: typeText, Text: p.text}
		} else {
			n = &Node{Type: n.Type, Attrs: n.Attrs}
		}
		if p.link != nil {
			n.Marks = append(n.Marks, Mark{markLink, linkAttrs(p.link.href, p.link.title)})
		}
		if p.raw {
			n.Marks = append(n.Marks, Mark{markLink, rawLink})
		}
		for i, on := range []bool{p.em, p.strong, p.code} {
			if on {
				n.Marks = append(n.Marks, plainMarks[1<<i][0])
			}
		}
		out = append(out, n)
	}
	return out
}

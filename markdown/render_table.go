package markdown

import (
	"strings"
)

// table writes a table row by row. A row that reads as it did keeps its bytes,
// a changed row keeps those of its unchanged cells.
func (r *renderer) table(n, old *Node, prefix string) string {
	rows := n.Content
	if len(rows) == 0 {
		return ""
	}
	if old == nil || len(old.Content) == 0 || !sameColumns(rows[0], old.Content[0]) {
		return r.newTable(n, old, prefix)
	}
	lines := r.s.text[old.Content[0].src.end:]
	delimiter := r.delimiterLine(lines)
	f := r.tableFormOf(old, delimiter)
	match := align(rows, old.Content)
	var b strings.Builder
	for i, row := range rows {
		if i > 0 {
			b.WriteString(r.st.eol + prefix)
		}
		if j := match[i]; j >= 0 {
			b.WriteString(r.row(row, old.Content[j], f))
		} else {
			b.WriteString(r.newRow(row, f))
		}
		if i == 0 {
			b.WriteString(r.st.eol + prefix + delimiter)
		}
	}
	return b.String()
}

// sameColumns reports whether two header rows have as many cells, aligned
// alike.
func sameColumns(a, b *Node) bool {
	if len(a.Content) != len(b.Content) {
		return false
	}
	for i, c := range a.Content {
		if attrString(c.Attrs, "align") != attrString(b.Content[i].Attrs, "align") {
			return false
		}
	}
	return true
}

// delimiterLine returns the line below the header row, without what its
// containers put before it.
func (r *renderer) delimiterLine(after string) string {
	after = strings.TrimPrefix(strings.TrimPrefix(after, "\r"), "\n")
	if end := strings.IndexAny(after, "\r\n"); end >= 0 {
		after = after[:end]
	}
	return strings.TrimLeft(after, " \t>")
}

// tableForm is how the rows of one table are written.
type tableForm struct {
	open, close bool  // pipes at both ends of a row
	widths      []int // of the columns where they are padded, in characters
	space       string
}

func (r *renderer) tableFormOf(old *Node, delimiter string) tableForm {
	f := tableForm{
		open:  strings.HasPrefix(delimiter, "|"),
		close: strings.HasSuffix(strings.TrimRight(delimiter, " \t"), "|"),
		space: " ",
	}
	for i, row := range old.Content {
		cells := rawCells(r.raw(row))
		if i == 0 {
			f.widths = make([]int, len(cells))
			for j, c := range cells {
				f.widths[j] = runeCount(c)
			}
			if len(cells) > 0 && !strings.HasPrefix(cells[0], " ") && !strings.HasSuffix(cells[0], " ") {
				f.space = ""
			}
			continue
		}
		for j, c := range cells {
			if j >= len(f.widths) || f.widths[j] != runeCount(c) {
				f.widths = nil // not padded
				break
			}
		}
		if f.widths == nil {
			break
		}
	}
	if len(old.Content) < 2 {
		f.widths = nil
	}
	return f
}

// rawCells splits a row at the pipes that separate cells, spaces kept. The
// pipes at the ends are not part of any cell.
func rawCells(row string) (cells []string) {
	row = strings.TrimRight(row, " \t")
	row = strings.TrimPrefix(row, "|")
	from := 0
	for i := 0; i < len(row); i++ {
		if row[i] == '|' && (i == 0 || row[i-1] != '\\') {
			cells = append(cells, row[from:i])
			from = i + 1
		}
	}
	if from < len(row) || from == 0 {
		cells = append(cells, row[from:])
	}
	return cells
}

// row writes a row that was in the source.
func (r *renderer) row(n, old *Node, f tableForm) string {
	raw := r.raw(old)
	if Equal(n, old) {
		return raw
	}
	cells := rawCells(raw)
	if len(n.Content) != len(old.Content) || len(cells) < len(n.Content) {
		return r.newRow(n, f)
	}
	for i, c := range n.Content {
		if Equal(c, old.Content[i]) {
			continue
		}
		ours := strings.TrimSpace(cells[i])
		text := respell(r.cell(old.Content[i]), ours, r.cell(c))
		if !r.readsCell(text, c) {
			text = r.cell(c)
		}
		cells[i] = padCell(text, f, i, cells[i])
	}
	return joinCells(cells, f)
}

func (r *renderer) newRow(n *Node, f tableForm) string {
	cells := make([]string, len(n.Content))
	for i, c := range n.Content {
		cells[i] = padCell(r.cell(c), f, i, "")
	}
	return joinCells(cells, f)
}

func joinCells(cells []string, f tableForm) string {
	row := strings.Join(cells, "|")
	if f.open || len(cells) == 1 {
		row = "|" + row
	} else {
		row = strings.TrimLeft(row, " ")
	}
	if f.close || len(cells) == 1 || strings.TrimSpace(cells[len(cells)-1]) == "" {
		return row + "|"
	}
	return strings.TrimRight(row, " ")
}

// padCell puts the spaces around a cell that the table has.
func padCell(text string, f tableForm, column int, was string) string {
	text = f.space + text + f.space
	width := 0
	if column < len(f.widths) {
		width = f.widths[column]
	}
	if was != "" && f.widths == nil && runeCount(was) > runeCount(text) && strings.HasSuffix(was, "  ") {
		width = runeCount(was)
	}
	if n := width - runeCount(text); n > 0 {
		text += strings.Repeat(" ", n)
	}
	return text
}

// readsCell reports whether text, as a cell, is read as cell c.
func (r *renderer) readsCell(text string, c *Node) bool {
	doc := r.s.parse("| " + text + " |\n|---|\n")
	if doc == nil || len(doc.Content) != 1 || doc.Content[0].Type != typeTable {
		return false
	}
	row := doc.Content[0].Content[0]
	return len(row.Content) == 1 && sameBlocks(row.Content[0].Content, c.Content)
}

func (r *renderer) newTable(n, old *Node, prefix string) string {
	f := tableForm{open: true, close: true, space: " "}
	if old != nil && len(old.Content) > 0 {
		f = r.tableFormOf(old, r.delimiterLine(r.s.text[old.Content[0].src.end:]))
		if f.widths != nil {
			f.widths = r.columnWidths(n, f)
		}
	}
	var b strings.Builder
	for i, row := range n.Content {
		if i > 0 {
			b.WriteString(r.st.eol + prefix)
		}
		b.WriteString(r.newRow(row, f))
		if i == 0 {
			b.WriteString(r.st.eol + prefix + delimiters(row, f))
		}
	}
	return b.String()
}

func (r *renderer) columnWidths(n *Node, f tableForm) []int {
	var widths []int
	for _, row := range n.Content {
		for i, c := range row.Content {
			w := runeCount(r.cell(c)) + 2*len(f.space)
			if i == len(widths) {
				widths = append(widths, 3+2*len(f.space))
			}
			widths[i] = max(widths[i], w)
		}
	}
	return widths
}

func delimiters(header *Node, f tableForm) string {
	cells := make([]string, len(header.Content))
	for i, c := range header.Content {
		left, right := "", ""
		switch attrString(c.Attrs, "align") {
		case "left":
			left = ":"
		case "center":
			left, right = ":", ":"
		case "right":
			right = ":"
		}
		dashes := 3
		if i < len(f.widths) {
			dashes = max(dashes, f.widths[i]-2*len(f.space))
		}
		dashes -= len(left) + len(right)
		cells[i] = f.space + left + strings.Repeat("-", max(dashes, 1)) + right + f.space
	}
	return joinCells(cells, f)
}

package markdown

import (
	"strings"
	"unicode"
)

// maxFilledCells is how many missing cells of short rows one table may get; the table ends
// at the row that needs more.
const maxFilledCells = 1 << 16

// isTable reports whether a table begins at the line.
func (p *parser) isTable(l, end int32) bool {
	_, cells := p.tableHead(l, end)
	return cells != nil
}

// tableHead reads the header and delimiter rows of a table that begins at line l.
func (p *parser) tableHead(l, end int32) (delimiters string, cells []string) {
	if l+2 > end {
		return "", nil
	}
	ln := &p.lines[l+1]
	if ln.first+1 >= ln.end || ln.indent < p.blk || ln.indent-p.blk >= 4 {
		return "", nil
	}
	c, d := p.src[ln.first], p.src[ln.first+1]
	if c != '|' && c != '-' && c != ':' || d != '|' && d != '-' && d != ':' && !isSpace(d) || c == '-' && isSpace(d) {
		return "", nil
	}
	delimiters = p.rest(l + 1)
	columns := countColumns(delimiters)
	if columns == 0 || p.lines[l].indent-p.blk >= 4 {
		return "", nil
	}
	head := trimJS(p.rest(l))
	if strings.IndexByte(head, '|') < 0 {
		return "", nil
	}
	p.cells = splitRow(p.cells[:0], head)
	if len(p.cells) != columns {
		return "", nil
	}
	return delimiters, p.cells
}

// countColumns returns how many columns a delimiter row describes, 0 if it is none.
func countColumns(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '|' && c != '-' && c != ':' && !isSpace(c) {
			return 0
		}
	}
	for i, more := 0, true; more; i++ {
		var col string
		col, s, more = strings.Cut(s, "|")
		col = trimJS(col)
		if col == "" {
			if i == 0 || !more {
				continue
			}
			return 0
		}
		dashes := strings.TrimSuffix(strings.TrimPrefix(col, ":"), ":")
		if dashes == "" || strings.Trim(dashes, "-") != "" {
			return 0
		}
		n++
	}
	return n
}

// alignments returns the shared attributes of the cells of each column.
func alignments(delimiters string) (attrs [][]Attr) {
	for _, col := range strings.Split(delimiters, "|") {
		col = trimJS(col)
		if col == "" {
			continue
		}
		left, right := col[0] == ':', col[len(col)-1] == ':'
		switch {
		case left && right:
			attrs = append(attrs, alignCenter)
		case right:
			attrs = append(attrs, alignRight)
		case left:
			attrs = append(attrs, alignLeft)
		default:
			attrs = append(attrs, alignNone)
		}
	}
	return attrs
}

var (
	alignNone   = cellAttrs("")
	alignLeft   = cellAttrs("left")
	alignCenter = cellAttrs("center")
	alignRight  = cellAttrs("right")
)

// splitRow appends the cells of a trimmed table row. A pipe behind a backslash is text.
func splitRow(cells []string, row string) []string {
	first := len(cells)
	escaped := false
	from := 0
	var joined []byte // the cell so far, if it has escaped pipes
	cell := func(end int) {
		if joined == nil {
			cells = append(cells, row[from:end])
		} else {
			cells = append(cells, string(append(joined, row[from:end]...)))
			joined = nil
		}
	}
	for i := 0; i < len(row); i++ {
		if row[i] == '|' {
			if escaped {
				joined = append(joined, row[from:i-1]...)
				from = i
			} else {
				cell(i)
				from = i + 1
			}
		}
		escaped = row[i] == '\\'
	}
	cell(len(row))
	if cells[first] == "" {
		copy(cells[first:], cells[first+1:])
		cells = cells[:len(cells)-1]
	}
	if n := len(cells); n > first && cells[n-1] == "" {
		cells = cells[:n-1]
	}
	return cells
}

func (p *parser) table(start, end int32) bool {
	delimiters, cells := p.tableHead(start, end)
	if cells == nil {
		return false
	}
	attrs := alignments(delimiters)
	t := p.push(typeTable, p.lines[start].first)
	mark := len(p.stack)
	p.row(start, typeTableHeader, attrs, cells)

	inPara := p.inPara
	p.inPara = false
	filled := 0
	l := start + 2
	for ; l < end; l++ {
		if p.lines[l].indent < p.blk || p.interrupts(l, end, inQuote) {
			break
		}
		row := trimJS(p.rest(l))
		if row == "" || p.lines[l].indent-p.blk >= 4 {
			break
		}
		p.cells = splitRow(p.cells[:0], row)
		if filled += len(attrs) - len(p.cells); filled > maxFilledCells || p.nodes.count > MaxNodes {
			break
		}
		p.row(l, typeTableCell, attrs, p.cells)
	}
	p.inPara = inPara
	t.Content = p.pop(mark)
	t.src.end = p.lines[l-1].end
	p.line = l
	return true
}

// row adds one table row. Cells beyond the columns are dropped from the view only: they stay
// in the row's source.
func (p *parser) row(l int32, cellType string, attrs [][]Attr, cells []string) {
	r := p.push(typeTableRow, p.lines[l].first)
	r.src.end = p.lines[l].end
	r.Content = p.nodes.list(len(attrs))
	for i := range attrs {
		c := p.nodes.new(cellType)
		c.Attrs = attrs[i]
		c.Content = p.nodes.list(1)
		para := p.nodes.new(typeParagraph)
		c.Content[0] = para
		r.Content[i] = c
		if i < len(cells) {
			p.later(para, trimJS(cells[i]), true)
		}
	}
}

// trimJS cuts white space as JavaScript's trim does.
func trimJS(s string) string {
	for s != "" && s[0] < 0x80 && s[len(s)-1] < 0x80 {
		if isASCIISpace(s[0]) {
			s = s[1:]
		} else if isASCIISpace(s[len(s)-1]) {
			s = s[:len(s)-1]
		} else {
			return s
		}
	}
	return strings.TrimFunc(s, isJSSpace)
}

func isASCIISpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isJSSpace reports whether \s of a JavaScript regular expression matches r.
func isJSSpace(r rune) bool {
	if r < 0x80 {
		return isASCIISpace(byte(r))
	}
	return r == 0xA0 || r == 0xFEFF || r == 0x2028 || r == 0x2029 || unicode.Is(unicode.Zs, r)
}

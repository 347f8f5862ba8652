package markdown

import "strings"

// line is one line of the source as the container being read sees it. Quotes move beg past
// their sign, list items move indent, while their content is read.
type line struct {
	beg    int32 // where the container's content begins
	first  int32 // first byte that is not a space or tab
	end    int32 // end without the line ending
	indent int32 // columns between beg and first, tabs expanded; -1 = lazy continuation
	shift  int32 // columns before beg, for tabs
}

// scanLines splits the source at \n, \r\n and \r. A sentinel line follows the last.
func (p *parser) scanLines() {
	src := p.src
	p.lines = make([]line, 0, strings.Count(src, "\n")+2)
	for pos := 0; pos < len(src); {
		var next, end int
		rest := src[pos:]
		if i := strings.IndexByte(rest, '\n'); i < 0 {
			end, next = len(src), len(src)
		} else {
			end, next = pos+i, pos+i+1
		}
		if i := strings.IndexByte(src[pos:end], '\r'); i >= 0 {
			end, next = pos+i, pos+i+1
			if next < len(src) && src[next] == '\n' {
				next++
			}
		}
		first, indent := pos, int32(0)
		for first < end {
			if src[first] == ' ' {
				indent++
			} else if src[first] == '\t' {
				indent += 4 - indent%4
			} else {
				break
			}
			first++
		}
		if first == len(src) {
			break // spaces after the last line ending are no line
		}
		p.lines = append(p.lines, line{beg: int32(pos), first: int32(first), end: int32(end), indent: indent})
		pos = next
	}
	n := int32(len(src))
	p.lineMax = int32(len(p.lines))
	p.lines = append(p.lines, line{beg: n, first: n, end: n})
}

func (p *parser) blank(l int32) bool { return p.lines[l].first >= p.lines[l].end }

// rest returns the line from its first visible byte on.
func (p *parser) rest(l int32) string { return p.src[p.lines[l].first:p.lines[l].end] }

// endOf returns the end of the last line in [start, end) that is not blank.
func (p *parser) endOf(start, end int32) int32 {
	for end > start+1 && p.blank(end-1) {
		end--
	}
	return p.lines[end-1].end
}

// cutIndent returns where the content of a line begins after up to indent columns, and how
// many columns of a tab stick out beyond them.
func (p *parser) cutIndent(l int32, indent int32) (pos, spaces int32) {
	ln := &p.lines[l]
	col := int32(0)
	for pos = ln.beg; pos < ln.end && col < indent; pos++ {
		switch c := p.src[pos]; {
		case c == '\t':
			col += 4 - (col+ln.shift)%4
		case c == ' ' || pos < ln.first: // before first also stand list markers
			col++
		default:
			return pos, 0
		}
	}
	return pos, max(0, col-indent)
}

// join returns the lines [start, end) without indent columns in front, separated by \n.
func (p *parser) join(start, end int32, indent int32) string {
	if start >= end {
		return ""
	}
	// Often the bytes stand in the source as they are.
	whole := true
	for l := start + 1; l < end && whole; l++ {
		prev, ln := &p.lines[l-1], &p.lines[l]
		whole = ln.beg == prev.end+1 && p.src[prev.end] == '\n' && (indent == 0 || ln.first == ln.beg)
	}
	pos, spaces := p.cutIndent(start, indent)
	if whole && spaces == 0 {
		return p.src[pos:p.lines[end-1].end]
	}
	var b strings.Builder
	b.Grow(int(p.lines[end-1].end - pos))
	for l := start; l < end; l++ {
		if l > start {
			b.WriteByte('\n')
			pos, spaces = p.cutIndent(l, indent)
		}
		for range spaces {
			b.WriteByte(' ')
		}
		b.WriteString(p.src[pos:p.lines[l].end])
	}
	return b.String()
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// skipSpaces returns the first position from pos on that holds no space or tab.
func skipSpaces(s string, pos, end int32) int32 {
	for pos < end && isSpace(s[pos]) {
		pos++
	}
	return pos
}

// trimBlock cuts what surrounds the text of a block. Other white space is content.
func trimBlock(s string) string { return strings.Trim(s, " \t\n\r") }

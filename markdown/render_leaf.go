package markdown

import "strings"

// leaf writes a block without blocks inside, other than code.
func (r *renderer) leaf(n, old *Node, prefix string) string {
	switch n.Type {
	case typeHeading:
		return r.heading(n, old, prefix)
	case typeRule:
		return r.st.rule
	case typeParagraph:
		return r.paragraph(n, old, prefix)
	}
	return string(Canonical(&Node{Type: typeDoc, Content: []*Node{n}}))
}

// indent puts the prefix before every line but the first and gives the text
// the line endings of the source.
func (r *renderer) indent(text, prefix string) string {
	if prefix == "" && r.st.eol == "\n" || strings.IndexByte(text, '\n') < 0 {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString(r.st.eol)
			if line == "" {
				b.WriteString(strings.TrimRight(prefix, " \t"))
				continue
			}
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return b.String()
}

// unindent returns the lines of a block of the source without what its
// containers put before them.
func (r *renderer) unindent(old *Node, prefix string) string {
	raw := r.raw(old)
	if strings.IndexByte(raw, '\r') >= 0 {
		raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\r", "\n")
	}
	if prefix == "" || strings.IndexByte(raw, '\n') < 0 {
		return raw
	}
	lines := strings.Split(raw, "\n")
	for i, line := range lines[1:] {
		lines[i+1] = cutPrefix(line, prefix)
	}
	return strings.Join(lines, "\n")
}

// cutPrefix removes a container's prefix, or as much of it as a lazy line has.
func cutPrefix(line, prefix string) string {
	if rest, ok := strings.CutPrefix(line, prefix); ok {
		return rest
	}
	for i := 0; i < len(prefix) && line != ""; i++ {
		switch {
		case line[0] == prefix[i], prefix[i] != '>' && isSpace(line[0]):
			line = line[1:]
		case prefix[i] == '>' && strings.HasPrefix(strings.TrimLeft(line, " \t"), ">"):
			line = strings.TrimLeft(line, " \t")[1:]
		}
	}
	return line
}

func (r *renderer) paragraph(n, old *Node, prefix string) string {
	plain := r.inline(n)
	want := []*Node{n}
	if old != nil {
		ours := r.unindent(old, prefix)
		kept := respell(r.inline(old), ours, plain)
		if wrapped := r.rewrap(kept, ours, prefix); wrapped != kept && r.s.reads(wrapped, want) {
			return wrapped
		}
		if r.s.reads(kept, want) {
			return kept
		}
	}
	if r.st.wrap > 0 {
		if wrapped := r.rewrap(plain, "", prefix); wrapped != plain && r.s.reads(wrapped, want) {
			return wrapped
		}
	}
	return plain
}

// rewrap breaks the lines that an edit made longer than the text's own column;
// what is left over moves into the next line. Lines that were as long before
// stay.
func (r *renderer) rewrap(text, before, prefix string) string {
	limit := r.st.wrap - runeCount(prefix)
	if r.st.wrap == 0 || limit < 20 {
		return text
	}
	had := make(map[string]bool)
	for _, l := range strings.Split(before, "\n") {
		had[l] = true
	}
	var out []string
	carry := ""
	for _, line := range strings.Split(text, "\n") {
		hard := strings.HasSuffix(line, "\\") || strings.HasSuffix(line, "  ")
		if carry != "" {
			line = carry + " " + strings.TrimLeft(line, " ")
			carry = ""
		}
		for runeCount(line) > limit && !had[line] {
			at := breakAt(line, limit)
			if at < 0 {
				break
			}
			rest := line[at+1:]
			out = append(out, line[:at])
			line = rest
			if !hard && runeCount(rest) <= limit {
				carry = rest
				break
			}
		}
		if carry == "" {
			out = append(out, line)
		}
	}
	if carry != "" {
		out = append(out, carry)
	}
	return strings.Join(out, "\n")
}

// breakAt returns the last space within limit characters, or the first after,
// or -1.
func breakAt(line string, limit int) int {
	at, chars := -1, 0
	for i, c := range line {
		if c == ' ' && i > 0 {
			if chars <= limit || at < 0 {
				at = i
			}
			if chars > limit {
				break
			}
		}
		chars++
	}
	return at
}

func (r *renderer) heading(n, old *Node, prefix string) string {
	level, _ := number(attrValueOf(n, "level"))
	signs := strings.Repeat("#", min(max(int(level), 1), 6))
	plain := r.inline(n)
	setext, closing := r.st.setext, r.st.closing
	if old == nil {
		return headingText(plain, signs, setext, closing, 0)
	}
	ours := r.unindent(old, prefix)
	underline := 0
	if setext = ours != "" && ours[0] != '#'; setext {
		cut := strings.LastIndexByte(ours, '\n')
		underline = len(strings.TrimSpace(ours[cut+1:]))
		ours = ours[:max(cut, 0)]
		if underline == runeCount(strings.TrimSpace(ours)) {
			underline = 0 // as long as the text: so it shall be again
		}
	} else {
		ours = strings.Trim(strings.TrimLeft(ours, "#"), " \t")
		if bare := strings.TrimRight(ours, "#"); bare != ours && (bare == "" || isSpace(bare[len(bare)-1])) {
			ours, closing = strings.TrimRight(bare, " \t"), true
		} else {
			closing = false
		}
	}
	text := headingText(respell(r.inline(old), ours, plain), signs, setext, closing, underline)
	if r.s.reads(text, []*Node{n}) {
		return text
	}
	return headingText(plain, signs, false, false, 0)
}

func headingText(text, signs string, setext, closing bool, underline int) string {
	if setext && len(signs) <= 2 && text != "" {
		if underline == 0 {
			underline = max(runeCount(text[strings.LastIndexByte(text, '\n')+1:]), 3)
		}
		return text + "\n" + strings.Repeat(string("=-"[len(signs)-1]), underline)
	}
	if text == "" {
		return signs
	}
	if closing {
		return signs + " " + text + " " + signs
	}
	return signs + " " + text
}

func attrValueOf(n *Node, name string) any {
	v, _ := n.Attr(name)
	return v
}

func (r *renderer) code(n, old *Node, prefix string) string {
	text := ""
	for _, c := range n.Content {
		text += c.Text
	}
	want := []*Node{n}
	if isRaw(n) {
		if r.s.reads(text, want) {
			return text
		}
		return string(Canonical(&Node{Type: typeDoc, Content: want}))
	}
	params := attrString(n.Attrs, "params")
	sign, size, info := r.st.fence, 3, params
	if old != nil {
		ours := r.unindent(old, prefix)
		if ours != "" && (ours[0] == '`' || ours[0] == '~') {
			open, _, _ := strings.Cut(ours, "\n")
			n, oldInfo, _ := fenceStart(open)
			sign, size = open[0], n
			if attrString(old.Attrs, "params") == params {
				info = oldInfo
			}
		} else if params == "" {
			if indented := indentCode(text); r.s.reads(indented, want) {
				return indented
			}
		}
	}
	size = max(size, longestRun(text, sign)+1)
	fence := strings.Repeat(string(sign), size)
	if text != "" {
		text += "\n"
	}
	return fence + info + "\n" + text + fence
}

func indentCode(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "    " + l
		}
	}
	return strings.Join(lines, "\n")
}

// longestRun returns the length of the longest run of c that is long enough to
// look like a fence, else 2.
func longestRun(s string, c byte) int {
	longest := 2
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && s[i+n] == c {
			n++
		}
		longest = max(longest, n)
		i += n + 1
	}
	return longest
}

package markdown

import "strings"

// htmlKind is one of the seven ways CommonMark lets an HTML block begin, 0 for none.
type htmlKind uint8

const (
	htmlScript htmlKind = iota + 1 // script, pre, style, textarea
	htmlComment
	htmlProcessing
	htmlDeclaration
	htmlCDATA
	htmlBlockTag
	htmlAnyTag
)

// interrupts reports whether such a block may end a paragraph.
func (k htmlKind) interrupts() bool { return k != 0 && k != htmlAnyTag }

// htmlStart returns the kind of HTML block that a line begins. A CivicPress reference is a
// comment in form but text in meaning, so it begins none.
func htmlStart(s string) htmlKind {
	if len(s) < 2 || s[0] != '<' {
		return 0
	}
	switch c := s[1]; {
	case c == '!':
		switch {
		case strings.HasPrefix(s, "<!--"):
			if civicRefLen(s) > 0 {
				return 0
			}
			return htmlComment
		case strings.HasPrefix(s, "<![CDATA["):
			return htmlCDATA
		case len(s) > 2 && s[2] >= 'A' && s[2] <= 'Z':
			return htmlDeclaration
		}
		return 0
	case c == '?':
		return htmlProcessing
	case c != '/' && !isLetter(c):
		return 0
	}
	name := 1
	if s[1] == '/' {
		name = 2
	}
	end := name
	for end < len(s) && (isLetter(s[end]) || isDigit(s[end])) {
		end++
	}
	tag := strings.ToLower(s[name:min(end, name+12)])
	after := byte('\n')
	if end < len(s) {
		after = s[end]
	}
	if name == 1 && (after == '>' || isASCIISpace(after)) {
		switch tag {
		case "script", "pre", "style", "textarea":
			return htmlScript
		}
	}
	if htmlBlockTags[tag] && (after == '>' || isASCIISpace(after) || strings.HasPrefix(s[end:], "/>")) {
		return htmlBlockTag
	}
	n := openTag(s)
	if n == 0 {
		n = closeTag(s)
	}
	if n > 0 && trimJS(s[n:]) == "" {
		return htmlAnyTag
	}
	return 0
}

// closes reports whether a line ends the block that began before or on it. For the last two
// kinds that is a blank line, which is not part of the block.
func (k htmlKind) closes(s string) bool {
	switch k {
	case htmlScript:
		for i := strings.Index(s, "</"); i >= 0; {
			t := strings.ToLower(s[i+2 : min(len(s), i+11)])
			for _, tag := range [...]string{"script>", "pre>", "style>", "textarea>"} {
				if strings.HasPrefix(t, tag) {
					return true
				}
			}
			next := strings.Index(s[i+2:], "</")
			if next < 0 {
				break
			}
			i += 2 + next
		}
		return false
	case htmlComment:
		return strings.Contains(s, "-->")
	case htmlProcessing:
		return strings.Contains(s, "?>")
	case htmlDeclaration:
		return strings.Contains(s, ">")
	case htmlCDATA:
		return strings.Contains(s, "]]>")
	}
	return s == ""
}

func (p *parser) htmlBlock(start, end int32) bool {
	kind := htmlStart(p.rest(start))
	if kind == 0 {
		return false
	}
	l := start + 1
	if !kind.closes(p.rest(start)) {
		for ; l < end; l++ {
			if p.lines[l].indent < p.blk && (kind >= htmlBlockTag || !p.blank(l)) {
				break
			}
			if kind.closes(p.rest(l)) {
				if kind < htmlBlockTag {
					l++
				}
				break
			}
		}
	}
	p.rawBlock(start, l)
	p.line = l
	return true
}

var htmlBlockTags = func() map[string]bool {
	m := make(map[string]bool)
	for _, tag := range strings.Fields(`address article aside base basefont blockquote body caption
		center col colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form
		frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu menuitem
		nav noframes ol optgroup option p param search section summary table tbody td tfoot th thead
		title tr track ul`) {
		m[tag] = true
	}
	return m
}()

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// openTag returns the length of the opening tag that s begins with, or 0.
func openTag(s string) int {
	if len(s) < 3 || s[0] != '<' || !isLetter(s[1]) {
		return 0
	}
	i := 2
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '-') {
		i++
	}
	for {
		space := i
		i = skipJSSpace(s, i)
		if i >= len(s) {
			return 0
		}
		if i > space && (isLetter(s[i]) || s[i] == '_' || s[i] == ':') {
			i++
			for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == ':' || s[i] == '.' || s[i] == '_' || s[i] == '-') {
				i++
			}
			eq := skipJSSpace(s, i)
			if eq >= len(s) || s[eq] != '=' {
				continue
			}
			if i = attrValue(s, skipJSSpace(s, eq+1)); i == 0 {
				return 0
			}
			continue
		}
		if s[i] == '/' {
			i++
		}
		if i < len(s) && s[i] == '>' {
			return i + 1
		}
		return 0
	}
}

// attrValue returns the position after the attribute value at i, or 0.
func attrValue(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	if q := s[i]; q == '"' || q == '\'' {
		n := strings.IndexByte(s[i+1:], q)
		if n < 0 {
			return 0
		}
		return i + n + 2
	}
	from := i
	for i < len(s) && s[i] > ' ' && strings.IndexByte("\"'=<>`", s[i]) < 0 {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

func skipJSSpace(s string, i int) int {
	for i < len(s) {
		if s[i] < 0x80 {
			if !isASCIISpace(s[i]) {
				break
			}
			i++
			continue
		}
		t := strings.TrimLeftFunc(s[i:], isJSSpace)
		if len(t) == len(s)-i {
			break
		}
		i = len(s) - len(t)
	}
	return i
}

// closeTag returns the length of the closing tag that s begins with, or 0.
func closeTag(s string) int {
	if len(s) < 4 || s[0] != '<' || s[1] != '/' || !isLetter(s[2]) {
		return 0
	}
	i := 3
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '-') {
		i++
	}
	if i = skipJSSpace(s, i); i < len(s) && s[i] == '>' {
		return i + 1
	}
	return 0
}

// commentLen returns the length of the comment that s begins with, or 0. A dash that pairs
// with the next byte hides it: `--->` does not close.
func commentLen(s string) int {
	if strings.HasPrefix(s, "<!-->") {
		return 5
	}
	if strings.HasPrefix(s, "<!--->") {
		return 6
	}
	for i := 4; i < len(s); {
		n := strings.IndexByte(s[i:], '-')
		if n < 0 {
			return 0
		}
		i += n
		switch {
		case i+1 < len(s) && s[i+1] != '-':
			i += 2
		case i+2 < len(s) && s[i+2] == '>':
			return i + 3
		default:
			i += 3
		}
	}
	return 0
}

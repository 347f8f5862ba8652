package markdown

import (
	"strings"
	"unicode/utf8"
)

// simple reports whether the usual form of inline content surely reads back, so that it need
// not be tried. It knows the common cases only: text, single marks at word ends, plain links,
// images and references.
func simple(nodes []*Node, at place) bool {
	lineStart := true
	marked := false // the node before has a mark that delimiters show
	for i, n := range nodes {
		if len(n.Marks) > 1 {
			return false
		}
		switch n.Type {
		case typeText:
			if lineStart && !safeStart(n.Text, at) {
				return false
			}
			if len(n.Marks) == 0 {
				if !simpleText(n.Text, at) {
					return false
				}
				marked = false
				break
			}
			if marked || !simpleMark(nodes, i, at) {
				return false
			}
			marked = true
		case typeHardBreak:
			if at == inHeading || len(n.Marks) > 0 {
				return false
			}
			marked, lineStart = false, at == inBlock
			continue
		case typeImage:
			alt := attrString(n.Attrs, "alt")
			if len(n.Marks) > 0 || attrString(n.Attrs, "title") != "" || !simpleHref(attrString(n.Attrs, "src")) ||
				alt != "" && (!safeStart(alt, inBlock) || !simpleText(alt, at)) {
				return false
			}
			marked = false
		case typeCivicRef:
			if len(n.Marks) > 0 || !simpleRef(n) {
				return false
			}
			marked = false
		default:
			return false
		}
		lineStart = false
	}
	return true
}

// safeStart reports whether text begins with what begins no block.
func safeStart(s string, at place) bool {
	if s == "" {
		return false
	}
	if c := s[0]; c < utf8.RuneSelf {
		if isLetter(c) || strings.IndexByte(`$("'%,.;`, c) >= 0 {
			return true
		}
		// The usual escape of "1. " makes any white space a space.
		return at != inBlock && c > ' ' && !strings.HasPrefix(strings.TrimLeft(s, "0123456789"), ".")
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r != utf8.RuneError && !isJSSpace(r)
}

func simpleText(s string, at place) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\n', '\r', 0:
			return false
		case '<', '&':
			if i+1 == len(s) || s[i+1] != ' ' && !isDigit(s[i+1]) {
				return false
			}
		case '_':
			if i > 0 && s[i-1] == '_' || i+1 < len(s) && s[i+1] == '_' {
				return false
			}
		case '#':
			if at == inHeading {
				return false
			}
		}
	}
	return utf8.ValidString(s)
}

// simpleMark reports whether the mark of node i begins and ends at words, with space or
// nothing or a harmless sign around.
func simpleMark(nodes []*Node, i int, at place) bool {
	n := nodes[i]
	m := n.Marks[0]
	if m.Type == markCode {
		return !strings.ContainsAny(n.Text, "`\n\r") && n.Text[0] > ' ' && n.Text[len(n.Text)-1] > ' ' && utf8.ValidString(n.Text)
	}
	if !simpleText(n.Text, at) || !wordEnd(n.Text[0]) || !wordEnd(n.Text[len(n.Text)-1]) {
		return false
	}
	if m.Type == markLink {
		if i > 0 && strings.HasSuffix(nodes[i-1].Text, "!") {
			return false
		}
		title := attrString(m.Attrs, "title")
		return simpleHref(attrString(m.Attrs, "href")) && !strings.ContainsAny(title, "\"\\&\n\r\x00") &&
			utf8.ValidString(title) && !isPlainURL(m, nodes, i)
	}
	return (i == 0 || nodes[i-1].Type == typeText && gap(nodes[i-1].Text[len(nodes[i-1].Text)-1])) &&
		(i+1 == len(nodes) || nodes[i+1].Type == typeText && gap(nodes[i+1].Text[0]))
}

func wordEnd(c byte) bool { return isLetter(c) || isDigit(c) }

// gap reports whether c next to a delimiter makes it one.
func gap(c byte) bool { return strings.IndexByte(" .,;:?)(", c) >= 0 }

func simpleHref(s string) bool {
	return s != "" && s != rawHref && plainURL(s) && !strings.ContainsAny(s, "&")
}

// simpleRef reports whether a reference needs nothing but the usual escapes.
func simpleRef(n *Node) bool {
	ref := civicRef{attrText(n, "refType"), attrText(n, "id"), attrText(n, "label")}
	switch ref.typ {
	case "record", "geography", "attachment":
	default:
		return false
	}
	return ref.id != "" && !strings.ContainsAny(ref.id+ref.label, "\"&\n\r") && !strings.Contains(ref.id+ref.label, "-")
}

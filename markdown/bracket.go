package markdown

import "strings"

// open notes a bracket at pos.
func (in *inline) open(pos int32, image bool) {
	if n := len(in.brackets); n > 0 {
		in.brackets[n-1].nested = true
		if n-in.dropped >= maxBrackets {
			in.dropped++
			if in.dropped == 8*maxBrackets {
				in.brackets = in.brackets[:copy(in.brackets, in.brackets[in.dropped:])]
				in.dropped = 0
			}
		}
	}
	in.brackets = append(in.brackets, bracket{tok: int32(len(in.toks)), pos: pos + 1,
		delims: int32(len(in.delims)), raws: in.raws, image: image})
	in.from = pos
	in.flush(pos + 1)
}

// closeBracket reads a closing bracket and returns the position to go on at.
func (in *inline) closeBracket(pos int32) int32 {
	if len(in.brackets) == in.dropped {
		return pos + 1
	}
	in.flush(pos)
	top := len(in.brackets) - 1
	b := in.brackets[top]
	in.brackets = in.brackets[:top]
	if b.image {
		if ref, end, ok := in.target(b, pos, true); ok {
			in.image(b, pos, end, ref)
			return end
		}
	}
	if !b.linked {
		if ref, end, ok := in.target(b, pos, false); ok {
			in.link(b, end, ref)
			return end
		}
	}
	if top > in.dropped {
		outer := &in.brackets[top-1]
		outer.nested = true
		outer.linked = outer.linked || b.linked
	}
	return pos + 1
}

// target reads what follows the closing bracket at pos and says where the link leads.
func (in *inline) target(b bracket, pos int32, image bool) (ref reference, end int32, ok bool) {
	s := in.s
	n := int32(len(s))
	next := pos + 1
	if next < n && s[next] == '(' {
		ref, next, ok = in.inlineTarget(next + 1)
		if ok || image || next >= n {
			return ref, next, ok
		}
		next++ // where the existing editor looks for a label then
	}
	if len(in.p.refs) == 0 {
		return ref, 0, false
	}
	end = pos + 1
	label := ""
	if next < n && s[next] == '[' {
		if close := in.labelClose(next); close >= 0 {
			label = s[next+1 : close]
			end = close + 1
		}
	}
	if label == "" {
		if b.nested {
			return ref, 0, false
		}
		label = s[b.pos:pos]
	}
	if len(label) > 999 {
		return ref, 0, false
	}
	ref, ok = in.p.refs[labelKey(in.p.text(label))]
	return ref, end, ok
}

// inlineTarget reads a target in parentheses from pos. If it fails, end is where.
func (in *inline) inlineTarget(pos int32) (ref reference, end int32, ok bool) {
	s := in.s
	pos = in.skipBlank(pos)
	if int(pos) >= len(s) {
		return ref, pos, false
	}
	if dest, after, ok := linkDestination(s, int(pos)); ok {
		if href := normalizeLink(in.p.text(dest)); validLink(href) {
			ref.href = href
			pos = int32(after)
		}
		gap := pos
		pos = in.skipBlank(pos)
		if gap != pos {
			if title, after, state := linkTitle(s, int(pos)); state == titleClosed {
				ref.title = in.p.text(title)
				pos = in.skipBlank(int32(after))
			}
		}
	}
	if int(pos) >= len(s) || s[pos] != ')' {
		return ref, pos, false
	}
	return ref, pos + 1, true
}

func (in *inline) skipBlank(pos int32) int32 {
	for int(pos) < len(in.s) && (isSpace(in.s[pos]) || in.s[pos] == '\n') {
		pos++
	}
	return pos
}

// labelClose returns the bracket that closes the one at pos, or -1. Brackets in code and
// HTML do not count.
func (in *inline) labelClose(pos int32) int32 {
	s := in.s
	level := 0
	limit := min(int32(len(s)), pos+1001)
	for i := pos; i < limit; {
		switch s[i] {
		case '\\':
			i++
		case '[':
			level++
		case ']':
			if level--; level == 0 {
				return i
			}
		case '`':
			open := i
			for i < limit && s[i] == '`' {
				i++
			}
			if n := codeEnd(s[i:limit], int(i-open)); n >= 0 {
				i += int32(n)
			}
			continue
		case '<':
			if _, _, n := autolink(s[i:limit]); n > 0 {
				i += int32(n)
				continue
			}
			t := inline{p: in.p}
			if n := t.htmlLen(s[i:limit]); n > 0 {
				i += int32(n)
				continue
			}
		}
		i++
	}
	return -1
}

// codeEnd returns the position after the next run of exactly size backticks, or -1.
func codeEnd(s string, size int) int {
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '`')
		if n < 0 {
			return -1
		}
		i += n
		start := i
		for i < len(s) && s[i] == '`' {
			i++
		}
		if i-start == size {
			return i
		}
	}
	return -1
}

func (in *inline) link(b bracket, end int32, ref reference) {
	in.pairDelims(int(b.delims))
	in.from = end
	// A link may not hold another. What lies around an image's alternative text may.
	for i := len(in.brackets) - 1; i >= in.dropped && !in.brackets[i].linked; i-- {
		in.brackets[i].linked = true
		if in.brackets[i].image {
			break
		}
	}
	if in.raws > b.raws || ref.href == rawHref {
		// What is kept as it stands borrows the link mark, so the whole link is kept so.
		in.toks = in.toks[:b.tok]
		in.raw(b.pos-1, end)
		return
	}
	in.toks[b.tok] = token{kind: tokLinkOpen, attrs: in.keep(linkAttrs(ref.href, ref.title))}
	in.push(token{kind: tokLinkClose})
}

func (in *inline) image(b bracket, pos, end int32, ref reference) {
	in.pairDelims(int(b.delims))
	alt := in.plain(in.toks[b.tok+1:])
	in.toks = in.toks[:b.tok-1]
	in.raws = b.raws
	in.from = end
	attrs := []Attr{{"src", ref.href}, {"alt", nil}, {"title", nil}}
	if alt != "" {
		attrs[1].Value = alt
	}
	if ref.title != "" {
		attrs[2].Value = ref.title
	}
	in.pushAttrs(tokImage, attrs)
	if n := len(in.brackets); n > in.dropped {
		in.brackets[n-1].nested = true
	}
}

// plain is the text of tokens without any marks.
func (in *inline) plain(toks []token) string {
	if len(toks) == 1 && toks[0].kind == tokText {
		return in.p.text(in.textOf(&toks[0]))
	}
	var b strings.Builder
	for i := range toks {
		switch t := &toks[i]; t.kind {
		case tokText, tokCode, tokRaw:
			b.WriteString(in.textOf(t))
		case tokSoftBreak, tokHardBreak:
			b.WriteByte(' ')
		case tokImage:
			b.WriteString(attrString(in.attrsOf(t), "alt"))
		case tokCivicRef:
			b.WriteString(attrString(in.attrsOf(t), "label"))
		}
	}
	return in.p.text(b.String())
}

func (in *inline) textOf(t *token) string {
	if t.own != 0 {
		return in.own[t.own-1]
	}
	return in.s[t.start:t.end]
}

func linkAttrs(href, title string) []Attr {
	attrs := []Attr{{"href", href}, {"title", nil}}
	if title != "" {
		attrs[1].Value = title
	}
	return attrs
}

package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBrackets is how many open brackets wait for their partner; the oldest becomes text.
const maxBrackets = 100

type tokenKind uint8

const (
	tokText tokenKind = iota
	tokSoftBreak
	tokHardBreak
	tokCode
	tokRaw // a construct without a node, kept as it stands
	tokImage
	tokCivicRef
	tokLinkOpen
	tokLinkClose
	tokEmOpen
	tokEmClose
	tokStrongOpen
	tokStrongClose
	tokNothing // second half of a strong delimiter
)

// token is a piece of inline content: a range of the text being read, or a string of its own.
// Tokens are kept small, as one line may have millions.
type token struct {
	kind       tokenKind
	start, end int32
	own        int32 // 1 + index in inline.own of what replaces the range
	attrs      int32 // 1 + index in inline.attrs
}

// bracket is an open bracket that may begin a link or image.
type bracket struct {
	tok    int32 // its token; an image's "!" stands in the one before
	pos    int32 // after the bracket
	delims int32 // delimiters before it
	raws   int32 // raw tokens before it
	image  bool
	nested bool // holds another bracket, so it is no reference label
	linked bool // holds a link, so it is none itself
}

// inline reads the inline content of one block at a time; its slices are used again.
type inline struct {
	p        *parser
	s        string
	oneLine  bool  // <br> breaks the line
	from     int32 // text since here has no token yet
	toks     []token
	own      []string
	attrs    [][]Attr
	delims   []delimiter
	brackets []bracket
	dropped  int // brackets that gave way at the bottom
	raws     int32

	ticks        []int32 // where a run of so many backticks was seen last
	ticksScanned bool
	noComment    bool // no comment ends after the first that did not
	noProcessing bool
	noCDATA      bool
	noTagEnd     bool
}

// special are the bytes at which inline content may be more than text.
var special = func() (t [256]bool) {
	for _, c := range []byte("\n\\`*_[]!<&") {
		t[c] = true
	}
	return t
}()

func (p *parser) readInline(pend *pending) {
	in := &p.inl
	in.p, in.s, in.oneLine = p, pend.text, pend.oneLine
	in.from, in.raws, in.dropped = 0, 0, 0
	in.toks, in.delims, in.brackets, in.ticks = in.toks[:0], in.delims[:0], in.brackets[:0], in.ticks[:0]
	in.own, in.attrs = in.own[:0], in.attrs[:0]
	in.ticksScanned, in.noComment, in.noProcessing, in.noCDATA, in.noTagEnd = false, false, false, false, false
	in.scan()
	in.pairDelims(0)
	in.build(pend.node)
}

func (in *inline) scan() {
	s := in.s
	n := int32(len(s))
	pos := int32(0)
	for {
		for pos < n && !special[s[pos]] {
			pos++
		}
		if pos >= n {
			break
		}
		next := pos + 1
		switch c := s[pos]; c {
		case '\n':
			next = in.newline(pos)
		case '\\':
			next = in.escape(pos)
		case '`':
			next = in.code(pos)
		case '*', '_':
			next = in.emphasis(pos)
		case '!':
			if next < n && s[next] == '[' {
				in.flush(pos)
				in.push(token{start: pos, end: next})
				in.open(next, true)
				next++
			}
		case '[':
			if f := footnoteRef(s[pos:]); f > 0 {
				next = in.raw(pos, pos+int32(f))
				break
			}
			in.flush(pos)
			in.open(pos, false)
		case ']':
			next = in.closeBracket(pos)
		case '<':
			next = in.angle(pos)
		case '&':
			if text, size := entity(s[pos:], 6); size > 0 {
				next = pos + int32(size)
				in.flush(pos)
				in.from = next
				in.pushOwn(tokText, text)
			}
		}
		pos = next
	}
	in.flush(n)
}

func (in *inline) push(t token) { in.toks = append(in.toks, t) }

func (in *inline) pushOwn(kind tokenKind, s string) {
	in.own = append(in.own, s)
	in.push(token{kind: kind, own: int32(len(in.own))})
}

func (in *inline) pushAttrs(kind tokenKind, attrs []Attr) {
	in.push(token{kind: kind, attrs: in.keep(attrs)})
}

func (in *inline) keep(attrs []Attr) int32 {
	in.attrs = append(in.attrs, attrs)
	return int32(len(in.attrs))
}

func (in *inline) attrsOf(t *token) []Attr {
	if t.attrs == 0 {
		return nil
	}
	return in.attrs[t.attrs-1]
}

// flush makes a token of the text up to pos.
func (in *inline) flush(pos int32) {
	if in.from < pos {
		in.push(token{start: in.from, end: pos})
	}
	in.from = pos
}

// raw adds a construct that no node or mark stands for.
func (in *inline) raw(pos, end int32) int32 {
	in.flush(pos)
	in.from = end
	in.raws++
	in.push(token{kind: tokRaw, start: pos, end: end})
	return end
}

func (in *inline) newline(pos int32) int32 {
	end := pos
	for end > in.from && in.s[end-1] == ' ' {
		end--
	}
	in.flush(end)
	kind := tokSoftBreak
	if pos-end >= 2 {
		kind = tokHardBreak
	}
	in.push(token{kind: kind})
	in.from = skipSpaces(in.s, pos+1, int32(len(in.s)))
	return in.from
}

func (in *inline) escape(pos int32) int32 {
	if int(pos)+1 >= len(in.s) {
		return pos + 1
	}
	in.flush(pos)
	c := in.s[pos+1]
	if c == '\n' {
		in.push(token{kind: tokHardBreak})
		in.from = skipSpaces(in.s, pos+2, int32(len(in.s)))
		return in.from
	}
	end := pos + 2
	if isPunct(c) {
		in.from = pos + 1
	} else {
		_, size := utf8.DecodeRuneInString(in.s[pos+1:])
		end = pos + 1 + int32(size)
	}
	in.flush(end)
	return end
}

func b2i(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

func (in *inline) code(pos int32) int32 {
	s := in.s
	n := int32(len(s))
	open := pos
	for open < n && s[open] == '`' {
		open++
	}
	size := open - pos
	if in.ticksScanned && in.lastTicks(size) <= pos {
		return open
	}
	for at := open; ; {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			break
		}
		start := at + int32(i)
		at = start + 1
		for at < n && s[at] == '`' {
			at++
		}
		if at-start == size {
			in.flush(pos)
			in.from = at
			in.pushOwn(tokCode, codeText(s[open:start]))
			return at
		}
		in.seenTicks(at-start, start)
	}
	in.ticksScanned = true
	return open
}

func (in *inline) lastTicks(size int32) int32 {
	if int(size) < len(in.ticks) {
		return in.ticks[size]
	}
	return 0
}

func (in *inline) seenTicks(size, pos int32) {
	for int(size) >= len(in.ticks) {
		in.ticks = append(in.ticks, 0)
	}
	in.ticks[size] = pos
}

// codeText is the text of a code span: lines joined, one space of a padding cut.
func codeText(s string) string {
	if strings.IndexByte(s, '\n') >= 0 {
		s = strings.ReplaceAll(s, "\n", " ")
	}
	if len(s) > 2 && s[0] == ' ' && s[len(s)-1] == ' ' {
		s = s[1 : len(s)-1]
	}
	return s
}

// angle reads what may begin with <: an automatic link, a reference, a piece of HTML.
func (in *inline) angle(pos int32) int32 {
	s := in.s[pos:]
	if href, text, n := autolink(s); n > 0 {
		end := pos + int32(n)
		if href == rawHref {
			return in.raw(pos, end)
		}
		in.flush(pos)
		in.from = end
		in.pushAttrs(tokLinkOpen, linkAttrs(in.p.text(href), ""))
		in.pushOwn(tokText, text)
		in.push(token{kind: tokLinkClose})
		return end
	}
	if in.oneLine && strings.HasPrefix(s, "<br>") {
		in.flush(pos)
		in.push(token{kind: tokHardBreak})
		in.from = pos + 4
		return in.from
	}
	n := in.htmlLen(s)
	if n == 0 {
		return pos + 1
	}
	end := pos + int32(n)
	if ref, size := parseCivicRef(s[:n]); size == n {
		in.flush(pos)
		in.from = end
		in.pushAttrs(tokCivicRef, ref.attrs())
		return end
	}
	return in.raw(pos, end)
}

// htmlLen returns the length of the tag, comment, instruction or declaration s begins with.
// An end that was looked for in vain is not looked for again.
func (in *inline) htmlLen(s string) int {
	if len(s) < 3 {
		return 0
	}
	until := func(close string, from int, missing *bool) int {
		if *missing {
			return 0
		}
		i := strings.Index(s[min(from, len(s)):], close)
		if i < 0 {
			*missing = true
			return 0
		}
		return from + i + len(close)
	}
	switch c := s[1]; {
	case c == '/':
		return closeTag(s)
	case isLetter(c):
		return openTag(s)
	case c == '?':
		return until("?>", 2, &in.noProcessing)
	case c != '!':
		return 0
	case strings.HasPrefix(s, "<!--"):
		if in.noComment {
			// That scan and this one differ at most in how they read the dashes that
			// follow here.
			end := 4
			for end < len(s) && s[end] == '-' {
				end++
			}
			return commentLen(s[:min(end+1, len(s))])
		}
		n := commentLen(s)
		in.noComment = n == 0
		return n
	case strings.HasPrefix(s, "<![CDATA["):
		return until("]]>", 9, &in.noCDATA)
	case isLetter(s[2]):
		return until(">", 3, &in.noTagEnd)
	}
	return 0
}

// autolink reads an address in angle brackets.
func autolink(s string) (href, text string, n int) {
	end := 1
	for ; ; end++ {
		if end >= len(s) || s[end] == '<' {
			return "", "", 0
		}
		if s[end] == '>' {
			break
		}
	}
	url := s[1:end]
	switch {
	case isAbsolute(url):
		href = normalizeLink(cleanText(url))
	case isEmail(url):
		href = normalizeLink("mailto:" + url)
	default:
		return "", "", 0
	}
	if !validLink(href) {
		return "", "", 0
	}
	return href, linkText(cleanText(url)), end + 1
}

func isAbsolute(s string) bool {
	colon := strings.IndexByte(s[:min(len(s), 33)], ':')
	if colon < 2 || !isLetter(s[0]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if i < colon && !isLetter(c) && !isDigit(c) && c != '+' && c != '.' && c != '-' || c <= ' ' {
			return false
		}
	}
	return true
}

func isEmail(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" {
		return false
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) < 0 {
			return false
		}
	}
	for more := true; more; {
		var label string
		label, domain, more = strings.Cut(domain, ".")
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; !isLetter(c) && !isDigit(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

// emphasis reads a run of * or _.
func (in *inline) emphasis(pos int32) int32 {
	s := in.s
	c := s[pos]
	end := pos
	for int(end) < len(s) && s[end] == c {
		end++
	}
	before, after := ' ', ' '
	if pos > 0 {
		before = lastRune(s[:pos])
	}
	if int(end) < len(s) {
		after = firstRune(s[end:])
	}
	spaceBefore, spaceAfter := isInlineSpace(before), isInlineSpace(after)
	punctBefore, punctAfter := isPunctRune(before), isPunctRune(after)
	left := !spaceAfter && (!punctAfter || spaceBefore || punctBefore)
	right := !spaceBefore && (!punctBefore || spaceAfter || punctAfter)
	canOpen := left && (c == '*' || !right || punctBefore)
	canClose := right && (c == '*' || !left || punctAfter)
	if !canOpen && !canClose {
		return end
	}
	in.flush(pos)
	in.from = end
	for i := pos; i < end; i++ {
		in.delims = append(in.delims, delimiter{
			marker: c, size: end - pos, tok: int32(len(in.toks)), end: -1, open: canOpen, close: canClose,
		})
		in.push(token{start: i, end: i + 1})
	}
	return end
}

func lastRune(s string) rune {
	if c := s[len(s)-1]; c < utf8.RuneSelf && c != 0 {
		return rune(c)
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	if r == 0 {
		return utf8.RuneError
	}
	return r
}

func firstRune(s string) rune {
	if c := s[0]; c < utf8.RuneSelf && c != 0 {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(s)
	if r == 0 {
		return utf8.RuneError
	}
	return r
}

func isInlineSpace(r rune) bool {
	if r < 0x80 {
		return isASCIISpace(byte(r))
	}
	return unicode.Is(unicode.Zs, r)
}

func isPunctRune(r rune) bool {
	if r < 0x80 {
		return isPunct(byte(r))
	}
	return unicode.IsPunct(r) || unicode.IsSymbol(r)
}

// footnoteRef returns the length of the footnote reference that s begins with, or 0.
func footnoteRef(s string) int {
	if len(s) < 4 || s[1] != '^' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == ']':
			if i == 2 || i+1 < len(s) && s[i+1] == '(' {
				return 0
			}
			return i + 1
		case c <= ' ' || c == '[' || c == '`' || c == '\\':
			return 0
		}
	}
	return 0
}

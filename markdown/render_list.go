package markdown

import (
	"strconv"
	"strings"
)

// listForm is how one list is written.
type listForm struct {
	sign     string // bullet or delimiter
	space    string // between marker and text
	loose    bool
	numbered bool
	first    int  // number of the first item
	step     int  // from one number to the next: 1, or 0 where all are alike
	uneven   bool // the numbers of the source follow no rule
}

// markers returns the marker of each item. An item of the source keeps its
// number as long as nothing was put in or taken out before it.
func (f *listForm) markers(count int, old []int, match []int) []string {
	out := make([]string, count)
	number, undisturbed := f.first, true
	for i := range out {
		if !f.numbered {
			out[i] = f.sign
			continue
		}
		undisturbed = undisturbed && match[i] == i
		if i > 0 {
			number += f.step
		}
		if match[i] >= 0 && (undisturbed || f.uneven) && (i > 0 || old[match[i]] == f.first) {
			number = old[match[i]]
		}
		out[i] = strconv.Itoa(number) + f.sign
	}
	return out
}

// itemNumber returns the number that a list item of the source begins with.
func itemNumber(raw string) (number, digits int) {
	for digits < len(raw) && isDigit(raw[digits]) {
		number = number*10 + int(raw[digits]-'0')
		digits++
	}
	return number, digits
}

// listSign returns the bullet or delimiter of a written list, or 0.
func listSign(text string) byte {
	text = strings.TrimLeft(text, "0123456789")
	if text == "" || strings.IndexByte("-*+.)", text[0]) < 0 {
		return 0
	}
	return text[0]
}

// form returns how a list is to be written: as it was, else by the style of
// the text. A list directly behind another of its kind avoids that one's sign,
// or the two would be one.
func (r *renderer) form(n, old *Node, avoid byte) listForm {
	f := listForm{sign: string(r.st.bullet), space: " ", loose: r.st.loose, step: 1}
	if n.Type == typeOrderedList {
		f.sign, f.numbered, f.first = string(r.st.delimiter), true, 1
		if order, ok := number(attrValueOf(n, "order")); ok && order >= 0 && order < 1e9 {
			f.first = int(order)
		}
	}
	if old != nil {
		raw := r.raw(old)
		f.sign = string(listSign(raw))
		r.formOf(&f, old)
	} else {
		for _, item := range n.Content {
			if len(r.s.shown(item)) > 1 && !onlyLists(r.s.shown(item)[1:]) {
				f.loose = true
			}
		}
	}
	if avoid != 0 && f.sign[0] == avoid {
		switch avoid {
		case '-':
			f.sign = "*"
		case '.':
			f.sign = ")"
		case ')':
			f.sign = "."
		default:
			f.sign = "-"
		}
	}
	return f
}

func onlyLists(blocks []*Node) bool {
	for _, b := range blocks {
		if !isList(b) {
			return false
		}
	}
	return true
}

// formOf reads spacing, tightness and numbering off a list of the source.
func (r *renderer) formOf(f *listForm, old *Node) {
	f.loose = len(old.Content) == 1 && r.st.loose
	last := 0
	for i, item := range old.Content {
		raw := r.raw(item)
		number, digits := itemNumber(raw)
		if i == 0 {
			after := raw[min(digits+1, len(raw)):]
			text := strings.TrimLeft(after, " \t")
			if width := len(after) - len(text); width > 0 && width < 5 && text != "" && text[0] != '\n' && text[0] != '\r' {
				f.space = after[:width]
			}
		} else {
			f.loose = f.loose || blankBetween(r.s.text, old.Content[i-1], item)
			if i == 1 && number == last {
				f.step = 0
			}
			f.uneven = f.uneven || number != last+f.step
		}
		last = number
	}
}

func (r *renderer) list(n, old *Node, prefix string, avoid byte) string {
	f := r.form(n, old, avoid)
	var items []*Node
	var numbers []int
	if old != nil {
		items = old.Content
		for _, item := range items {
			number, _ := itemNumber(r.raw(item))
			numbers = append(numbers, number)
		}
	}
	now := n.Content
	match := align(now, items)
	markers := f.markers(len(now), numbers, match)
	var b strings.Builder
	for i, item := range now {
		var o *Node
		if match[i] >= 0 {
			o = items[match[i]]
		}
		if i > 0 {
			b.WriteString(r.itemGap(items, match, i, prefix, f.loose))
		}
		b.WriteString(r.item(item, o, prefix, f, markers[i]))
	}
	return b.String()
}

func (r *renderer) itemGap(old []*Node, match []int, i int, prefix string, loose bool) string {
	a, c := match[i-1], match[i]
	if a >= 0 && c == a+1 && old[a].src.end <= old[c].src.start {
		return r.keep(old[a].src.end, r.start(old[c], prefix))
	}
	if loose {
		return r.blankLine(prefix)
	}
	return r.st.eol + prefix
}

// item writes one list item with the given marker.
func (r *renderer) item(n, old *Node, prefix string, f listForm, marker string) string {
	if n.Type != typeListItem {
		text, _ := r.block(n, nil, prefix, 0) // a document no editor would make
		return text
	}
	if old == nil {
		return r.newItem(n, prefix, f, marker)
	}
	raw := r.raw(old)
	_, digits := itemNumber(raw)
	mark := raw[:min(digits+1, len(raw))]
	lead := r.s.text[r.start(old, prefix):old.src.start]
	if Equal(n, old) {
		if mark == marker {
			return lead + r.keep(old.src.start, old.src.end)
		}
		// Only the marker changes, as when a list is numbered anew.
		if len(mark) == len(marker) || lineBreaks(raw) == 0 {
			return lead + marker + r.keep(old.src.start+int32(len(mark)), old.src.end)
		}
	}
	if len(marker) != len(mark) {
		return r.newItem(n, prefix, f, marker)
	}
	kids := r.s.shown(old)
	head, inner, tail := r.frame(old, kids, mark, prefix+lead)
	if head == mark {
		return r.newItem(n, prefix, f, marker)
	}
	if len(head)-len(mark) > 4 && lineBreaks(head) == 0 { // begins with indented code
		if len(n.Content) < 2 || !Equal(n.Content[1], kids[1]) {
			return r.newItem(n, prefix, f, marker)
		}
		inner = prefix + lead + strings.Repeat(" ", len(mark)+1)
	}
	var b strings.Builder
	b.WriteString(lead)
	b.WriteString(marker)
	b.WriteString(head[len(mark):])
	r.itemBlocks(&b, r.s.shown(n), kids, inner, f.loose)
	return b.String() + tail
}

func (r *renderer) newItem(n *Node, prefix string, f listForm, marker string) string {
	var b strings.Builder
	b.WriteString(marker)
	b.WriteString(f.space)
	inner := prefix + strings.Repeat(" ", len(marker)+len(f.space))
	r.itemBlocks(&b, r.s.shown(n), nil, inner, f.loose)
	return strings.TrimRight(b.String(), " ")
}

// itemBlocks writes the blocks of an item. Between text and a list below it a
// tight list has no blank line.
func (r *renderer) itemBlocks(b *strings.Builder, now, old []*Node, prefix string, loose bool) {
	match := align(now, old)
	wrote := false
	for i, n := range now {
		var o *Node
		if match[i] >= 0 {
			o = old[match[i]]
		}
		if isEmptyParagraph(n) && (o == nil || !inSource(o)) {
			continue
		}
		gap, fresh := "", false
		if wrote {
			gap, fresh = r.gap(old, match, i, prefix)
			if fresh && !loose && isList(n) && now[i-1].Type == typeParagraph {
				gap = r.st.eol + prefix
			}
		}
		avoid := byte(0)
		if fresh && i > 0 && now[i-1].Type == n.Type {
			avoid = listSign(lastLineBlock(b.String(), prefix))
		}
		text, _ := r.block(n, o, prefix, avoid)
		b.WriteString(gap)
		b.WriteString(text)
		wrote = true
	}
}

// lastLineBlock returns the last line that was written, without its prefix.
func lastLineBlock(s, prefix string) string {
	return cutPrefix(s[strings.LastIndexAny(s, "\r\n")+1:], prefix)
}

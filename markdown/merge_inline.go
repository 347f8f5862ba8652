package markdown

import (
	"strings"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// inlineToken is a word or another piece of inline content that a merge moves
// as a whole.
type inlineToken struct {
	text  string // "" for an inline node
	shape string // its marks, or the node, in a form that can be compared
}

func (t inlineToken) length() int {
	if t.text == "" {
		return 1
	}
	return utf16Len(t.text)
}

func (t inlineToken) beginsWord() bool { return t.text != "" && isWordByte(t.text[0]) }
func (t inlineToken) endsWord() bool   { return t.text != "" && isWordByte(t.text[len(t.text)-1]) }

// tokens splits inline content and remembers what its shapes stand for.
func (m *merger) tokens(content []*Node) []inlineToken {
	var out []inlineToken
	for _, n := range content {
		if n.Type != typeText {
			shape := shapeOf(n)
			m.shapes[shape] = n
			out = append(out, inlineToken{shape: shape})
			continue
		}
		shape := ""
		if len(n.Marks) > 0 {
			shape = shapeOf(&Node{Type: typeText, Marks: n.Marks})
			m.shapes[shape] = n
		}
		for _, w := range words(n.Text) {
			out = append(out, inlineToken{text: w, shape: shape})
		}
	}
	return out
}

func shapeOf(n *Node) string {
	b, err := n.MarshalJSON()
	if err != nil {
		return n.Type // attributes that JSON cannot hold
	}
	return string(b)
}

func (m *merger) marks(t inlineToken) []Mark {
	if t.shape == "" {
		return nil
	}
	return m.shapes[t.shape].Marks
}

// inlineLen is the length of an element's content as offsets count it: UTF-16
// units of text, one for anything else.
func inlineLen(e *yjs.XMLElement) (n int) {
	for c := range e.Children() {
		n += childLen(c)
	}
	return n
}

func childLen(c yjs.Node) int {
	if t, ok := c.(*yjs.XMLText); ok {
		return t.Len()
	}
	return 1
}

// replace puts tokens in the place of others at an offset. Where only marks
// differ it formats, so that the text keeps its identity.
func (m *merger) replace(e *yjs.XMLElement, offset int, old, now []inlineToken) error {
	if text, ok := onlyText(old); ok {
		if same, ok := onlyText(now); ok && same == text {
			return m.format(e, offset, old, now)
		}
	}
	if err := m.remove(e, offset, lengthOf(old)); err != nil {
		return err
	}
	for len(now) > 0 {
		if now[0].text == "" {
			if err := m.insertNode(e, offset, m.shapes[now[0].shape]); err != nil {
				return err
			}
			offset, now = offset+1, now[1:]
			continue
		}
		var b strings.Builder
		shape, n := now[0].shape, 0
		for n < len(now) && now[n].text != "" && now[n].shape == shape {
			b.WriteString(now[n].text)
			n++
		}
		if err := m.insertText(e, offset, b.String(), m.marks(now[0])); err != nil {
			return err
		}
		offset, now = offset+utf16Len(b.String()), now[n:]
	}
	return nil
}

func lengthOf(tokens []inlineToken) (n int) {
	for _, t := range tokens {
		n += t.length()
	}
	return n
}

func onlyText(tokens []inlineToken) (string, bool) {
	var b strings.Builder
	for _, t := range tokens {
		if t.text == "" {
			return "", false
		}
		b.WriteString(t.text)
	}
	return b.String(), true
}

// format changes the marks of text that stays. Both sides have the same text,
// perhaps cut into words at other places.
func (m *merger) format(e *yjs.XMLElement, offset int, old, now []inlineToken) error {
	oldLeft, nowLeft := 0, 0
	for len(old) > 0 && len(now) > 0 {
		n := min(old[0].length()-oldLeft, now[0].length()-nowLeft)
		if old[0].shape != now[0].shape {
			a := formatting(m.marks(now[0]))
			for _, was := range m.marks(old[0]) {
				if _, stays := a.Get(was.Type); !stays {
					a = append(a, lib0.Field{Key: was.Type}) // null takes a mark away
				}
			}
			if err := m.eachText(e, offset, n, func(t *yjs.XMLText, i, n int) error {
				return t.Format(m.tx, i, n, a)
			}); err != nil {
				return err
			}
		}
		offset += n
		if oldLeft += n; oldLeft == old[0].length() {
			old, oldLeft = old[1:], 0
		}
		if nowLeft += n; nowLeft == now[0].length() {
			now, nowLeft = now[1:], 0
		}
	}
	return nil
}

// eachText calls f for the part of each text in a range.
func (m *merger) eachText(e *yjs.XMLElement, offset, n int, f func(t *yjs.XMLText, i, n int) error) error {
	at := 0
	for c := range e.Children() {
		size := childLen(c)
		from, to := max(offset, at), min(offset+n, at+size)
		if t, ok := c.(*yjs.XMLText); ok && from < to {
			if err := f(t, from-at, to-from); err != nil {
				return err
			}
		}
		at += size
	}
	return nil
}

func (m *merger) remove(e *yjs.XMLElement, offset, n int) error {
	at := offset
	for i := 0; i < e.Len() && n > 0; {
		c := e.Get(i)
		size := childLen(c)
		if at >= size {
			at -= size
			i++
			continue
		}
		t, ok := c.(*yjs.XMLText)
		if !ok {
			if err := e.Delete(m.tx, i, 1); err != nil {
				return err
			}
			n--
			continue
		}
		part := min(n, size-at)
		if err := t.Delete(m.tx, at, part); err != nil {
			return err
		}
		n -= part
		at = 0
		i++
	}
	return nil
}

// textAt finds the text at an offset; if there is none, the position of the
// child before which one would stand.
func textAt(e *yjs.XMLElement, offset int) (t *yjs.XMLText, i, at int) {
	for c := range e.Children() {
		size := childLen(c)
		if text, ok := c.(*yjs.XMLText); ok && offset <= size {
			return text, i, offset
		}
		if offset == 0 {
			return nil, i, 0
		}
		offset -= size
		i++
	}
	return nil, i, 0
}

func (m *merger) insertText(e *yjs.XMLElement, offset int, s string, marks []Mark) error {
	t, i, at := textAt(e, offset)
	if t == nil {
		var err error
		if t, err = e.InsertText(m.tx, i); err != nil {
			return err
		}
	}
	return t.Insert(m.tx, at, s, formatting(marks))
}

// insertNode puts an inline node at an offset. Text that it divides goes on
// behind it in a text of its own, as the editor keeps it.
func (m *merger) insertNode(e *yjs.XMLElement, offset int, n *Node) error {
	t, i, at := textAt(e, offset)
	if t == nil || at == 0 {
		return m.write(e, i, n)
	}
	if at == t.Len() {
		return m.write(e, i+1, n)
	}
	rest := deltaFrom(t.Delta(), at)
	if err := t.Delete(m.tx, at, t.Len()-at); err != nil {
		return err
	}
	if err := m.write(e, i+1, n); err != nil {
		return err
	}
	tail, err := e.InsertText(m.tx, i+2)
	if err != nil {
		return err
	}
	return tail.ApplyDelta(m.tx, rest)
}

// deltaFrom returns the operations of a text from an offset on.
func deltaFrom(ops []yjs.DeltaOp, offset int) []yjs.DeltaOp {
	for i, op := range ops {
		s, ok := op.Insert.(string)
		size := 1
		if ok {
			size = utf16Len(s)
		}
		if offset == 0 {
			return ops[i:]
		}
		if offset < size {
			rest := append([]yjs.DeltaOp(nil), ops[i:]...)
			rest[0].Insert = cutUTF16(s, offset)
			return rest
		}
		offset -= size
	}
	return nil
}

// cutUTF16 drops the first n UTF-16 units.
func cutUTF16(s string, n int) string {
	for i, r := range s {
		if n <= 0 {
			return s[i:]
		}
		if n--; r > 0xFFFF {
			n--
		}
	}
	return ""
}

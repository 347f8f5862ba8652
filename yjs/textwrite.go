package yjs

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A cursor walks a text: between left and right, at position index, where the
// marks cur are in force.
type cursor struct {
	tx          *Transaction
	b           *branch
	left, right *item
	index       uint32
	cur         marks
}

// cursorAt walks to a position. Behind the character before it there may be
// marks and deleted items; they stay to the right.
func (b *branch) cursorAt(tx *Transaction, index uint32, exact bool) cursor {
	c := cursor{tx: tx, b: b, right: b.start}
	if !exact && !b.formatted { // no marks to collect on the way
		if it, at := b.leftOf(tx, index); it != nil {
			c.left, c.right, c.index = it, it.right, at+it.len
			return c
		}
		return c
	}
	for c.right != nil && c.index < index {
		if c.right.visible() {
			c.cut(index - c.index)
		}
		c.forward()
	}
	return c
}

// cut makes the item to the right end after at most n clocks.
func (c *cursor) cut(n uint32) {
	if r := c.right; n < r.len {
		c.tx.cleanStart(c.b.doc.clients[r.client], r.clock+n)
	}
}

// forward steps over the item to the right.
func (c *cursor) forward() {
	r := c.right
	if !r.deleted {
		if r.kind == kindFormat {
			c.cur.apply(r.aux)
		} else {
			c.index += r.len
		}
	}
	c.left, c.right = r, r.right
}

// put writes content here and steps over it.
func (c *cursor) put(what content) *item {
	it := c.tx.write(c.b, 0, c.left, c.right, what)
	c.right = it
	c.forward()
	return it
}

func (c *cursor) putMark(key, value string) {
	c.put(content{kind: kindFormat, n: 1, aux: c.b.doc.mark([]byte(key), []byte(value))})
}

// skipEqual steps over deleted items and over marks that say what want says.
func (c *cursor) skipEqual(want marks) {
	for r := c.right; r != nil; r = c.right {
		if !r.deleted && !(r.kind == kindFormat && sameValue(want.get(r.aux.key), r.aux.value)) {
			return
		}
		c.forward()
	}
}

// start writes the marks that are not in force yet and returns what they were
// before.
func (c *cursor) start(want marks) (before marks) {
	for _, m := range want {
		if now := c.cur.get(m.key); !sameValue(now, m.value) {
			before.set(m.key, now)
			c.putMark(m.key, m.value)
		}
	}
	return before
}

// stop brings marks back to what they were, unless what follows does.
func (c *cursor) stop(before marks) {
	for r := c.right; r != nil; r = c.right {
		if !r.deleted {
			if r.kind != kindFormat {
				break
			}
			i := before.find(r.aux.key)
			if i < 0 || !sameValue(before[i].value, r.aux.value) {
				break
			}
			before.remove(r.aux.key)
		}
		c.forward()
	}
	for _, m := range before {
		c.putMark(m.key, m.value)
	}
}

// insert writes content with exactly the marks that want has.
func (c *cursor) insert(what content, want marks) {
	for _, m := range c.cur {
		if want.find(m.key) < 0 {
			want = append(want, mark{m.key, none})
		}
	}
	c.tx.writing = c.b
	c.skipEqual(want)
	before := c.start(want)
	at := c.index
	it := c.put(what)
	c.stop(before)
	c.tx.writing = nil
	c.b.moveMarkers(at, int(what.n))
	c.b.setMarker(it, at)
}

// format sets marks of n positions to the right.
func (c *cursor) format(n uint32, want marks) {
	c.tx.writing = c.b
	defer func() { c.tx.writing = nil }()
	c.skipEqual(want)
	before := c.start(want)
walk:
	for c.right != nil {
		r := c.right
		if n == 0 && (len(before) == 0 || !r.deleted && r.kind != kindFormat) {
			break
		}
		if !r.deleted {
			if r.kind == kindFormat {
				if i := want.find(r.aux.key); i >= 0 {
					if sameValue(want[i].value, r.aux.value) {
						before.remove(r.aux.key)
					} else {
						if n == 0 {
							break walk
						}
						before.set(r.aux.key, r.aux.value)
					}
					c.tx.delete(r)
				} else {
					c.cur.set(r.aux.key, r.aux.value)
				}
			} else {
				c.cut(n)
				n -= r.len
			}
		}
		c.forward()
	}
	if n > 0 { // as Quill has it, a text ends with as many lines as are formatted
		lines := make([]byte, n)
		for i := range lines {
			lines[i] = '\n'
		}
		c.put(content{kind: kindString, n: n, data: lines})
	}
	c.stop(before)
}

// delete deletes n positions to the right, and marks that have become
// redundant there.
func (c *cursor) delete(n uint32) {
	c.tx.writing = c.b
	startMarks, start := c.cur.clone(), c.right
	at, all := c.index, n
	for n > 0 && c.right != nil {
		if r := c.right; !r.deleted {
			switch r.kind {
			case kindType, kindEmbed, kindString:
				c.cut(n)
				n -= r.len
				c.tx.delete(r)
			}
		}
		c.forward()
	}
	if start != nil {
		c.tx.cleanGap(start, c.right, startMarks, &c.cur)
	}
	c.tx.writing = nil
	c.b.moveMarkers(at+all, -int(all-n))
}

// cleanGap deletes marks between start and the next visible content that are
// overwritten before they matter, or that say what was in force at start. The
// marks now, in force at the item curr, are kept up to date.
func (tx *Transaction) cleanGap(start, curr *item, startMarks marks, now *marks) int {
	var last map[string]*item // the mark that counts, by key
	end := start
	for end != nil && !end.visible() {
		if !end.deleted && end.kind == kindFormat {
			if last == nil {
				last = make(map[string]*item)
			}
			last[end.aux.key] = end
		}
		end = end.right
	}
	cleaned, reached := 0, false
	for it := start; it != end; it = it.right {
		if it == curr {
			reached = true
		}
		if it.deleted || it.kind != kindFormat {
			continue
		}
		key, value := it.aux.key, it.aux.value
		was := startMarks.get(key)
		if last[key] != it || identical(was, value) {
			tx.delete(it)
			cleaned++
			if !reached && now.get(key) == value && !identical(was, value) {
				if was == none {
					now.remove(key)
				} else {
					now.set(key, was)
				}
			}
		} else if !reached {
			now.apply(it.aux)
		}
	}
	return cleaned
}

// within checks a range of positions.
func (b *branch) within(i, n int) error {
	if i < 0 || n < 0 || i > int(b.length)-n {
		return fmt.Errorf("%w: %d positions at %d of %d", ErrRange, n, i, b.length)
	}
	return nil
}

func (b *branch) textInsert(tx *Transaction, i int, s string, a Attributes) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if err := b.within(i, 0); err != nil || s == "" {
		return err
	}
	want, err := marksOf(a)
	if err != nil {
		return err
	}
	c := b.cursorAt(tx, uint32(i), a != nil)
	if a == nil {
		want = c.cur.clone()
	}
	what, err := textContent(s)
	if err == nil {
		c.insert(what, want)
	}
	return err
}

func textContent(s string) (content, error) {
	data := []byte(lib0.ValidString(s))
	n := lib0.UTF16Len(data)
	if n > maxLen {
		return content{}, fmt.Errorf("%w: text of %d units", ErrValue, n)
	}
	return content{kind: kindString, n: uint32(n), data: data}, nil
}

func (b *branch) textEmbed(tx *Transaction, i int, v any, a Attributes) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if err := b.within(i, 0); err != nil {
		return err
	}
	want, err := marksOf(a)
	if err != nil {
		return err
	}
	what, err := embedContent(v)
	if err != nil {
		return err
	}
	c := b.cursorAt(tx, uint32(i), a != nil)
	c.insert(what, want)
	return nil
}

func embedContent(v any) (content, error) {
	text, err := lib0.AppendJSON(nil, v)
	if err != nil {
		return content{}, fmt.Errorf("%w: embed: %w", ErrValue, err)
	}
	return content{kind: kindEmbed, n: 1, data: text}, nil
}

func (b *branch) textDelete(tx *Transaction, i, n int) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if err := b.within(i, n); err != nil || n == 0 {
		return err
	}
	c := b.cursorAt(tx, uint32(i), false)
	left, at := c.left, c.index
	c.delete(uint32(n))
	if left != nil && left.visible() {
		b.setMarker(left, at-left.len)
	}
	return nil
}

func (b *branch) textFormat(tx *Transaction, i, n int, a Attributes) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	if err := b.within(i, n); err != nil || n == 0 {
		return err
	}
	want, err := marksOf(a)
	if err != nil {
		return err
	}
	c := b.cursorAt(tx, uint32(i), true)
	if c.right != nil {
		c.format(uint32(n), want)
	}
	return nil
}

// applyDelta checks all steps before it does the first.
func (b *branch) applyDelta(tx *Transaction, ops []DeltaOp) error {
	if err := b.writable(tx); err != nil {
		return err
	}
	whats, wants := make([]content, len(ops)), make([]marks, len(ops))
	left := int(b.length)
	for i, op := range ops {
		var err error
		if wants[i], err = marksOf(op.Attributes); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		switch v := op.Insert.(type) {
		case nil:
			if op.Retain < 0 || op.Delete < 0 || op.Delete > left {
				return fmt.Errorf("%w: step %d: retain %d, delete %d, %d positions left", ErrRange, i, op.Retain, op.Delete, left)
			}
			left = max(0, left-op.Retain-op.Delete)
		case string:
			whats[i], err = textContent(v)
		default:
			whats[i], err = embedContent(v)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	c := cursor{tx: tx, b: b, right: b.start}
	for i, op := range ops {
		switch {
		case op.Insert != nil:
			if whats[i].n > 0 {
				c.insert(whats[i], wants[i])
			}
		case op.Retain > 0:
			c.format(uint32(op.Retain), wants[i])
		case op.Delete > 0:
			c.delete(uint32(op.Delete))
		}
	}
	return nil
}

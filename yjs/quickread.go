package yjs

import "github.com/civicpress/realtimefx/yjs/lib0"

// A quickReader reads the integers and byte runs of an update. What goes wrong is
// noted, and found out about once for each struct, not for each read.
type quickReader struct {
	buf []byte
	pos int
	bad bool
}

func (c *quickReader) uint() uint64 {
	if at := c.pos; at+1 < len(c.buf) {
		first, second := c.buf[at], c.buf[at+1]
		if first < 0x80 {
			c.pos++
			return uint64(first)
		}
		if second < 0x80 {
			c.pos += 2
			return uint64(first&0x7f) | uint64(second)<<7
		}
	}
	return c.longUint()
}

func (c *quickReader) longUint() uint64 {
	var v uint64
	for shift := 0; shift < 56 && c.pos < len(c.buf); shift += 7 {
		b := c.buf[c.pos]
		c.pos++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			c.bad = c.bad || v > lib0.MaxSafeInteger
			return v
		}
	}
	c.bad = true
	return 0
}

func (c *quickReader) id() ID { return ID{c.uint(), c.uint()} }

// bytes reads bytes with their length before them.
func (c *quickReader) bytes() []byte {
	n := c.uint()
	if n > uint64(len(c.buf)-c.pos) {
		c.bad = true
		return nil
	}
	from := c.pos
	c.pos += int(n)
	return c.buf[from:c.pos:c.pos]
}

// quick reads what b.read reads, for the structs that documents are full of. It
// returns false, with the reader where it was, for a struct that is for b.read:
// rare kinds, values that are not in the form in which JavaScript would write
// them, and whatever is wrong. Structs that have been checked need not be valid
// UTF-8 again.
func (b *block) quick(c *quickReader, client, clock uint64, checked bool) bool {
	start := c.pos
	if start < len(c.buf) {
		*b = block{id: ID{client, clock}, info: c.buf[start]}
		c.pos++
		if b.quickHead(c, checked) && b.quickContent(c, checked) && !c.bad && b.len > 0 && (checked || b.checkClocks() == nil) {
			return true
		}
	}
	c.pos, c.bad = start, false
	return false
}

func (b *block) quickHead(c *quickReader, checked bool) bool {
	if k := b.kind(); k == kindGC || k == kindSkip {
		b.info = k
		return true
	}
	if b.hasOrigin() {
		b.origin = c.id()
	}
	if b.hasRight() {
		b.right = c.id()
	}
	if b.hasOrigin() || b.hasRight() {
		b.info &^= infoSub // see read
		return true
	}
	if c.uint() == 1 {
		b.hasName, b.rootName = true, c.bytes()
	} else {
		b.hasPID, b.parent = true, c.id()
	}
	if b.info&infoSub != 0 {
		b.sub = c.bytes()
	}
	return checked || lib0.ValidUTF8(b.rootName) && lib0.ValidUTF8(b.sub)
}

func (b *block) quickContent(c *quickReader, checked bool) bool {
	b.len = 1
	switch b.kind() {
	case kindGC, kindSkip, kindDeleted:
		b.len = c.uint()
	case kindString:
		b.data = c.bytes()
		b.len = uint64(lib0.UTF16Len(b.data))
		return checked || lib0.ValidUTF8(b.data)
	case kindType:
		ref := c.uint()
		if ref > typeXMLText {
			return false
		}
		if b.typeRef = byte(ref); ref == typeXMLElement || ref == typeXMLHook {
			b.data = c.bytes()
		}
		return checked || lib0.ValidUTF8(b.data)
	case kindFormat:
		b.key, b.data = c.bytes(), c.bytes()
		return lib0.IsCanonicalJSON(b.data) && (checked || lib0.ValidUTF8(b.key))
	case kindEmbed:
		b.data = c.bytes()
		return lib0.IsCanonicalJSON(b.data)
	case kindAny:
		return b.quickAnys(c)
	case kindBinary:
		b.data = c.bytes()
	default:
		return false
	}
	return true
}

func (b *block) quickAnys(c *quickReader) bool {
	if b.len = c.uint(); b.len > uint64(len(c.buf)-c.pos) {
		return false
	}
	d := lib0.NewDecoder(c.buf[c.pos:])
	for range b.len {
		if canonical, err := d.SkipAny(); err != nil || !canonical {
			return false
		}
	}
	b.data = d.Since(0)
	c.pos += d.Pos()
	return true
}

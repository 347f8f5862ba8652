package yjs

import (
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// appendBlock appends a struct as update format V1 has it, without its first
// offset clocks.
func appendBlock(dst []byte, b *block, offset uint64) []byte {
	if k := b.kind(); k == kindGC || k == kindSkip {
		return lib0.AppendVarUint(append(dst, k), b.len-offset)
	}
	info, origin := b.info, b.origin
	if offset > 0 {
		info |= infoOrigin
		origin = ID{b.id.Client, b.id.Clock + offset - 1}
	}
	dst = append(dst, info)
	if info&infoOrigin != 0 {
		dst = appendID(dst, origin)
	}
	if info&infoRight != 0 {
		dst = appendID(dst, b.right)
	}
	if info&(infoOrigin|infoRight) == 0 {
		if b.hasName {
			dst = lib0.AppendBytes(append(dst, 1), b.rootName)
		} else {
			dst = appendID(append(dst, 0), b.parent)
		}
		if info&infoSub != 0 {
			dst = lib0.AppendBytes(dst, b.sub)
		}
	}
	switch b.kind() {
	case kindDeleted:
		return lib0.AppendVarUint(dst, b.len-offset)
	case kindString:
		return appendStringFrom(dst, b.data, int(offset), int(b.len))
	case kindAny, kindJSON:
		dst = lib0.AppendVarUint(dst, b.len-offset)
		return append(dst, skipValues(b.kind(), b.data, offset)...)
	case kindFormat:
		return lib0.AppendBytes(lib0.AppendBytes(dst, b.key), b.data)
	case kindType:
		dst = append(dst, b.typeRef)
		if b.typeRef == typeXMLElement || b.typeRef == typeXMLHook {
			dst = lib0.AppendBytes(dst, b.data)
		}
		return dst
	case kindDoc:
		return append(lib0.AppendBytes(dst, b.data), b.key...)
	}
	return lib0.AppendBytes(dst, b.data) // Binary, Embed
}

func appendID(dst []byte, id ID) []byte {
	return lib0.AppendVarUint(lib0.AppendVarUint(dst, id.Client), id.Clock)
}

const replacement = "\uFFFD"

// appendStringFrom appends text without its first offset UTF-16 units. If the
// cut goes through a character of two units, the half that is left over is
// written as U+FFFD, which is what a TextEncoder makes of it.
func appendStringFrom(dst, text []byte, offset, total int) []byte {
	if offset == 0 {
		return lib0.AppendBytes(dst, text)
	}
	at, inside := lib0.UTF16Offset(text, offset, total)
	if !inside {
		return lib0.AppendBytes(dst, text[at:])
	}
	rest := text[at+4:]
	dst = lib0.AppendVarUint(dst, uint64(len(replacement)+len(rest)))
	return append(append(dst, replacement...), rest...)
}

// skipValues drops the first n values of Any or JSON content.
func skipValues(kind byte, data []byte, n uint64) []byte {
	d := lib0.NewDecoder(data)
	for range n {
		if kind == kindAny {
			d.SkipAny()
		} else {
			d.Bytes()
		}
	}
	return d.Rest()
}

// slice drops the first n clocks of a block, in place.
func (b *block) slice(n uint64) {
	if n == 0 {
		return
	}
	switch b.kind() {
	case kindString:
		at, inside := lib0.UTF16Offset(b.data, int(n), int(b.len))
		if inside {
			b.data = append([]byte(replacement), b.data[at+4:]...)
		} else {
			b.data = b.data[at:]
		}
	case kindAny, kindJSON:
		b.data = skipValues(b.kind(), b.data, n)
	}
	b.len -= n
	b.id.Clock += n
	if k := b.kind(); k != kindGC && k != kindSkip {
		b.info |= infoOrigin
		b.origin = ID{b.id.Client, b.id.Clock - 1}
	}
}

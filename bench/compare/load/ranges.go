package load

import (
	"fmt"
	"unicode/utf8"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A Range is what an update holds of a client: clocks From to To-1.
type Range struct {
	Client, From, To uint64
}

// AppendRanges appends the ranges of the structs in an update (format V1).
// Unlike yjs.UpdateMeta it leaves out what a Skip stands for: that has not
// arrived. It allocates nothing but dst.
func AppendRanges(dst []Range, update []byte) ([]Range, error) {
	d := lib0.NewDecoder(update)
	clients, err := d.VarUint()
	for ; err == nil && clients > 0; clients-- {
		dst, err = appendClient(dst, &d)
	}
	if err != nil {
		return dst, fmt.Errorf("read an update at byte %d: %w", d.Pos(), err)
	}
	return dst, nil
}

func appendClient(dst []Range, d *lib0.Decoder) ([]Range, error) {
	structs, err := d.VarUint()
	if err != nil {
		return dst, err
	}
	client, err := d.VarUint()
	if err != nil {
		return dst, err
	}
	clock, err := d.VarUint()
	if err != nil {
		return dst, err
	}
	open := false // whether the last range can be continued
	for ; structs > 0; structs-- {
		length, skip, err := readStruct(d)
		if err != nil {
			return dst, err
		}
		if !skip {
			if !open {
				dst = append(dst, Range{client, clock, clock})
			}
			dst[len(dst)-1].To = clock + length
		}
		open = !skip
		clock += length
	}
	return dst, nil
}

// The bits and kinds of a struct's first byte.
const (
	hasOrigin      = 0x80
	hasRightOrigin = 0x40
	hasParentSub   = 0x20
	kindBits       = 0x1f

	kindGC      = 0
	kindDeleted = 1
	kindJSON    = 2
	kindBinary  = 3
	kindString  = 4
	kindEmbed   = 5
	kindFormat  = 6
	kindType    = 7
	kindAny     = 8
	kindDoc     = 9
	kindSkip    = 10

	typeXMLElement = 3
	typeXMLHook    = 5
)

func readStruct(d *lib0.Decoder) (length uint64, skip bool, err error) {
	info, err := d.Byte()
	if err != nil {
		return 0, false, err
	}
	if kind := info & kindBits; kind == kindGC || kind == kindSkip {
		length, err = d.VarUint()
		return length, kind == kindSkip, err
	}
	if info&hasOrigin != 0 {
		err = skipID(d)
	}
	if info&hasRightOrigin != 0 && err == nil {
		err = skipID(d)
	}
	if info&(hasOrigin|hasRightOrigin) == 0 && err == nil {
		err = skipParent(d, info)
	}
	if err != nil {
		return 0, false, err
	}
	length, err = skipContent(d, info&kindBits)
	return length, false, err
}

func skipID(d *lib0.Decoder) error {
	if _, err := d.VarUint(); err != nil {
		return err
	}
	_, err := d.VarUint()
	return err
}

func skipParent(d *lib0.Decoder, info byte) error {
	root, err := d.VarUint()
	if err != nil {
		return err
	}
	if root == 1 {
		_, err = d.StringBytes()
	} else {
		err = skipID(d)
	}
	if err == nil && info&hasParentSub != 0 {
		_, err = d.StringBytes()
	}
	return err
}

// skipContent returns how many clocks the content takes.
func skipContent(d *lib0.Decoder, kind byte) (length uint64, err error) {
	switch kind {
	case kindDeleted:
		return d.VarUint()
	case kindString:
		s, err := d.StringBytes()
		return utf16Length(s), err
	case kindBinary:
		_, err = d.Bytes()
	case kindEmbed:
		_, err = d.StringBytes()
	case kindFormat:
		if _, err = d.StringBytes(); err == nil {
			_, err = d.StringBytes()
		}
	case kindType:
		var ref uint64
		if ref, err = d.VarUint(); err == nil && (ref == typeXMLElement || ref == typeXMLHook) {
			_, err = d.StringBytes()
		}
	case kindJSON, kindAny:
		if length, err = d.VarUint(); err != nil {
			return 0, err
		}
		for range length {
			if kind == kindJSON {
				_, err = d.StringBytes()
			} else {
				_, err = d.SkipAny()
			}
			if err != nil {
				return 0, err
			}
		}
		return length, nil
	case kindDoc:
		if _, err = d.StringBytes(); err == nil {
			_, err = d.SkipAny()
		}
	default:
		return 0, fmt.Errorf("content of kind %d", kind)
	}
	return 1, err
}

func utf16Length(s []byte) (n uint64) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if r > 0xffff {
			n++
		}
		n++
		i += size
	}
	return n
}

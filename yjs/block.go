package yjs

import (
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// The kinds of structs, as they stand in the low five bits of the info byte.
const (
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
)

const (
	infoKind   = 0x1f
	infoSub    = 0x20 // BIT6: parentSub
	infoRight  = 0x40 // BIT7: right origin
	infoOrigin = 0x80 // BIT8: origin
)

// The kinds of shared types, as ContentType writes them.
const (
	typeArray       = 0
	typeMap         = 1
	typeText        = 2
	typeXMLElement  = 3
	typeXMLFragment = 4
	typeXMLHook     = 5
	typeXMLText     = 6
	typeUnknown     = 0xff // a root that has not been asked for by kind yet
)

// A block is one struct as it stands in an update, before it has become part
// of a document. Byte slices alias the update, unless content had to be
// brought into the form that JavaScript would write.
type block struct {
	id       ID
	len      uint64 // clocks it takes
	info     byte   // kind and flags, as on the wire
	typeRef  byte   // kindType
	hasName  bool   // parent is a root, by name
	hasPID   bool   // parent is a type, by the ID of its item
	origin   ID     // if info&infoOrigin
	right    ID     // if info&infoRight
	parent   ID     // if hasPID
	rootName []byte // if hasName
	sub      []byte // if info&infoSub and neither origin: the key in the parent

	// content, by kind:
	//	String  the text in UTF-8
	//	JSON    len texts, each with its length before it
	//	Any     len values, one after the other
	//	Binary  the bytes
	//	Embed   the JSON text
	//	Format  the JSON text; key is the name of the mark
	//	Type    the node or hook name, if typeRef has one
	//	Doc     the guid; key holds the options, one any-value
	// JSON text that begins with a zero byte is not JSON but an any-value
	// after that byte: update format V2 can hold values that JSON cannot.
	data []byte
	key  []byte
}

func (b *block) kind() byte      { return b.info & infoKind }
func (b *block) end() uint64     { return b.id.Clock + b.len }
func (b *block) hasOrigin() bool { return b.info&infoOrigin != 0 }
func (b *block) hasRight() bool  { return b.info&infoRight != 0 }

// rawValue marks JSON content that holds an any-value, see block.data.
const rawValue = 0

var (
	errKind    = errors.New("unknown kind of struct")
	errTypeRef = errors.New("unknown kind of type")
	errEmpty   = errors.New("struct of length zero")
	errClock   = errors.New("clock beyond 2^53-1")
	errSelf    = errors.New("struct refers to itself or to a later one of the same client")
	errLength  = errors.New("struct is too long")
)

const maxLen = 1<<31 - 1 // clocks in one struct; the memory behind it is 32 bits wide

// A readMode tells how to read content.
type readMode byte

const (
	// readInternal: JSON content may hold raw values. That form never comes
	// from outside.
	readInternal readMode = 1 << iota
	// readCheck: content is to be checked only. What is not in the form in
	// which JavaScript would write it may be left so.
	readCheck
)

// read reads the struct that starts with info byte and belongs to the given
// client and clock.
func (b *block) read(d *lib0.Decoder, client, clock uint64, mode readMode) error {
	info, err := d.Byte()
	if err != nil {
		return err
	}
	*b = block{id: ID{client, clock}, info: info}
	switch info & infoKind {
	case kindGC, kindSkip:
		b.info = info & infoKind
		b.len, err = d.VarUint()
		if err != nil {
			return err
		}
		if b.len == 0 && b.info == kindGC {
			return errEmpty
		}
		return b.checkClocks()
	}
	if info&infoOrigin != 0 {
		if b.origin, err = readID(d); err != nil {
			return err
		}
	}
	if info&infoRight != 0 {
		if b.right, err = readID(d); err != nil {
			return err
		}
	}
	if info&(infoOrigin|infoRight) == 0 {
		if err = b.readParent(d); err != nil {
			return err
		}
	} else {
		b.info &^= infoSub // the key is not on the wire, so Yjs does not know it here
	}
	if err = b.readContent(d, mode); err != nil {
		return err
	}
	return b.checkClocks()
}

func readID(d *lib0.Decoder) (ID, error) {
	client, err := d.VarUint()
	if err != nil {
		return ID{}, err
	}
	clock, err := d.VarUint()
	return ID{client, clock}, err
}

func (b *block) readParent(d *lib0.Decoder) error {
	named, err := d.VarUint()
	if err != nil {
		return err
	}
	if named == 1 {
		b.hasName = true
		b.rootName, err = d.StringBytes()
	} else {
		b.hasPID = true
		b.parent, err = readID(d)
	}
	if err != nil {
		return err
	}
	if b.info&infoSub != 0 {
		b.sub, err = d.StringBytes()
	}
	return err
}

func (b *block) readContent(d *lib0.Decoder, mode readMode) (err error) {
	b.len = 1
	switch b.kind() {
	case kindDeleted:
		b.len, err = d.VarUint()
	case kindString:
		b.data, err = d.StringBytes()
		b.len = uint64(lib0.UTF16Len(b.data))
	case kindAny:
		err = b.readAnys(d, mode)
	case kindJSON:
		err = b.readJSONs(d, mode)
	case kindBinary:
		b.data, err = d.Bytes()
	case kindEmbed:
		b.data, err = readJSON(d, mode)
	case kindFormat:
		if b.key, err = d.StringBytes(); err == nil {
			b.data, err = readJSON(d, mode)
		}
	case kindType:
		var ref uint64
		if ref, err = d.VarUint(); err != nil {
			return err
		}
		if ref > typeXMLText {
			return fmt.Errorf("%w %d", errTypeRef, ref)
		}
		b.typeRef = byte(ref)
		if ref == typeXMLElement || ref == typeXMLHook {
			b.data, err = d.StringBytes()
		}
	case kindDoc:
		if b.data, err = d.StringBytes(); err == nil {
			err = b.readDocOptions(d)
		}
	default:
		return fmt.Errorf("%w %d", errKind, b.kind())
	}
	if err == nil && b.len == 0 {
		return errEmpty
	}
	return err
}

func (b *block) readAnys(d *lib0.Decoder, mode readMode) error {
	n, err := d.VarUint()
	if err != nil {
		return err
	}
	if n > uint64(d.Len()) {
		return lib0.ErrUnexpectedEnd
	}
	b.len = n
	start, canonical := d.Pos(), true
	again := *d
	for range n {
		ok, err := d.SkipAny()
		if err != nil {
			return err
		}
		canonical = canonical && ok
	}
	if b.data = d.Since(start); canonical || mode&readCheck != 0 {
		return nil
	}
	out := make([]byte, 0, len(b.data))
	for range n {
		v, err := again.Any()
		if err == nil {
			out, err = lib0.AppendAny(out, v)
		}
		if err != nil {
			return err
		}
	}
	b.data = out
	return nil
}

func (b *block) readJSONs(d *lib0.Decoder, mode readMode) error {
	n, err := d.VarUint()
	if err != nil {
		return err
	}
	if n > uint64(d.Len()) {
		return lib0.ErrUnexpectedEnd
	}
	b.len = n
	start := d.Pos()
	var out []byte // nil as long as the input can be taken as it is
	for range n {
		at := d.Pos()
		text, err := d.StringBytes()
		if err != nil {
			return err
		}
		canonical := text
		if string(text) != "undefined" && !(mode&readInternal != 0 && len(text) > 0 && text[0] == rawValue) {
			if canonical, err = canonicalJSON(text, mode); err != nil {
				return err
			}
		}
		// A length written in more bytes than needed shows in the position.
		same := len(canonical) == len(text) && (len(text) == 0 || &canonical[0] == &text[0]) &&
			d.Pos()-at == len(text)+lib0.VarUintLen(uint64(len(text)))
		if !same && out == nil {
			out = append(make([]byte, 0, len(canonical)+at-start+8), d.Since(start)[:at-start]...)
		}
		if out != nil {
			out = lib0.AppendBytes(out, canonical)
		}
	}
	if b.data = out; out == nil {
		b.data = d.Since(start)
	}
	return nil
}

func readJSON(d *lib0.Decoder, mode readMode) ([]byte, error) {
	if mode&readInternal != 0 {
		text, err := d.Bytes()
		if err != nil || len(text) > 0 && text[0] == rawValue {
			return text, err
		}
		return canonicalJSON(text, mode)
	}
	text, err := d.StringBytes()
	if err != nil {
		return nil, err
	}
	return canonicalJSON(text, mode)
}

func canonicalJSON(text []byte, mode readMode) ([]byte, error) {
	if mode&readCheck != 0 {
		return text, lib0.CheckJSON(text)
	}
	return lib0.CanonicalJSON(text)
}

// readDocOptions keeps of a subdocument's options what Yjs keeps of them.
func (b *block) readDocOptions(d *lib0.Decoder) error {
	start := d.Pos()
	v, err := d.Any()
	if err != nil {
		return err
	}
	if v == nil || v == lib0.Undefined {
		return fmt.Errorf("%w: options of a subdocument are %v", errKind, v)
	}
	o, _ := v.(lib0.Object)
	kept := lib0.Object{}
	if gc, ok := o.Get("gc"); ok && gc != lib0.Undefined && !truthy(gc) {
		kept = append(kept, lib0.Field{Key: "gc", Value: false})
	}
	if auto, _ := o.Get("autoLoad"); truthy(auto) {
		kept = append(kept, lib0.Field{Key: "autoLoad", Value: true})
	}
	if meta, ok := o.Get("meta"); ok && meta != nil && meta != lib0.Undefined {
		kept = append(kept, lib0.Field{Key: "meta", Value: meta})
	}
	if guid, ok := o.Get("guid"); ok {
		if s, ok := guid.(string); ok {
			b.data = []byte(s)
		}
	}
	b.key, err = lib0.AppendAny(make([]byte, 0, d.Pos()-start), kept)
	return err
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && v == v
	case string:
		return v != ""
	case lib0.BigInt:
		return v != 0
	}
	return v != lib0.Undefined
}

// checkClocks refuses what cannot be part of any document, so that later
// steps need not doubt it: lengths and clocks stay in range, and nothing
// refers to itself or to what its own client made later.
func (b *block) checkClocks() error {
	if b.id.Clock > lib0.MaxSafeInteger-b.len {
		return errClock
	}
	if b.len > maxLen && b.kind() != kindSkip {
		return fmt.Errorf("%w (%d clocks, at most %d)", errLength, b.len, uint64(maxLen))
	}
	own := func(id ID) bool { return id.Client == b.id.Client && id.Clock >= b.id.Clock }
	if b.hasOrigin() && own(b.origin) || b.hasRight() && own(b.right) || b.hasPID && own(b.parent) {
		return errSelf
	}
	return nil
}

func malformed(err error, what string) error {
	if errors.Is(err, ErrMalformed) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrMalformed, what, err)
}

package yjs

import (
	"bytes"
	"fmt"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// Run-length encoding makes it easy to say a lot in few bytes: format V2 of
// 20 bytes can announce 2^50 structs. What is read is therefore bounded by the
// size that it takes in format V1, and by the number of structs. A struct of an
// editor takes a byte or more, and 13 bytes at most where V2 needs only that one.
const (
	defaultV2Expansion = 16
	v2Free             = 2048 // counts as so many bytes more, for small updates
	v2StructBytes      = 16   // of what V1 may take, there must be so many for each struct
)

// toInternal reads an update in format V2 and returns it in format V1, which may
// hold raw values (see block.data). See Limits for the expansion.
func toInternal(update []byte, expansion int) ([]byte, error) {
	r, err := newV2Reader(update)
	if err != nil {
		return nil, malformed(err, "columns")
	}
	w := v1Writer{internal: true}
	limit := (uint64(len(update)) + v2Free) * uint64(expansion)
	seen := uint64(0) // structs
	groups, err := r.rest.VarUint()
	if err != nil {
		return nil, malformed(err, "number of clients")
	}
	for range groups {
		structs, err := r.rest.VarUint()
		if err != nil {
			return nil, malformed(err, "number of structs")
		}
		client, err := r.client.read()
		if err != nil {
			return nil, malformed(err, "client")
		}
		clock, err := r.rest.VarUint()
		if err != nil {
			return nil, malformed(err, "clock")
		}
		w.open(client, clock)
		for range structs {
			b := block{id: ID{client, clock}}
			if err := r.read(&b); err != nil {
				return nil, malformed(err, fmt.Sprintf("struct %v", b.id))
			}
			if err := w.write(&b, 0); err != nil {
				return nil, err
			}
			seen++
			if got := max(uint64(len(w.buf)), seen*v2StructBytes); got > limit {
				return nil, &LimitError{"V2Expansion", limit, got}
			}
			clock += b.len
		}
	}
	ds, err := readDeleteSetV2(&r.rest)
	if err != nil {
		return nil, err
	}
	return w.finish(ds)
}

// A v2Reader reads the structs of an update in format V2.
type v2Reader struct {
	key, left, right        diffReader
	client, typeRef, length uintReader
	info, parentInfo        byteReader
	strings                 stringReader
	rest                    lib0.Decoder
	keys                    [][]byte
}

func newV2Reader(update []byte) (*v2Reader, error) {
	d := lib0.NewDecoder(update)
	if _, err := d.VarUint(); err != nil { // a flag for later use
		return nil, err
	}
	r := &v2Reader{}
	var strings, info, parentInfo lib0.Decoder
	for _, column := range []*lib0.Decoder{
		&r.key.dec, &r.client.dec, &r.left.dec, &r.right.dec, &info, &strings, &parentInfo, &r.typeRef.dec, &r.length.dec,
	} {
		b, err := d.Bytes()
		if err != nil {
			return nil, err
		}
		*column = lib0.NewDecoder(b)
	}
	r.info.dec, r.parentInfo.dec = info, parentInfo
	var err error
	if r.strings, err = newStringReader(strings.Rest()); err != nil {
		return nil, err
	}
	r.rest = lib0.NewDecoder(d.Rest())
	return r, nil
}

func (r *v2Reader) readID(clock *diffReader) (id ID, err error) {
	if id.Client, err = r.client.read(); err != nil {
		return id, err
	}
	id.Clock, err = clock.read()
	return id, err
}

func (r *v2Reader) readKey() ([]byte, error) {
	n, err := r.key.read()
	if err != nil {
		return nil, err
	}
	if n < uint64(len(r.keys)) {
		return r.keys[n], nil
	}
	key, err := r.strings.read()
	r.keys = append(r.keys, key)
	return key, err
}

// read reads the struct with the id that b has.
func (r *v2Reader) read(b *block) (err error) {
	if b.info, err = r.info.read(); err != nil {
		return err
	}
	switch b.kind() {
	case kindGC, kindSkip:
		if b.info &= infoKind; b.info == kindGC {
			b.len, err = r.length.read()
		} else {
			b.len, err = r.rest.VarUint()
		}
		if err == nil && b.len == 0 && b.info == kindGC {
			err = errEmpty
		}
		if err != nil {
			return err
		}
		return b.checkClocks()
	}
	if b.hasOrigin() {
		if b.origin, err = r.readID(&r.left); err != nil {
			return err
		}
	}
	if b.hasRight() {
		if b.right, err = r.readID(&r.right); err != nil {
			return err
		}
	}
	if b.hasOrigin() || b.hasRight() {
		b.info &^= infoSub // the key is not written, so Yjs does not know it here
	} else if err = r.readParent(b); err != nil {
		return err
	}
	if err = r.readContent(b); err != nil {
		return err
	}
	if b.len == 0 {
		return errEmpty
	}
	return b.checkClocks()
}

func (r *v2Reader) readParent(b *block) error {
	named, err := r.parentInfo.read()
	if err != nil {
		return err
	}
	if named == 1 {
		b.hasName = true
		b.rootName, err = r.strings.read()
	} else {
		b.hasPID = true
		b.parent, err = r.readID(&r.left)
	}
	if err == nil && b.info&infoSub != 0 {
		b.sub, err = r.strings.read()
	}
	return err
}

func (r *v2Reader) readContent(b *block) (err error) {
	b.len = 1
	switch b.kind() {
	case kindDeleted:
		b.len, err = r.length.read()
	case kindString:
		b.data, err = r.strings.read()
		b.len = uint64(lib0.UTF16Len(b.data))
	case kindJSON:
		if b.len, err = r.length.read(); err == nil {
			b.data, err = r.readJSONs(b.len)
		}
	case kindAny:
		if b.len, err = r.length.read(); err == nil {
			b.data, err = readAnys(&r.rest, b.len)
		}
	case kindBinary:
		b.data, err = r.rest.Bytes()
	case kindFormat:
		if b.key, err = r.readKey(); err == nil {
			b.data, err = readRaw(&r.rest)
		}
	case kindEmbed:
		b.data, err = readRaw(&r.rest)
	case kindType:
		var ref uint64
		if ref, err = r.typeRef.read(); err != nil {
			return err
		}
		if ref > typeXMLText {
			return fmt.Errorf("%w %d", errTypeRef, ref)
		}
		if b.typeRef = byte(ref); ref == typeXMLElement || ref == typeXMLHook {
			b.data, err = r.readKey()
		}
	case kindDoc:
		if b.data, err = r.strings.read(); err == nil {
			err = b.readDocOptions(&r.rest)
		}
	default:
		return fmt.Errorf("%w %d", errKind, b.kind())
	}
	return err
}

// readJSONs reads n JSON texts and returns them as format V1 has them.
func (r *v2Reader) readJSONs(n uint64) ([]byte, error) {
	var out []byte
	for range n {
		text, err := r.strings.read()
		if err != nil {
			return nil, err
		}
		if string(text) != "undefined" {
			if text, err = lib0.CanonicalJSON(text); err != nil {
				return nil, err
			}
		}
		out = lib0.AppendBytes(out, text)
	}
	return out, nil
}

// readAnys reads n any-values, in the bytes that JavaScript would write.
func readAnys(d *lib0.Decoder, n uint64) ([]byte, error) {
	if n > uint64(d.Len()) {
		return nil, lib0.ErrUnexpectedEnd
	}
	again, start, canonical := *d, d.Pos(), true
	for range n {
		same, err := d.SkipAny()
		if err != nil {
			return nil, err
		}
		canonical = canonical && same
	}
	if canonical {
		return d.Since(start), nil
	}
	out := make([]byte, 0, d.Pos()-start)
	for range n {
		v, err := again.Any()
		if err == nil {
			out, err = lib0.AppendAny(out, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readRaw reads an any-value as JSON content: as JSON text if that says the
// same, otherwise raw.
func readRaw(d *lib0.Decoder) ([]byte, error) {
	value, err := readAnys(d, 1)
	if err != nil {
		return nil, err
	}
	again := lib0.NewDecoder(value)
	v, err := again.Any()
	if err != nil {
		return nil, err
	}
	if text, err := lib0.AppendJSON(nil, v); err == nil {
		if back, err := appendRaw(nil, text); err == nil && bytes.Equal(back, value) {
			return text, nil
		}
	}
	return append([]byte{rawValue}, value...), nil
}

// isRaw tells whether the block has a value that format V1 cannot hold.
func (b *block) isRaw() bool {
	k := b.kind()
	return (k == kindEmbed || k == kindFormat) && len(b.data) > 0 && b.data[0] == rawValue
}

// rawToJSON makes JSON of a raw value, as JSON.stringify would. It fails where
// that would: there is no JSON for undefined and for BigInt.
func (b *block) rawToJSON() error {
	d := lib0.NewDecoder(b.data[1:])
	v, err := d.Any()
	if err != nil {
		return fmt.Errorf("struct %v: %w", b.id, err)
	}
	if v == lib0.Undefined {
		return fmt.Errorf("%w: struct %v in format V1: there is no JSON for undefined", ErrValue, b.id)
	}
	if b.data, err = lib0.AppendJSON(nil, v); err != nil {
		return fmt.Errorf("%w: struct %v in format V1: %w", ErrValue, b.id, err)
	}
	return nil
}

// readDeleteSetV2 reads a delete set in format V2. Its clients come back sorted.
func readDeleteSetV2(d *lib0.Decoder) (deleteSet, error) {
	clients, err := d.VarUint()
	if err != nil {
		return nil, malformed(err, "number of clients with deletes")
	}
	var ds deleteSet
	index := map[uint64]int{}
	for range clients {
		client, err := d.VarUint()
		if err != nil {
			return nil, malformed(err, "client with deletes")
		}
		n, err := d.VarUint()
		if err == nil && n > uint64(d.Len()/2) {
			err = lib0.ErrUnexpectedEnd
		}
		if err != nil {
			return nil, malformed(err, "number of deletes")
		}
		if n == 0 {
			continue
		}
		i, known := index[client]
		if !known {
			i = len(ds)
			index[client] = i
			ds = append(ds, clientDeletes{client: client})
		}
		at := uint64(0)
		for range n {
			gap, err := d.VarUint()
			if err != nil {
				return nil, malformed(err, "deleted range")
			}
			length, err := d.VarUint()
			if err == nil && (gap > lib0.MaxSafeInteger-at || length >= lib0.MaxSafeInteger-at-gap) {
				err = errClock
			}
			if err != nil {
				return nil, malformed(err, "deleted range")
			}
			r := deleteRange{at + gap, length + 1}
			ds[i].ranges = append(ds[i].ranges, r)
			at = r.end()
		}
	}
	ds.sortClients()
	return ds, nil
}

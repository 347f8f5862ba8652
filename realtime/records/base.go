package records

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
)

// base is what a room remembers of its record: store.Meta.Aux.
type base struct {
	// written is the digest of the text that stood in the draft (or, without
	// a draft, in the record) when we last wrote or read it.
	written digest
	// source is the Markdown source that belongs to that text: what Render
	// takes unchanged blocks from, and the base of the next merge.
	source []byte
	// published is the record's text when it was last compared, so that a
	// change of the file under an existing draft is noticed. "" if the record
	// was never published.
	published string
	// state is the digest of the encoded document that renders to the written
	// text, so that a document nobody edited need not be rendered to know
	// that. Zero = not known.
	state digest
	// pending, if not nil, was announced: it may or may not be what stands
	// in the draft.
	pending *pending
}

type pending struct {
	written digest
	source  []byte
}

// digest of a text, without the white space around it: the core trims it.
type digest [sha256.Size]byte

func digestOf(text string) digest { return sha256.Sum256([]byte(strings.TrimSpace(text))) }

func sameText(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

// same reports whether two bases lead to the same decisions.
func (b *base) same(o *base) bool {
	return b.written == o.written && sameText(b.published, o.published) && b.pending == nil && o.pending == nil
}

const baseVersion = 1

// flags say which optional parts follow.
const (
	hasPending = 1 << iota
	hasState
)

var (
	errNoBase  = errors.New("the room does not know its record's text")
	errBadBase = errors.New("what the room remembers of its record's text is damaged")
)

// encode returns the aux bytes: version, flags, digest, then length-prefixed
// source, published text, what is pending, and the digest of the state.
func (b *base) encode() []byte {
	dst := make([]byte, 0, 2+3*len(b.written)+len(b.source)+len(b.published)+32)
	flags := byte(0)
	if b.pending != nil {
		flags |= hasPending
	}
	if b.state != (digest{}) {
		flags |= hasState
	}
	dst = append(dst, baseVersion, flags)
	dst = append(dst, b.written[:]...)
	dst = appendBytes(dst, b.source)
	dst = appendBytes(dst, []byte(b.published))
	if b.pending != nil {
		dst = append(dst, b.pending.written[:]...)
		dst = appendBytes(dst, b.pending.source)
	}
	if flags&hasState != 0 {
		dst = append(dst, b.state[:]...)
	}
	return dst
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// decodeBase reads what encode wrote. errNoBase for a room that came without,
// from a snapshot of the Node server.
func decodeBase(aux []byte) (*base, error) {
	if len(aux) == 0 {
		return nil, errNoBase
	}
	b := &base{}
	if aux[0] != baseVersion || len(aux) < 2 {
		return nil, errBadBase
	}
	flags := aux[1]
	rest := aux[2:]
	ok := true
	hash := func(d *digest) {
		if ok = ok && len(rest) >= len(d); ok {
			rest = rest[copy(d[:], rest):]
		}
	}
	bytes := func() (v []byte) {
		n, w := binary.Uvarint(rest)
		if ok = ok && w > 0 && n <= uint64(len(rest)-w); ok {
			v, rest = rest[w:w+int(n)], rest[w+int(n):]
		}
		return v
	}
	hash(&b.written)
	b.source = bytes()
	b.published = string(bytes())
	if flags&hasPending != 0 {
		b.pending = &pending{}
		hash(&b.pending.written)
		b.pending.source = bytes()
	}
	if flags&hasState != 0 {
		hash(&b.state)
	}
	if !ok || len(rest) > 0 {
		return nil, errBadBase
	}
	return b, nil
}

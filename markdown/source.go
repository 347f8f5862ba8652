package markdown

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"github.com/civicpress/realtimefx/yjs"
)

// blockID is the identity of a block: the id of the item that holds its
// element. The zero value stands for none.
type blockID = yjs.ID

// Source is a Markdown text beside the document that shows the same: it knows
// which bytes each block of the document came from. Render uses it to write
// unchanged blocks as they were, Merge to see what somebody else changed.
//
// A Source is immutable and safe for concurrent use.
type Source struct {
	text  string
	doc   *Node // text parsed, with the identities of the live blocks
	refs  map[string]reference
	defs  []span
	empty map[blockID]bool // paragraphs that the source has bytes for but no text
	style style
}

func parseSource(text string) (*Source, error) {
	var p parser
	doc, err := p.parse(text, 0)
	if err != nil {
		return nil, err
	}
	dropAtomMarks(doc)
	holdWhole(doc, p.defs)
	s := &Source{text: text, doc: doc, refs: p.refs, defs: p.defs}
	s.style = detectStyle(text, doc)
	return s, nil
}

// holdWhole lengthens the blocks in which a link definition begins but does not
// end: its last line may be a lazy one, which no block counts as its own. Both
// blocks and definitions are in the order of the text.
func holdWhole(n *Node, defs []span) {
	for _, c := range n.Content {
		if !inSource(c) {
			continue
		}
		for len(defs) > 0 && defs[0].start < c.src.start {
			defs = defs[1:]
		}
		inside := 0
		for inside < len(defs) && defs[inside].start < c.src.end {
			c.src.end = max(c.src.end, defs[inside].end)
			inside++
		}
		if inside > 0 {
			holdWhole(c, defs[:inside])
			defs = defs[inside:]
		}
	}
}

// dropAtomMarks takes the marks off images, breaks and references: Yjs stores
// marks of text only, so the live document never has them. What the source
// wrote around such a node stays there as long as the source is kept.
func dropAtomMarks(n *Node) {
	for _, c := range n.Content {
		if c.Type != typeText {
			c.Marks = nil
			dropAtomMarks(c)
		}
	}
}

// Text returns the Markdown that the Source was made from.
func (s *Source) Text() []byte { return []byte(s.text) }

// adopt gives the blocks of a parsed tree the identities of the live blocks
// that they are.
func adopt(parsed, live *Node) {
	if !hasBlocks(parsed) {
		return
	}
	for i, j := range align(live.Content, parsed.Content) {
		if j >= 0 {
			parsed.Content[j].id = live.Content[i].id
			adopt(parsed.Content[j], live.Content[i])
		}
	}
}

// noteEmpty collects the empty paragraphs of the source, once blocks have
// their identities.
func (s *Source) noteEmpty() {
	eachBlock(s.doc, func(n *Node) bool {
		if isEmptyParagraph(n) && inSource(n) && n.id != (blockID{}) {
			if s.empty == nil {
				s.empty = make(map[blockID]bool)
			}
			s.empty[n.id] = true
		}
		return true
	})
}

// hasBlocks reports whether the node's children are blocks, items, rows or
// cells, which have an identity.
func hasBlocks(n *Node) bool {
	s := schema[n.Type]
	return s != nil && s.content >= contentBlocks
}

// sourceVersion is the first byte of a Source in binary form.
const sourceVersion = 1

// ErrBadSource is wrapped by the errors of UnmarshalBinary.
var ErrBadSource = errors.New("markdown: stored source is damaged")

// MarshalBinary returns the Source in a form to be stored: a version byte, the
// length of the text and the text, then the identity of each block in document
// order as client and clock, each the difference to the block before as a
// signed varint (encoding/binary). A block without identity is 0, 0.
func (s *Source) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, len(s.text)+len(s.text)/16+16)
	b = append(b, sourceVersion)
	b = binary.AppendUvarint(b, uint64(len(s.text)))
	b = append(b, s.text...)
	var last blockID
	eachBlock(s.doc, func(n *Node) bool {
		b = binary.AppendVarint(b, int64(n.id.Client-last.Client))
		b = binary.AppendVarint(b, int64(n.id.Clock-last.Clock))
		last = n.id
		return true
	})
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. The receiver must not be in
// use.
func (s *Source) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != sourceVersion {
		return fmt.Errorf("%w: not a version %d source", ErrBadSource, sourceVersion)
	}
	size, n := binary.Uvarint(data[1:])
	if n <= 0 || size > uint64(len(data)-1-n) {
		return fmt.Errorf("%w: the text is cut off", ErrBadSource)
	}
	data = data[1+n:]
	parsed, err := parseSource(string(data[:size]))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadSource, err)
	}
	data = data[size:]
	var last blockID
	cut := false
	next := func() uint64 {
		v, n := binary.Varint(data)
		if n <= 0 {
			cut = true
			return 0
		}
		data = data[n:]
		return uint64(v)
	}
	eachBlock(parsed.doc, func(n *Node) bool {
		last.Client += next()
		last.Clock += next()
		n.id = last
		return !cut
	})
	if cut || len(data) != 0 {
		return fmt.Errorf("%w: it does not name as many blocks as its text has", ErrBadSource)
	}
	parsed.noteEmpty()
	*s = *parsed
	return nil
}

// eachBlock visits what has an identity, in document order, until visit
// returns false.
func eachBlock(n *Node, visit func(*Node) bool) bool {
	if !hasBlocks(n) {
		return true
	}
	for _, c := range n.Content {
		if !visit(c) || !eachBlock(c, visit) {
			return false
		}
	}
	return true
}

// reads reports whether text, standing alone among the link definitions of the
// source, is read as exactly these blocks.
func (s *Source) reads(text string, blocks []*Node) bool {
	got := s.parse(text)
	return got != nil && sameBlocks(got.Content, blocks)
}

func (s *Source) parse(text string) *Node {
	p := parser{refs: maps.Clone(s.refs)}
	doc, err := p.parse(text, 0)
	if err != nil {
		return nil
	}
	dropAtomMarks(doc)
	return doc
}

func sameBlocks(a, b []*Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

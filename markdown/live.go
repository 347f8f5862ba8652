package markdown

import "github.com/civicpress/realtimefx/yjs"

// Render writes the document as Markdown. Whatever reads as it did in the
// source keeps its bytes: an unedited document gives the source itself, an
// edited one differs from it in the lines of the edited blocks, list items and
// table rows only. What is new follows the hand of the source. Without a
// source (nil) it is Canonical.
//
// Render reads the document and changes nothing. Any document renders; text is
// never lost.
func Render(fragment *yjs.XMLFragment, s *Source) ([]byte, error) {
	now := Read(fragment)
	if s == nil {
		return Canonical(now), nil
	}
	return []byte(s.render(now)), nil
}

// NewSource connects a text with the live document of fragment: blocks that
// read the same are one. It is what a room keeps after it has written text, so
// that the next write leaves alone whatever nobody touched since.
func NewSource(text []byte, fragment *yjs.XMLFragment) (*Source, error) {
	s, err := parseSource(string(text))
	if err != nil {
		return nil, err
	}
	adopt(s.doc, Read(fragment))
	s.noteEmpty()
	return s, nil
}

package records

import (
	"fmt"
	"strconv"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// mapping is the converter over package markdown.
type mapping struct{}

func (mapping) seed(id, text string) (seeded, error) {
	client := markdown.SeedClientID(id, []byte(text))
	s, err := markdown.Seed([]byte(text), markdown.SeedOptions{ClientID: client})
	if err != nil {
		return seeded{}, err
	}
	source, err := s.Source.MarshalBinary()
	return seeded{state: s.Update, lineage: lineage(client), source: source}, err
}

func (mapping) source(state []byte, text string) ([]byte, error) {
	doc, err := scratch(state)
	if err != nil {
		return nil, err
	}
	return encodeSource(text, doc)
}

func (mapping) render(state, source []byte) (string, []byte, error) {
	doc, err := scratch(state)
	if err != nil {
		return "", nil, err
	}
	var from *markdown.Source
	if len(source) > 0 {
		if from, err = decodeSource(source, doc); err != nil {
			return "", nil, err
		}
	}
	text, err := markdown.Render(doc.XMLFragment(markdown.FragmentName), from)
	if err != nil {
		return "", nil, err
	}
	if from != nil && string(text) == string(from.Text()) {
		return string(text), source, nil
	}
	next, err := encodeSource(string(text), doc)
	return string(text), next, err
}

func (mapping) merge(state, source []byte, text string) (update, newSource []byte, err error) {
	doc, err := scratch(state)
	if err != nil {
		return nil, nil, err
	}
	from, err := decodeSource(source, doc)
	if err != nil {
		return nil, nil, err
	}
	defer doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })()
	next, err := markdown.Merge(doc, from, []byte(text), nil)
	if err != nil {
		return nil, nil, err
	}
	newSource, err = next.MarshalBinary()
	return update, newSource, err
}

// scratch returns a document of our own with the state.
func scratch(state []byte) (*yjs.Doc, error) {
	doc := yjs.NewDoc(yjs.Options{})
	if len(state) > 0 {
		if err := doc.ApplyUpdate(state, nil); err != nil {
			return nil, fmt.Errorf("read the document's state: %w", err)
		}
	}
	return doc, nil
}

// decodeSource reads a stored source. One that is damaged, or was written by a
// program that read Markdown otherwise, is replaced by the document itself: it
// costs the bytes of unchanged blocks, and no text.
func decodeSource(b []byte, doc *yjs.Doc) (*markdown.Source, error) {
	s := new(markdown.Source)
	if s.UnmarshalBinary(b) == nil {
		return s, nil
	}
	fragment := doc.XMLFragment(markdown.FragmentName)
	return markdown.NewSource(markdown.Canonical(markdown.Read(fragment)), fragment)
}

func encodeSource(text string, doc *yjs.Doc) ([]byte, error) {
	s, err := markdown.NewSource([]byte(text), doc.XMLFragment(markdown.FragmentName))
	if err != nil {
		return nil, err
	}
	return s.MarshalBinary()
}

// lineage names the seed that documents of one record must share: its client
// id, which no client of Yjs can have.
func lineage(client uint64) string { return strconv.FormatUint(client, 10) }

// firstSeedClient is the smallest client id of a seed; editors have 32 bits.
const firstSeedClient = 1 << 32

// isSeed reports whether a lineage names a seed of ours.
func isSeed(lineage string) bool {
	client, err := strconv.ParseUint(lineage, 10, 64)
	return err == nil && client >= firstSeedClient
}

// Lineage implements room.LineageChecker: a document holds the structs of its
// seed for ever, also those that were deleted.
func (h *Handler) Lineage(sv yjs.StateVector) string {
	name := ""
	for client := range sv {
		if client >= firstSeedClient {
			if name != "" {
				return ""
			}
			name = lineage(client)
		}
	}
	return name
}

// Foreign implements room.LineageChecker: content under the client id of
// another seed grew from another reading of the record.
func (h *Handler) Foreign(meta store.Meta, sv yjs.StateVector) bool {
	for client := range sv {
		if client >= firstSeedClient && lineage(client) != meta.Lineage {
			return true
		}
	}
	return false
}

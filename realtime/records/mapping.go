package records

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// mapping is the converter over package markdown.
type mapping struct{}

// open returns a scratch document with the state.
func open(state []byte) (*yjs.Doc, error) {
	doc := yjs.NewDoc(yjs.Options{})
	if len(state) > 0 {
		if err := doc.ApplyUpdate(state, nil); err != nil {
			return nil, fmt.Errorf("read the document's state: %w", err)
		}
	}
	return doc, nil
}

func (mapping) seed(id, text string) (seeded, error) {
	client := markdown.SeedClientID(id, []byte(text))
	s, err := markdown.Seed([]byte(text), markdown.SeedOptions{ClientID: client})
	if err != nil {
		return seeded{}, err
	}
	return seeded{state: s.Update, lineage: lineage(client), source: []byte(text)}, nil
}

func (mapping) source(_ []byte, text string) ([]byte, error) { return []byte(text), nil }

func (mapping) render(state, source []byte) (string, []byte, error) {
	doc, err := open(state)
	if err != nil {
		return "", nil, err
	}
	text := string(markdown.Canonical(markdown.Read(doc.XMLFragment(markdown.FragmentName))))
	if from, err := markdown.Parse(source); err == nil && string(markdown.Canonical(from)) == text {
		text = string(source)
	}
	return text, []byte(text), nil
}

func (mapping) merge(_, _ []byte, _ string) ([]byte, []byte, error) {
	return nil, nil, errors.ErrUnsupported
}

// lineage names the seed that documents of one record must share: its client
// id, which no client of Yjs can have.
func lineage(client uint64) string { return strconv.FormatUint(client, 10) }

// firstSeedClient is the smallest client id of a seed; editors have 32 bits.
const firstSeedClient = 1 << 32

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

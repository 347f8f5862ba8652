package load

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// fragment is where TipTap keeps the content.
const fragment = "default"

const prose = "the council of this town has met on monday and decided that bylaw number four is read again "

// Typing is what a writer sends: first its paragraph, then a letter an update.
// It builds on no document, so it fits every one.
type Typing struct {
	Client  uint64
	First   uint64   // clock of the first letter
	Opening []byte   // the update with the paragraph
	Letters [][]byte // one update each; update i is clock First+i
}

// Type prepares n letters of the given client.
func Type(client uint64, n int) (*Typing, error) {
	t := &Typing{Client: client, Letters: make([][]byte, 0, n)}
	doc := yjs.NewDoc(yjs.Options{ClientID: client})
	var made []byte
	doc.OnUpdate(func(update []byte, _ any, _ *yjs.Transaction) { made = update })
	var text *yjs.XMLText
	err := doc.Transact(nil, func(tx *yjs.Transaction) error {
		p, err := doc.XMLFragment(fragment).InsertElement(tx, 0, "paragraph")
		if err != nil {
			return err
		}
		text, err = p.InsertText(tx, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prepare a paragraph: %w", err)
	}
	t.Opening, t.First = made, doc.StateVector()[client]
	for i := range n {
		at := i % len(prose)
		err := doc.Transact(nil, func(tx *yjs.Transaction) error { return text.Insert(tx, i, prose[at:at+1], nil) })
		if err != nil {
			return nil, fmt.Errorf("prepare a letter: %w", err)
		}
		t.Letters = append(t.Letters, made)
	}
	return t, nil
}

// frames makes what to send of it.
func (t *Typing) frames(to Target) (opening []byte, letters [][]byte) {
	letters = make([][]byte, len(t.Letters))
	for i, u := range t.Letters {
		letters[i] = to.Frame(protocol.AppendUpdate(nil, u))
	}
	return to.Frame(protocol.AppendUpdate(nil, t.Opening)), letters
}

package load

import (
	"fmt"
	"strings"

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
	Step    uint64   // clocks of an update
	Opening []byte   // the update with the paragraph
	Letters [][]byte // one update each; update i is clocks First+i*Step to First+(i+1)*Step-1
}

// Type prepares n letters of the given client, each behind the one before.
func Type(client uint64, n int) (*Typing, error) {
	return prepare(client, n, 1, func(tx *yjs.Transaction, t *yjs.XMLText, i int) error {
		at := i % len(prose)
		return t.Insert(tx, i, prose[at:at+1], nil)
	})
}

// Paste prepares n updates that each replace the paragraph's text by other text
// of so many letters: much to send, and a document that does not grow.
func Paste(client uint64, n, letters int) (*Typing, error) {
	text := strings.Repeat(prose, letters/len(prose)+2)
	return prepare(client, n, uint64(letters), func(tx *yjs.Transaction, t *yjs.XMLText, i int) error {
		if old := t.Len(); old > 0 {
			if err := t.Delete(tx, 0, old); err != nil {
				return err
			}
		}
		at := i % len(prose)
		return t.Insert(tx, 0, text[at:at+letters], nil)
	})
}

func prepare(client uint64, n int, step uint64, edit func(*yjs.Transaction, *yjs.XMLText, int) error) (*Typing, error) {
	t := &Typing{Client: client, Step: step, Letters: make([][]byte, 0, n)}
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
		if err := doc.Transact(nil, func(tx *yjs.Transaction) error { return edit(tx, text, i) }); err != nil {
			return nil, fmt.Errorf("prepare an update: %w", err)
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

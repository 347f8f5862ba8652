package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
)

// The Yjs client ids of who types, and of the seed.
const (
	typist = 11
	seeder = 7
)

const prose = "the council of this town has met on monday and decided that bylaw number four is read again "

// letters are updates, one letter each, behind one another, in a paragraph that
// the first of them makes.
func letters(n int) ([][]byte, error) {
	doc := yjs.NewDoc(yjs.Options{ClientID: typist})
	var made [][]byte
	doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { made = append(made, bytes.Clone(u)) })
	var text *yjs.XMLText
	err := doc.Transact(nil, func(tx *yjs.Transaction) error {
		p, err := doc.XMLFragment(markdown.FragmentName).InsertElement(tx, 0, "paragraph")
		if err == nil {
			text, err = p.InsertText(tx, 0)
		}
		return err
	})
	for i := 0; i < n && err == nil; i++ {
		err = doc.Transact(nil, func(tx *yjs.Transaction) error {
			return text.Insert(tx, i, prose[i%len(prose):i%len(prose)+1], nil)
		})
	}
	if err == nil && len(made) != n+1 {
		err = fmt.Errorf("%d updates for %d letters", len(made), n)
	}
	return made, err
}

// body is the Markdown of a record with so many blocks.
func body(blocks int) []byte {
	var b strings.Builder
	for i := range blocks {
		if i%5 == 0 {
			fmt.Fprintf(&b, "## Section %d\n\n", i/5+1)
		} else {
			fmt.Fprintf(&b, "%s*%d*, %s\n\n", prose, i, strings.TrimSpace(prose))
		}
	}
	return []byte(b.String())
}

// blocks is the state of a document that grew from 500 blocks of Markdown.
func blocks() ([]byte, error) {
	s, err := markdown.Seed(body(500), markdown.SeedOptions{ClientID: seeder})
	if err != nil {
		return nil, err
	}
	return s.Update, nil
}

// loaded is a document of that state.
func loaded(state []byte) (*yjs.Doc, error) {
	doc := yjs.NewDoc(yjs.Options{ClientID: 1, GUID: "counted"})
	return doc, doc.ApplyUpdate(state, nil)
}

func recordToDocument(context.Context, int) (func() error, error) {
	text := body(50)
	return func() error {
		_, err := markdown.Seed(text, markdown.SeedOptions{ClientID: seeder})
		return err
	}, nil
}

func applyKeystroke(_ context.Context, n int) (func() error, error) {
	updates, err := letters(n)
	if err != nil {
		return nil, err
	}
	doc, err := loaded(updates[0])
	i := 0
	return func() error {
		i++
		return doc.ApplyUpdate(updates[i], nil)
	}, err
}

func loadBlocks(context.Context, int) (func() error, error) {
	state, err := blocks()
	return func() error {
		_, err := loaded(state)
		return err
	}, err
}

func loadedBlocks() (*yjs.Doc, error) {
	state, err := blocks()
	if err != nil {
		return nil, err
	}
	return loaded(state)
}

func encodeBlocks(context.Context, int) (func() error, error) { return encode(nil) }

// differenceOfBlocks is what a client gets that has all but one letter.
func differenceOfBlocks(context.Context, int) (func() error, error) {
	doc, err := loadedBlocks()
	if err != nil {
		return nil, err
	}
	return encode(doc.EncodeStateVector())
}

// encode encodes the blocks and a letter, for who has what sv says.
func encode(sv []byte) (func() error, error) {
	doc, err := loadedBlocks()
	if err != nil {
		return nil, err
	}
	more, err := letters(1)
	if err != nil {
		return nil, err
	}
	for _, u := range more {
		if err := doc.ApplyUpdate(u, nil); err != nil {
			return nil, err
		}
	}
	return func() error {
		_, err := doc.EncodeStateAsUpdate(sv)
		return err
	}, nil
}

func mergeUpdates(context.Context, int) (func() error, error) {
	updates, err := letters(99)
	return func() error {
		_, err := yjs.MergeUpdates(updates)
		return err
	}, err
}

package main

import (
	"fmt"
	"strings"

	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
)

// edit is what somebody does to a record: nothing, one word, or one more row
// in the first table (one more item in the first list where there is none).
type edit struct {
	word string
	row  bool
}

// text makes the edit in the Markdown itself, for the stock pipeline: what it
// writes for an edited document is what it writes for the edited text.
func (e edit) text(body string) string {
	switch {
	case e.word != "":
		return strings.Replace(body, e.word, e.word+"ly", 1)
	case e.row:
		lines := strings.Split(body, "\n")
		for i, l := range lines {
			if i > 1 && strings.HasPrefix(l, "|") && strings.Contains(lines[i-1], "---") {
				cells := strings.Count(strings.Trim(l, "| "), "|") + 1
				return insertLine(lines, i+1, "| new"+strings.Repeat(" | x", cells-1)+" |")
			}
		}
		for i, l := range lines {
			if strings.HasPrefix(l, "- ") || strings.HasPrefix(l, "* ") {
				return insertLine(lines, i+1, l[:2]+"new")
			}
		}
	}
	return body
}

func insertLine(lines []string, at int, line string) string {
	return strings.Join(append(append(append([]string(nil), lines[:at]...), line), lines[at:]...), "\n")
}

// ours makes the edit in a live document, as an editor would, and writes it.
func (e edit) ours(body string) (string, error) {
	seeded, err := markdown.Seed([]byte(body), markdown.SeedOptions{ClientID: 1})
	if err != nil {
		return "", err
	}
	doc := yjs.NewDoc(yjs.Options{ClientID: 2})
	if err := doc.ApplyUpdate(seeded.Update, nil); err != nil {
		return "", err
	}
	fragment := doc.XMLFragment(markdown.FragmentName)
	switch {
	case e.word != "":
		err = typeWord(doc, e.word)
	case e.row:
		err = doc.Transact(nil, func(tx *yjs.Transaction) error { return addRow(tx, fragment) })
	}
	if err != nil {
		return "", err
	}
	out, err := markdown.Render(fragment, seeded.Source)
	return string(out), err
}

func typeWord(doc *yjs.Doc, word string) error {
	return doc.Transact(nil, func(tx *yjs.Transaction) error {
		done, err := typeIn(tx, doc.XMLFragment(markdown.FragmentName), word)
		if err == nil && !done {
			err = fmt.Errorf("%q is not in the document", word)
		}
		return err
	})
}

type container interface {
	Len() int
	Get(i int) yjs.Node
}

func typeIn(tx *yjs.Transaction, p container, word string) (bool, error) {
	for i := range p.Len() {
		switch c := p.Get(i).(type) {
		case *yjs.XMLText:
			before, _, ok := strings.Cut(c.String(), word)
			if ok {
				at := 0
				for _, r := range before + word {
					if at++; r > 0xFFFF {
						at++
					}
				}
				return true, c.Insert(tx, at, "ly", nil)
			}
		case *yjs.XMLElement:
			if done, err := typeIn(tx, c, word); done || err != nil {
				return done, err
			}
		}
	}
	return false, nil
}

func addRow(tx *yjs.Transaction, p container) error {
	for i := range p.Len() {
		if e, ok := p.Get(i).(*yjs.XMLElement); ok && e.NodeName() == "table" {
			row, err := e.InsertElement(tx, 2, "table_row")
			if err != nil {
				return err
			}
			for c := range e.Get(1).(*yjs.XMLElement).Len() {
				text := "x"
				if c == 0 {
					text = "new"
				}
				if err := addText(tx, row, c, "table_cell", text); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for i := range p.Len() {
		if e, ok := p.Get(i).(*yjs.XMLElement); ok && e.NodeName() == "bullet_list" {
			return addText(tx, e, 1, "list_item", "new")
		}
	}
	return nil
}

func addText(tx *yjs.Transaction, p *yjs.XMLElement, at int, name, text string) error {
	e, err := p.InsertElement(tx, at, name)
	if err != nil {
		return err
	}
	para, err := e.InsertElement(tx, 0, "paragraph")
	if err != nil {
		return err
	}
	t, err := para.InsertText(tx, 0)
	if err != nil {
		return err
	}
	return t.Insert(tx, 0, text, nil)
}

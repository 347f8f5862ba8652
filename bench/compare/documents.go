package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/civicpress/realtimefx/yjs"
)

// A document is a state to bring into a room, made once.
type document struct {
	name string
	make func() ([]byte, error)
}

var (
	bigDocument   = document{"11.5 MB, blocks as TipTap makes them", sync.OnceValues(func() ([]byte, error) { return page(11_500_000) })}
	b4Document    = document{"the B4 editing trace at its end", sync.OnceValues(b4)}
	smallDocument = document{"2 KB, blocks as TipTap makes them; ours: a record of 2 KB as it is", sync.OnceValues(func() ([]byte, error) { return page(2000) })}
)

var words = strings.Fields("the council of this town has met on monday and decided with three votes against one that bylaw number four is read again")

// page makes a document of about so many bytes: paragraphs and headings of
// three people, some of it bold.
func page(bytes int) ([]byte, error) {
	const perBlock = 115 // bytes of state, as it turns out
	r := rand.New(rand.NewPCG(11, 5))
	doc := yjs.NewDoc(yjs.Options{ClientID: 1})
	f := doc.XMLFragment("default")
	blocks := max(1, bytes/perBlock)
	for n := 0; n < blocks; {
		doc.SetClientID([]uint64{11, 3_000_000_000, 77}[n/20%3])
		err := doc.Transact(nil, func(tx *yjs.Transaction) error {
			for range min(20, blocks-n) {
				if err := block(tx, f, n, r); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("make a document: %w", err)
		}
	}
	return doc.EncodeStateAsUpdate(nil)
}

func block(tx *yjs.Transaction, f *yjs.XMLFragment, at int, r *rand.Rand) error {
	name := "paragraph"
	if r.IntN(8) == 0 {
		name = "heading"
	}
	e, err := f.InsertElement(tx, at, name)
	if err != nil {
		return err
	}
	if name == "heading" {
		if err := e.SetAttribute(tx, "level", float64(1+r.IntN(3))); err != nil {
			return err
		}
	}
	t, err := e.InsertText(tx, 0)
	if err != nil {
		return err
	}
	text := make([]string, 12)
	for i := range text {
		text[i] = words[r.IntN(len(words))]
	}
	if err := t.Insert(tx, 0, strings.Join(text, " "), nil); err != nil {
		return err
	}
	if r.IntN(3) == 0 {
		return t.Format(tx, r.IntN(20), 3+r.IntN(9), yjs.Attributes{{Key: "bold", Value: map[string]any{}}})
	}
	return nil
}

// b4 is the document at the end of the editing trace of crdt-benchmarks' B4, or
// of one of the same length that is made up, if there is none beside the
// checkout.
func b4() ([]byte, error) {
	trace, err := editing()
	if err != nil {
		return nil, err
	}
	doc := yjs.NewDoc(yjs.Options{ClientID: 1})
	text := doc.Text("text")
	for _, e := range trace {
		err := doc.Transact(nil, func(tx *yjs.Transaction) error {
			if e.deleted > 0 {
				if err := text.Delete(tx, e.at, e.deleted); err != nil {
					return err
				}
			}
			if e.inserted == "" {
				return nil
			}
			return text.Insert(tx, e.at, e.inserted, nil)
		})
		if err != nil {
			return nil, fmt.Errorf("replay the editing trace: %w", err)
		}
	}
	return doc.EncodeStateAsUpdate(nil)
}

type edit struct {
	at, deleted int
	inserted    string
}

// traceFile is where bench/engine looks too.
const traceFile = "../../../shared/corpus/b4-editing-trace.json"

func editing() ([]edit, error) {
	b, err := os.ReadFile(filepath.FromSlash(traceFile))
	if os.IsNotExist(err) {
		return madeUp(), nil
	}
	if err != nil {
		return nil, err
	}
	var lines [][]any // position, deleted, and inserted if there is something
	if err := json.Unmarshal(b, &lines); err != nil {
		return nil, fmt.Errorf("read %s: %w", traceFile, err)
	}
	all := make([]edit, len(lines))
	for i, l := range lines {
		if len(l) < 2 || len(l) > 3 {
			return nil, fmt.Errorf("read %s: %v is not an edit", traceFile, l)
		}
		at, ok := l[0].(float64)
		deleted, ok2 := l[1].(float64)
		all[i] = edit{at: int(at), deleted: int(deleted)}
		ok3 := true
		if len(l) == 3 {
			all[i].inserted, ok3 = l[2].(string)
		}
		if !ok || !ok2 || !ok3 {
			return nil, fmt.Errorf("read %s: %v is not an edit", traceFile, l)
		}
	}
	return all, nil
}

func madeUp() []edit {
	const letters = "etaoin shrdlu"
	r := rand.New(rand.NewPCG(4, 4))
	var all []edit
	length, at := 0, 0
	for range 259_778 {
		if r.IntN(100) == 0 {
			at = r.IntN(length + 1)
		}
		if at > 0 && r.IntN(4) == 0 {
			at--
			length--
			all = append(all, edit{at: at, deleted: 1})
		} else {
			i := r.IntN(len(letters))
			all = append(all, edit{at: at, inserted: letters[i : i+1]})
			at++
			length++
		}
	}
	return all
}

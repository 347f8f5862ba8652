package yjs_test

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// Two people edit one text at the same time. Whatever the order in which
// updates arrive, both end up with the same text.
func Example() {
	ann, ben := yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{ClientID: 2})
	write := func(d *yjs.Doc, at int, s string) []byte {
		var update []byte
		cancel := d.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })
		defer cancel()
		err := d.Transact("keyboard", func(tx *yjs.Transaction) error {
			return d.Text("title").Insert(tx, at, s, nil)
		})
		if err != nil {
			fmt.Println(err)
		}
		return update
	}
	ben.ApplyUpdate(write(ann, 0, "Bylaw"), "network")
	a, b := write(ann, 5, " 12"), write(ben, 0, "Draft: ")
	ann.ApplyUpdate(b, "network")
	ben.ApplyUpdate(a, "network")
	fmt.Println(ann.Text("title"))
	fmt.Println(ben.Text("title"))
	// Output:
	// Draft: Bylaw 12
	// Draft: Bylaw 12
}

// A document as editors have it: elements with attributes, text with marks.
func ExampleDoc_Transact() {
	d := yjs.NewDoc(yjs.Options{ClientID: 1})
	f := d.XMLFragment("default")
	err := d.Transact(nil, func(tx *yjs.Transaction) error {
		h, err := f.InsertElement(tx, 0, "heading")
		if err != nil {
			return err
		}
		if err := h.SetAttribute(tx, "level", 2); err != nil {
			return err
		}
		t, err := h.InsertText(tx, 0)
		if err != nil {
			return err
		}
		return t.ApplyDelta(tx, []yjs.DeltaOp{
			{Insert: "Parking "},
			{Insert: "downtown", Attributes: yjs.Attributes{{Key: "bold", Value: lib0.Object{}}}},
		})
	})
	if err != nil {
		fmt.Println(err)
	}
	for n := range f.Children() {
		h := n.(*yjs.XMLElement)
		level, _ := h.Attribute("level")
		fmt.Println(h.NodeName(), level)
		for _, op := range h.Get(0).(*yjs.XMLText).Delta() {
			fmt.Printf("%q %d marks\n", op.Insert, len(op.Attributes))
		}
	}
	// Output:
	// heading 2
	// "Parking " 0 marks
	// "downtown" 1 marks
}

// What a client lacks is the difference between the document and the state
// vector that the client sends: sync steps 1 and 2 of the protocol.
func ExampleDoc_EncodeStateAsUpdate() {
	server, client := yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{})
	server.Transact(nil, func(tx *yjs.Transaction) error {
		return server.Array("agenda").Insert(tx, 0, "roads", "budget")
	})
	diff, err := server.EncodeStateAsUpdate(client.EncodeStateVector())
	if err != nil {
		fmt.Println(err)
	}
	if err := client.ApplyUpdate(diff, "server"); err != nil {
		fmt.Println(err)
	}
	for i, v := range client.Array("agenda").All() {
		fmt.Println(i, v)
	}
	// Output:
	// 0 roads
	// 1 budget
}

// Several updates applied in one transaction make one update for everybody
// else, which is what a server sends on.
func ExampleTransaction_ApplyUpdate() {
	var arrived [][]byte
	author := yjs.NewDoc(yjs.Options{ClientID: 7})
	author.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { arrived = append(arrived, u) })
	for i, s := range []string{"a", "b", "c"} {
		author.Transact(nil, func(tx *yjs.Transaction) error { return author.Text("t").Insert(tx, i, s, nil) })
	}
	room := yjs.NewDoc(yjs.Options{})
	room.OnUpdate(func(u []byte, origin any, _ *yjs.Transaction) {
		fmt.Println(origin, len(arrived), "updates became one of", len(u), "bytes")
	})
	err := room.Transact("turn", func(tx *yjs.Transaction) error {
		for _, u := range arrived {
			if err := tx.ApplyUpdate(u); err != nil {
				fmt.Println("refused:", err) // the others still count
			}
		}
		return nil
	})
	fmt.Println(room.Text("t"), err)
	// Output:
	// turn 3 updates became one of 13 bytes
	// abc <nil>
}

// Observers hear at the end of each transaction what it did.
func ExampleObserveDeep() {
	d := yjs.NewDoc(yjs.Options{ClientID: 1})
	f := d.XMLFragment("default")
	cancel := yjs.ObserveDeep(f, func(events []*yjs.Event) {
		for _, e := range events {
			for _, k := range e.Keys() {
				fmt.Println(e.Path(), k.Action, k.Key)
			}
			for _, op := range e.Delta() {
				fmt.Println(e.Path(), "insert", op.Insert != nil, "retain", op.Retain, "delete", op.Delete)
			}
		}
	})
	defer cancel()
	var p *yjs.XMLElement
	d.Transact(nil, func(tx *yjs.Transaction) (err error) {
		p, err = f.InsertElement(tx, 0, "paragraph")
		return err
	})
	d.Transact(nil, func(tx *yjs.Transaction) error { return p.SetAttribute(tx, "textAlign", "right") })
	// Output:
	// [] insert true retain 0 delete 0
	// [0] add textAlign
}

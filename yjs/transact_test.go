package yjs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func mustTransact(t testing.TB, d *Doc, origin any, fn func(*Transaction) error) {
	t.Helper()
	if err := d.Transact(origin, fn); err != nil {
		t.Fatal(err)
	}
}

func TestTransactionsRunInOrder(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	m := d.Map("m")
	var log []string
	d.OnBeforeTransaction(func(tx *Transaction) { log = append(log, fmt.Sprint("before ", tx.Origin())) })
	d.OnAfterTransaction(func(tx *Transaction) { log = append(log, fmt.Sprint("after ", tx.Origin())) })
	d.OnUpdate(func(u []byte, origin any, _ *Transaction) { log = append(log, fmt.Sprint("update ", origin)) })
	Observe(m, func(e *Event) {
		log = append(log, fmt.Sprint("observer ", e.Transaction().Origin(), " ", e.Keys()[0].Key))
		if e.Transaction().Origin() == "outer" {
			mustTransact(t, d, "observer", func(tx *Transaction) error { return m.Set(tx, "b", 2) })
		}
	})
	mustTransact(t, d, "outer", func(tx *Transaction) error {
		if err := m.Set(tx, "a", 1); err != nil {
			return err
		}
		return d.Transact("inner", func(inner *Transaction) error { // joins
			if inner != tx || inner.Origin() != "outer" {
				t.Error("a transaction inside of another is not that one")
			}
			return nil
		})
	})
	want := []string{
		"before outer", "observer outer a", "before observer", "after outer", "update outer",
		"observer observer b", "after observer", "update observer",
	}
	if !slices.Equal(log, want) {
		t.Errorf("got  %q\nwant %q", log, want)
	}
	d.check(t)
}

func TestSeveralUpdatesOneEvent(t *testing.T) {
	w := newWriter(5)
	text := w.doc.Text("t")
	for i, s := range []string{"a", "b", "c"} {
		mustTransact(t, w.doc, nil, func(tx *Transaction) error { return text.Insert(tx, i, s, nil) })
	}
	d := NewDoc(Options{})
	var got [][]byte
	d.OnUpdate(func(u []byte, _ any, tx *Transaction) { got = append(got, u) })
	mustTransact(t, d, "turn", func(tx *Transaction) error {
		for _, u := range w.sent {
			if err := tx.ApplyUpdate(u); err != nil {
				return err
			}
		}
		if err := tx.ApplyUpdate([]byte{1}); !errors.Is(err, ErrMalformed) {
			t.Errorf("malformed update in a transaction: %v", err)
		}
		return nil
	})
	if len(got) != 1 || !bytes.Equal(got[0], state(t, w.doc)) || d.Text("t").String() != "abc" {
		t.Errorf("events %x", got)
	}
}

func TestUpdateFromACallback(t *testing.T) {
	a, b := newWriter(5), newWriter(6)
	for _, w := range []*writer{a, b} {
		mustTransact(t, w.doc, nil, func(tx *Transaction) error { return w.doc.Text("t").Insert(tx, 0, "x", nil) })
	}
	d := NewDoc(Options{})
	applied := false
	d.OnBeforeTransaction(func(*Transaction) {
		if !applied {
			applied = true
			if err := d.ApplyUpdate(b.sent[0], nil); err != nil {
				t.Error(err)
			}
		}
	})
	if err := d.ApplyUpdate(a.sent[0], nil); err != nil || d.Text("t").String() != "xx" {
		t.Errorf("%q %v", d.Text("t"), err)
	}
	d.check(t)
}

func TestErrorsOfWrites(t *testing.T) {
	d := NewDoc(Options{})
	f := d.XMLFragment("default")
	failure := errors.New("no")
	var e *XMLElement
	var kept *Transaction
	err := d.Transact(nil, func(tx *Transaction) (err error) {
		kept = tx
		if e, err = f.InsertElement(tx, 0, "p"); err != nil {
			return err
		}
		return failure
	})
	if err != failure || f.Len() != 1 {
		t.Errorf("what was written before an error stays: %v, %d", err, f.Len())
	}
	if err := kept.ApplyUpdate([]byte{0, 0}); err != ErrClosed {
		t.Errorf("ended transaction: %v", err)
	}
	if err := e.SetAttribute(kept, "k", 1); err != ErrClosed {
		t.Errorf("write in an ended transaction: %v", err)
	}
	before := state(t, d)
	mustTransact(t, d, nil, func(tx *Transaction) error {
		x := NewDoc(Options{}).Text("other")
		for what, err := range map[string]error{
			"insert beyond the end": func() error { _, err := f.InsertElement(tx, 2, "p"); return err }(),
			"negative position":     func() error { _, err := f.InsertText(tx, -1); return err }(),
			"delete too much":       f.Delete(tx, 0, 2),
			"overflow":              f.Delete(tx, 1, 1<<62),
		} {
			if !errors.Is(err, ErrRange) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := e.SetAttribute(tx, "k", struct{}{}); !errors.Is(err, ErrValue) {
			t.Errorf("value: %v", err)
		}
		if err := x.Insert(tx, 0, "a", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("transaction of another document: %v", err)
		}
		return nil
	})
	if !bytes.Equal(before, state(t, d)) {
		t.Error("refused writes have changed the document")
	}
	mustTransact(t, d, nil, func(tx *Transaction) error { return f.Delete(tx, 0, 1) })
	err = d.Transact(nil, func(tx *Transaction) error { return e.SetAttribute(tx, "k", 1) })
	if _, ok := e.ID(); err != ErrDetached || !e.Deleted() || ok || e.Parent() != nil {
		t.Errorf("deleted type: %v", err)
	}
}

func TestClientIDOfOthersIsGivenUp(t *testing.T) {
	w := newWriter(5)
	mustTransact(t, w.doc, nil, func(tx *Transaction) error { return w.doc.Text("t").Insert(tx, 0, "x", nil) })
	d := NewDoc(Options{ClientID: 5})
	if err := d.ApplyUpdate(w.sent[0], nil); err != nil || d.ClientID() == 5 {
		t.Errorf("client id %d (%v)", d.ClientID(), err)
	}
}

func TestDisableGCKeepsContent(t *testing.T) {
	d := NewDoc(Options{ClientID: 1, DisableGC: true})
	text := d.Text("t")
	mustTransact(t, d, nil, func(tx *Transaction) error { return text.Insert(tx, 0, "secret", nil) })
	mustTransact(t, d, nil, func(tx *Transaction) error { return text.Delete(tx, 0, 6) })
	if !bytes.Contains(state(t, d), []byte("secret")) {
		t.Error("content is gone")
	}
	if c := testDoc(t, Options{}, state(t, d)); bytes.Contains(state(t, c), []byte("secret")) {
		t.Error("content is still there")
	}
}

func TestPanicOfAnObserver(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	m := d.Map("m")
	cancel := Observe(m, func(*Event) { panic("observer") })
	func() {
		defer func() {
			if p := recover(); p != "observer" {
				t.Errorf("recovered %v", p)
			}
		}()
		d.Transact(nil, func(tx *Transaction) error { return m.Set(tx, "a", 1) })
	}()
	cancel()
	d.check(t)
	mustTransact(t, d, nil, func(tx *Transaction) error { return m.Set(tx, "a", 2) })
	if v, _ := m.Get("a"); v != 2.0 {
		t.Errorf("got %v", v)
	}
	d.check(t)
}

func TestSubdocs(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	s, err := NewSubdoc("guid", true, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	var events []SubdocsEvent
	d.OnSubdocs(func(e SubdocsEvent, _ *Transaction) { events = append(events, e) })
	mustTransact(t, d, nil, func(tx *Transaction) error { return d.Map("m").Set(tx, "doc", s) })
	c := testDoc(t, Options{}, state(t, d))
	v, _ := c.Map("m").Get("doc")
	if got, ok := v.(*Subdoc); !ok || got.GUID() != "guid" || !got.AutoLoad() || len(c.Subdocs()) != 1 {
		t.Errorf("got %v", v)
	}
	mustTransact(t, d, nil, func(tx *Transaction) error { return d.Map("m").Remove(tx, "doc") })
	if len(events) != 2 || len(events[0].Added) != 1 || len(events[0].Loaded) != 1 || len(events[1].Removed) != 1 {
		t.Errorf("events %v", events)
	}
}

// TestAppendAllocatesNothing: an update that only continues a run takes no
// memory but, now and then, room for the text.
func TestAppendAllocatesNothing(t *testing.T) {
	w := newWriter(5)
	text := w.doc.Text("t")
	for i := range 3000 {
		mustTransact(t, w.doc, nil, func(tx *Transaction) error { return text.Insert(tx, i, "x", nil) })
	}
	d := testDoc(t, Options{}, w.sent[:200]...)
	n := 200
	allocs := testing.AllocsPerRun(2000, func() {
		if err := d.ApplyUpdate(w.sent[n], nil); err != nil {
			t.Fatal(err)
		}
		n++
	})
	if allocs > 0 {
		t.Errorf("%v allocations an update", allocs)
	}
	if d.items != 1 {
		t.Errorf("%d items", d.items)
	}
	encode := testing.AllocsPerRun(100, func() { d.EncodeStateAsUpdate(nil) })
	if encode > 6 {
		t.Errorf("%v allocations to encode", encode)
	}
}

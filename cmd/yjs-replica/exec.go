package main

import (
	"fmt"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// exec does one write operation and returns the update it made.
func (h *host) exec(p []byte) ([]byte, error) {
	v, err := lib0.ParseJSON(p)
	if err != nil {
		return nil, err
	}
	o, _ := v.(lib0.Object)
	update := []byte{0, 0}
	cancel := h.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })
	defer cancel()
	err = h.doc.Transact(nil, func(tx *yjs.Transaction) error { return h.write(tx, request(o)) })
	return update, err
}

type request lib0.Object

func (r request) any(key string) any {
	v, _ := lib0.Object(r).Get(key)
	return v
}

func (r request) int(key string) int {
	f, _ := r.any(key).(float64)
	return int(f)
}

func (r request) str(key string) string {
	s, _ := r.any(key).(string)
	return s
}

func (r request) attrs(key string) yjs.Attributes {
	o, _ := r.any(key).(lib0.Object)
	if len(o) == 0 && r.any(key) == nil {
		return nil
	}
	return append(yjs.Attributes{}, o...)
}

// list is what fragments and elements have in common.
type list interface {
	yjs.Node
	Get(int) yjs.Node
	InsertElement(*yjs.Transaction, int, string) (*yjs.XMLElement, error)
	InsertText(*yjs.Transaction, int) (*yjs.XMLText, error)
	Delete(*yjs.Transaction, int, int) error
}

func (h *host) at(path any) (yjs.Node, error) {
	var n yjs.Node = h.doc.XMLFragment(h.root)
	steps, _ := path.([]any)
	for i, s := range steps {
		l, ok := n.(list)
		f, isNumber := s.(float64)
		if !ok || !isNumber || l.Get(int(f)) == nil {
			return nil, fmt.Errorf("path %v: no node at step %d", steps, i)
		}
		n = l.Get(int(f))
	}
	return n, nil
}

func (h *host) write(tx *yjs.Transaction, r request) error {
	n, err := h.at(r.any("path"))
	if err != nil {
		return err
	}
	l, _ := n.(list)
	t, _ := n.(*yjs.XMLText)
	e, _ := n.(*yjs.XMLElement)
	op := r.str("op")
	switch op {
	case "insElem", "insText":
		if l == nil {
			return fmt.Errorf("%s: not an element", op)
		}
		if op == "insElem" {
			return insertElement(tx, l, r)
		}
		return insertText(tx, l, r)
	case "delete":
		if l != nil {
			return l.Delete(tx, r.int("at"), r.int("len"))
		}
		fallthrough
	case "textDel", "textIns", "textFmt":
		if t == nil {
			return fmt.Errorf("%s: not a text", op)
		}
		switch op {
		case "textIns":
			return t.Insert(tx, r.int("at"), r.str("s"), r.attrs("a"))
		case "textFmt":
			return t.Format(tx, r.int("at"), r.int("len"), r.attrs("a"))
		}
		return t.Delete(tx, r.int("at"), r.int("len"))
	case "setAttr":
		return setAttribute(tx, e, t, r)
	}
	return fmt.Errorf("unknown op %q", op)
}

func insertElement(tx *yjs.Transaction, l list, r request) error {
	e, err := l.InsertElement(tx, r.int("at"), r.str("name"))
	if err != nil {
		return err
	}
	for _, f := range r.attrs("attrs") {
		if err := e.SetAttribute(tx, f.Key, f.Value); err != nil {
			return err
		}
	}
	return nil
}

func insertText(tx *yjs.Transaction, l list, r request) error {
	t, err := l.InsertText(tx, r.int("at"))
	if err != nil {
		return err
	}
	var ops []yjs.DeltaOp
	runs, _ := r.any("runs").([]any)
	for _, run := range runs {
		o, _ := run.(lib0.Object)
		op := yjs.DeltaOp{Attributes: request(o).attrs("a")}
		op.Insert, _ = o.Get("i")
		ops = append(ops, op)
	}
	return t.ApplyDelta(tx, ops)
}

func setAttribute(tx *yjs.Transaction, e *yjs.XMLElement, t *yjs.XMLText, r request) error {
	k, v := r.str("k"), r.any("v")
	switch {
	case e != nil && v == nil:
		return e.RemoveAttribute(tx, k)
	case e != nil:
		return e.SetAttribute(tx, k, v)
	case t != nil && v == nil:
		return t.RemoveAttribute(tx, k)
	case t != nil:
		return t.SetAttribute(tx, k, v)
	}
	return fmt.Errorf("setAttr: neither an element nor a text")
}

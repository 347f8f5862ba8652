package main

import (
	"encoding/base64"
	"strconv"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// tree writes the canonical JSON of a fragment.
func tree(f *yjs.XMLFragment) ([]byte, error) {
	var nodes []any
	for n := range f.Children() {
		nodes = append(nodes, nodeTree(n))
	}
	return lib0.AppendJSON(nil, nonNil(nodes))
}

func nodeTree(n yjs.Node) any {
	switch n := n.(type) {
	case *yjs.XMLText:
		runs := []any{}
		for _, op := range n.Delta() {
			run := lib0.Object{{Key: "i", Value: value(op.Insert)}}
			if len(op.Attributes) > 0 {
				run = append(run, lib0.Field{Key: "a", Value: value(op.Attributes)})
			}
			runs = append(runs, run)
		}
		return lib0.Object{{Key: "t", Value: runs}}
	case *yjs.XMLElement:
		a := lib0.Object{}
		for k, v := range n.Attributes() {
			a = append(a, lib0.Field{Key: k, Value: value(v)})
		}
		var kids []any
		for c := range n.Children() {
			kids = append(kids, nodeTree(c))
		}
		return element(n.NodeName(), a, kids)
	case *yjs.XMLFragment:
		var kids []any
		for c := range n.Children() {
			kids = append(kids, nodeTree(c))
		}
		return element("#fragment", lib0.Object{}, kids)
	}
	return element("#"+typeName(n), lib0.Object{}, nil)
}

func element(name string, a lib0.Object, kids []any) any {
	return lib0.Object{{Key: "n", Value: name}, {Key: "a", Value: a}, {Key: "c", Value: nonNil(kids)}}
}

func nonNil(a []any) []any {
	if a == nil {
		return []any{}
	}
	return a
}

func typeName(n yjs.Node) string {
	switch n.(type) {
	case *yjs.XMLHook:
		return "YXmlHook"
	case *yjs.Text:
		return "YText"
	case *yjs.Array:
		return "YArray"
	case *yjs.Map:
		return "YMap"
	}
	return "YXmlFragment"
}

// value replaces what JSON does not have.
func value(v any) any {
	switch v := v.(type) {
	case []byte:
		return lib0.Object{{Key: "$bin", Value: base64.StdEncoding.EncodeToString(v)}}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = value(v[i])
		}
		return out
	case lib0.Object:
		out := make(lib0.Object, len(v))
		for i, f := range v {
			out[i] = lib0.Field{Key: f.Key, Value: value(f.Value)}
		}
		return out
	case yjs.Node:
		return lib0.Object{{Key: "$type", Value: typeName(v)}}
	case *yjs.Subdoc:
		return lib0.Object{}
	case lib0.BigInt:
		return lib0.Object{{Key: "$big", Value: strconv.FormatInt(int64(v), 10)}}
	}
	if v == lib0.Undefined {
		return lib0.Object{{Key: "$undef", Value: 1}}
	}
	return v
}

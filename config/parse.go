package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Parse reads the text of a realtime.yml over the defaults and validates the
// result. Its keys stand at the top level or under one key realtime. The name
// of the file is for messages. The error, if any, is [Faults].
func Parse(file string, src []byte) (Config, error) {
	c := Default()
	r := reader{file: file, lines: map[string]int{}}
	tree, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return Default(), r.faults
	}
	r.document(tree, &c)
	r.faults = append(r.faults, check(c, r)...)
	if len(r.faults) > 0 {
		r.faults.sort()
		return Default(), r.faults
	}
	return c, nil
}

// reader walks the syntax tree along the struct, so that it can go on after a
// fault.
type reader struct {
	file   string
	lines  map[string]int // key path -> line where it stands
	faults Faults
}

func (r *reader) fault(n ast.Node, key, format string, args ...any) {
	line := 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	r.faults = append(r.faults, Fault{File: r.file, Line: line, Key: key, Problem: fmt.Sprintf(format, args...)})
}

func (r *reader) syntax(err error) {
	f := Fault{File: r.file, Problem: "not valid YAML: " + strings.SplitN(err.Error(), "\n", 2)[0]}
	if e, ok := errors.AsType[yaml.Error](err); ok {
		f.Problem = "not valid YAML: " + e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			f.Line = t.Position.Line
		}
	}
	r.faults = append(r.faults, f)
}

func (r *reader) document(tree *ast.File, c *Config) {
	var bodies []ast.Node
	for _, d := range tree.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType && d.Body.Type() != ast.NullType {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) == 0 {
		return // empty, or comments only
	}
	for _, extra := range bodies[1:] {
		r.fault(extra, "", "a second YAML document; the file must hold one")
	}
	pairs, ok := pairsOf(bodies[0])
	if !ok {
		r.fault(bodies[0], "", "the file must hold keys and values, as in \"port: 3001\"")
		return
	}
	if len(pairs) == 1 && keyOf(pairs[0]) == "realtime" {
		body := pairs[0].Value
		if body.Type() == ast.NullType {
			return
		}
		if pairs, ok = pairsOf(body); !ok {
			r.fault(body, "realtime", "must hold keys and values")
			return
		}
	}
	r.section(pairs, reflect.ValueOf(c).Elem(), "")
}

// section reads key and value pairs into a struct.
func (r *reader) section(pairs []*ast.MappingValueNode, into reflect.Value, prefix string) {
	fields := map[string]reflect.Value{}
	var known []string
	for i := range into.NumField() {
		name := into.Type().Field(i).Tag.Get("yaml")
		fields[name] = into.Field(i)
		known = append(known, name)
	}
	for _, p := range pairs {
		name := keyOf(p)
		key := prefix + name
		field, ok := fields[name]
		if !ok {
			r.fault(p.Key, key, "unknown key%s", suggest(name, known))
			continue
		}
		if first, again := r.lines[key]; again {
			r.fault(p.Key, key, "stands twice, first in line %d", first)
			continue
		}
		r.lines[key] = p.Key.GetToken().Position.Line
		r.value(p.Value, field, key)
	}
}

// value reads one value into a field. An empty value keeps the default.
func (r *reader) value(n ast.Node, into reflect.Value, key string) {
	if n.Type() == ast.NullType {
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		pairs, ok := pairsOf(n)
		if !ok {
			r.fault(n, key, "is a section: its keys belong below it, indented")
			return
		}
		r.section(pairs, into, key+".")
	case reflect.Slice:
		r.list(n, into, key)
	case reflect.Bool:
		text, ok := textOf(n)
		v, isBool := parseBool(text)
		if !ok || !isBool || text == "1" || text == "0" {
			r.fault(n, key, "%s is not true or false", show(n))
			return
		}
		into.SetBool(v)
	case reflect.Int, reflect.Int64:
		v, ok := wholeNumber(n)
		if !ok {
			r.fault(n, key, "%s is not a whole number", show(n))
			return
		}
		into.SetInt(v)
	case reflect.String:
		text, ok := textOf(n)
		if !ok {
			r.fault(n, key, "%s is not text", show(n))
			return
		}
		into.SetString(text)
	}
}

// list reads a sequence of texts; a single text counts as a list of one.
func (r *reader) list(n ast.Node, into reflect.Value, key string) {
	items := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		items = s.Values
	}
	out := make([]string, 0, len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", key, i)
		text, ok := textOf(item)
		if !ok || item.Type() == ast.NullType {
			r.fault(item, at, "%s is not text", show(item))
			continue
		}
		r.lines[at] = item.GetToken().Position.Line
		out = append(out, text)
	}
	into.Set(reflect.ValueOf(out))
}

func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func keyOf(p *ast.MappingValueNode) string { return p.Key.GetToken().Value }

// textOf returns a scalar as text: 3001 and "3001" are the same.
func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func wholeNumber(n ast.Node) (int64, bool) {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	switch v := i.Value.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	}
	return 0, false
}

// show quotes a value for a message.
func show(n ast.Node) string {
	if text, ok := textOf(n); ok {
		if len(text) > 40 {
			text = text[:40] + "…"
		}
		return fmt.Sprintf("%q", text)
	}
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.SequenceNode:
		return "a list"
	}
	return "this value"
}

// suggest names the key that was probably meant.
func suggest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf(", did you mean %q?", best)
	}
	sorted := slices.Sorted(slices.Values(known))
	return "; known here: " + strings.Join(sorted, ", ")
}

// editDistance is the number of single-byte edits between two keys.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

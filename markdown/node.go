package markdown

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/civicpress/realtimefx/yjs"
)

// Node is one node of the editor's document, in the shape of ProseMirror's JSON.
//
// A text node has Type "text" and Text; every other node has Content. Marks stand in the
// schema's order: link, em, strong, code. Nodes made by Parse share attribute slices, so a
// caller that edits Attrs or Marks in place has to copy them first.
type Node struct {
	Type    string
	Attrs   []Attr
	Marks   []Mark
	Text    string
	Content []*Node

	// id is the identity of a block in its live document, zero outside of one.
	id yjs.ID
	// src is where the node stands in the text it was parsed from, see span.
	src span
}

// Attr is one attribute. Values are nil, bool, int, float64, string, or what a foreign
// document carries.
type Attr struct {
	Name  string
	Value any
}

// Mark is one mark of a text run or an inline node.
type Mark struct {
	Type  string
	Attrs []Attr
}

// span is a byte range of the source. For a block it begins at the block's first visible
// byte (its list marker, quote sign, fence or first letter; what containers put before it on
// that line is outside) and ends after the last byte of its last line that is not blank,
// without the line ending. A following line inside the range carries the prefixes of its
// containers. The zero span says that the node does not come from a source.
type span struct{ start, end int32 }

// Attr returns the value of the attribute and whether the node has it.
func (n *Node) Attr(name string) (any, bool) { return lookup(n.Attrs, name) }

// Attr returns the value of the attribute and whether the mark has it.
func (m Mark) Attr(name string) (any, bool) { return lookup(m.Attrs, name) }

func lookup(attrs []Attr, name string) (any, bool) {
	for i := range attrs {
		if attrs[i].Name == name {
			return attrs[i].Value, true
		}
	}
	return nil, false
}

// attrString returns a string attribute, or "" if it is absent or of another type.
func attrString(attrs []Attr, name string) string {
	v, _ := lookup(attrs, name)
	s, _ := v.(string)
	return s
}

// MarshalJSON writes the node as ProseMirror does: empty attrs, marks and content are absent.
func (n *Node) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	if err := n.appendJSON(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (n *Node) appendJSON(b *bytes.Buffer) error {
	b.WriteString(`{"type":`)
	if err := appendValue(b, n.Type); err != nil {
		return err
	}
	if len(n.Attrs) > 0 {
		b.WriteString(`,"attrs":`)
		if err := appendAttrs(b, n.Attrs); err != nil {
			return err
		}
	}
	if len(n.Content) > 0 {
		b.WriteString(`,"content":[`)
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := c.appendJSON(b); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	}
	if len(n.Marks) > 0 {
		b.WriteString(`,"marks":[`)
		for i, m := range n.Marks {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"type":`)
			if err := appendValue(b, m.Type); err != nil {
				return err
			}
			if len(m.Attrs) > 0 {
				b.WriteString(`,"attrs":`)
				if err := appendAttrs(b, m.Attrs); err != nil {
					return err
				}
			}
			b.WriteByte('}')
		}
		b.WriteByte(']')
	}
	if n.Type == typeText {
		b.WriteString(`,"text":`)
		if err := appendValue(b, n.Text); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func appendAttrs(b *bytes.Buffer, attrs []Attr) error {
	b.WriteByte('{')
	for i, a := range attrs {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := appendValue(b, a.Name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := appendValue(b, a.Value); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func appendValue(b *bytes.Buffer, v any) error {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		v = nil // as JSON.stringify writes them
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode attribute value %T: %w", v, err)
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}

// UnmarshalJSON reads ProseMirror's JSON. Attributes keep their order; whole numbers become
// int, other numbers float64.
func (n *Node) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type    *string         `json:"type"`
		Attrs   json.RawMessage `json:"attrs"`
		Text    string          `json:"text"`
		Content []*Node         `json:"content"`
		Marks   []struct {
			Type  string          `json:"type"`
			Attrs json.RawMessage `json:"attrs"`
		} `json:"marks"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if raw.Type == nil {
		return errors.New("markdown: a node without \"type\"")
	}
	attrs, err := readAttrs(raw.Attrs)
	if err != nil {
		return fmt.Errorf("markdown: attrs of %s: %w", *raw.Type, err)
	}
	*n = Node{Type: *raw.Type, Attrs: attrs, Text: raw.Text, Content: raw.Content}
	for i, c := range n.Content {
		if c == nil {
			return fmt.Errorf("markdown: content %d of %s is null", i, n.Type)
		}
	}
	for _, m := range raw.Marks {
		attrs, err := readAttrs(m.Attrs)
		if err != nil {
			return fmt.Errorf("markdown: attrs of mark %s: %w", m.Type, err)
		}
		n.Marks = append(n.Marks, Mark{Type: m.Type, Attrs: attrs})
	}
	return nil
}

func readAttrs(data json.RawMessage) ([]Attr, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return nil, fmt.Errorf("not an object: %v", tok)
	}
	var attrs []Attr
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		attrs = append(attrs, Attr{key.(string), plainNumbers(v)})
	}
	return attrs, nil
}

// plainNumbers turns json.Number into int where the number is whole and exact, else float64.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil && i >= -1<<53 && i <= 1<<53 {
			return int(i)
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

package markdown

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/lib0"
)

// FragmentName is the root fragment in which editors keep a record.
const FragmentName = "default"

// SchemaVersion is part of what a seed's client id is made of. It changes whenever the same
// source begins to give another tree.
const SchemaVersion = 1

// ErrNotEmpty says that a document to be written has content already.
var ErrNotEmpty = errors.New("markdown: the fragment is not empty; writing again would double its content")

// SeedOptions say under which client id a seed is written.
type SeedOptions struct {
	ClientID uint64 // see SeedClientID; 0 = random
}

// Seeded is a document made from Markdown.
type Seeded struct {
	Update []byte  // Yjs V1 update that makes the document
	Source *Source // the text beside it
}

// Seed makes the document of a Markdown source. The same source and client id give the same
// bytes, on any machine.
func Seed(src []byte, o SeedOptions) (*Seeded, error) {
	s, err := parseSource(string(src))
	if err != nil {
		return nil, err
	}
	client := o.ClientID
	if client == 0 {
		client = yjs.NewDoc(yjs.Options{}).ClientID()
	}
	update, err := encodeTree(s.doc, client, 2*len(src)+1<<10)
	if err != nil {
		return nil, err
	}
	s.noteEmpty()
	return &Seeded{Update: update, Source: s}, nil
}

// SeedClientID returns the client id under which a record is seeded. It depends on the
// record, the schema and the source alone, so that every node seeds alike. Yjs gives its
// clients 32 bits; seeds lie above, where no client ever is, and below 2^53, which JavaScript
// can count.
func SeedClientID(recordID string, src []byte) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "civicpress seed %d\n%d\n%s\n", SchemaVersion, len(recordID), recordID)
	h.Write(src)
	var sum [sha256.Size]byte
	n := binary.BigEndian.Uint64(h.Sum(sum[:0]))
	return 1<<32 + n%(1<<53-1<<32)
}

// Write makes the content of an empty fragment as y-prosemirror does: elements named like the
// nodes, attributes that are not null, one text for each run of text nodes, marks as
// formatting. Marks of other inline nodes have no place there.
func Write(tx *yjs.Transaction, frag *yjs.XMLFragment, doc *Node) error {
	if frag.Len() > 0 {
		return ErrNotEmpty
	}
	w := treeWriter{tx: tx}
	return w.children(frag, doc.Content)
}

type treeWriter struct {
	tx  *yjs.Transaction
	ops []yjs.DeltaOp
}

func (w *treeWriter) children(p parent, nodes []*Node) error {
	at := 0
	for i := 0; i < len(nodes); at++ {
		if nodes[i].Type == typeText {
			j := i
			for j < len(nodes) && nodes[j].Type == typeText {
				j++
			}
			if err := w.text(p, at, nodes[i:j]); err != nil {
				return err
			}
			i = j
			continue
		}
		if err := w.element(p, at, nodes[i]); err != nil {
			return err
		}
		i++
	}
	return nil
}

func (w *treeWriter) element(p parent, at int, n *Node) error {
	e, err := p.InsertElement(w.tx, at, n.Type)
	if err != nil {
		return fmt.Errorf("write %s: %w", n.Type, err)
	}
	if err := w.children(e, n.Content); err != nil {
		return err
	}
	for _, a := range n.Attrs {
		if a.Value == nil {
			continue
		}
		if err := e.SetAttribute(w.tx, a.Name, a.Value); err != nil {
			return fmt.Errorf("write attribute %s of %s: %w", a.Name, n.Type, err)
		}
	}
	return nil
}

func (w *treeWriter) text(p parent, at int, nodes []*Node) error {
	t, err := p.InsertText(w.tx, at)
	if err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	if len(nodes) == 1 && len(nodes[0].Marks) == 0 {
		return t.Insert(w.tx, 0, nodes[0].Text, yjs.Attributes{})
	}
	w.ops = w.ops[:0]
	for _, n := range nodes {
		w.ops = append(w.ops, yjs.DeltaOp{Insert: n.Text, Attributes: formatting(n.Marks)})
	}
	if err := t.ApplyDelta(w.tx, w.ops); err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

// formatting is how y-prosemirror stores marks.
func formatting(marks []Mark) yjs.Attributes {
	attrs := make(yjs.Attributes, 0, len(marks))
	for _, m := range marks {
		attrs = append(attrs, lib0.Field{Key: m.Type, Value: attrObject(m.Attrs)})
	}
	return attrs
}

// Read returns the content of a fragment as a tree. It reads any document, also one that no
// editor would make, and never changes it. Nodes of the schema get all their attributes in
// the schema's order; elements that the schema does not know stay under their name; marks
// that it does not know are left out, their text is not. Hooks hold no text and are skipped.
func Read(frag *yjs.XMLFragment) *Node {
	doc := &Node{Type: typeDoc}
	r := treeReader{}
	kids := 0
	for n := range frag.Children() {
		r.node(doc, n)
		kids++
	}
	if kids < frag.Len() {
		// Somebody opened the root as text on another side: its text is shown as a paragraph.
		p := &Node{Type: typeParagraph}
		for _, op := range frag.Text().Delta() {
			if _, ok := op.Insert.(string); ok {
				r.text(p, []yjs.DeltaOp{op})
			}
		}
		if len(p.Content) > 0 {
			doc.Content = append(doc.Content, p)
		}
	}
	return doc
}

type treeReader struct{ nodes arena }

func (r *treeReader) node(parent *Node, n yjs.Node) {
	switch n := n.(type) {
	case *yjs.XMLElement:
		c := r.nodes.new(n.NodeName())
		c.id, _ = n.ID()
		c.Attrs = readAttributes(n)
		if k := n.Len(); k > 0 {
			c.Content = make([]*Node, 0, k)
			for kid := range n.Children() {
				r.node(c, kid)
			}
		}
		parent.Content = append(parent.Content, c)
	case *yjs.XMLText:
		r.text(parent, n.Delta())
	case *yjs.Text:
		r.text(parent, n.Delta())
	case *yjs.XMLFragment:
		for kid := range n.Children() {
			r.node(parent, kid)
		}
	}
}

// text adds a text node for each run of the same marks.
func (r *treeReader) text(parent *Node, ops []yjs.DeltaOp) {
	for len(ops) > 0 {
		marks := readMarks(ops[0].Attributes)
		text := insertText(ops[0])
		ops = ops[1:]
		var b []byte
		for len(ops) > 0 && sameMarks(marks, readMarks(ops[0].Attributes)) {
			if b == nil {
				b = []byte(text)
			}
			b = append(b, insertText(ops[0])...)
			ops = ops[1:]
		}
		if b != nil {
			text = string(b)
		}
		if text == "" {
			continue
		}
		if k := len(parent.Content); k > 0 {
			if last := parent.Content[k-1]; last.Type == typeText && sameMarks(last.Marks, marks) {
				last.Text += text
				continue
			}
		}
		t := r.nodes.new(typeText)
		t.Text, t.Marks = text, marks
		parent.Content = append(parent.Content, t)
	}
}

func insertText(op yjs.DeltaOp) string {
	if s, ok := op.Insert.(string); ok {
		return s
	}
	return "[object Object]" // as the existing editor shows an embed
}

// readAttributes gives an element of the schema all attributes it has there.
func readAttributes(e *yjs.XMLElement) (attrs []Attr) {
	spec := schema[e.NodeName()]
	if spec == nil {
		for k, v := range e.Attributes() {
			attrs = append(attrs, Attr{k, plainValue(v)})
		}
		return attrs
	}
	same := true
	for i, a := range spec.attrs {
		v, ok := e.Attribute(a.Name)
		if ok {
			v = plainValue(v)
		} else {
			v = a.Value
		}
		if same && sameValue(v, a.Value) {
			continue
		}
		if same {
			same = false
			attrs = slices.Clone(spec.attrs)
		}
		attrs[i].Value = v
	}
	if same {
		return spec.attrs
	}
	return attrs
}

func readMarks(attrs yjs.Attributes) []Mark {
	if len(attrs) == 0 {
		return nil
	}
	set := 0
	var link []Attr
	for _, f := range attrs {
		switch name := markName(f.Key); name {
		case markEm:
			set |= 1
		case markStrong:
			set |= 2
		case markCode:
			set |= 4
		case markLink:
			if href, ok := member(f.Value, "href"); ok {
				title, _ := member(f.Value, "title")
				link = []Attr{{"href", plainValue(href)}, {"title", plainValue(title)}}
			}
		}
	}
	if link == nil {
		return plainMarks[set]
	}
	return append([]Mark{{markLink, link}}, plainMarks[set]...)
}

// markName cuts the hash that y-prosemirror puts behind the name of a mark that may stand
// several times on one text: "--" and eight characters.
func markName(s string) string {
	if n := len(s) - 10; n >= 0 && s[n:n+2] == "--" {
		for _, c := range []byte(s[n+2:]) {
			if !isLetter(c) && !isDigit(c) && c != '+' && c != '/' && c != '=' {
				return s
			}
		}
		return s[:n]
	}
	return s
}

func member(v any, key string) (any, bool) {
	switch v := v.(type) {
	case lib0.Object:
		return v.Get(key)
	case map[string]any:
		m, ok := v[key]
		return m, ok
	}
	return nil, false
}

// plainValue turns a value of Yjs into one that a Node holds.
func plainValue(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int:
		return v
	case int64:
		return int(v)
	case float64:
		if i := int(v); float64(i) == v && i >= -1<<53 && i <= 1<<53 {
			return i
		}
		return v
	case float32:
		return plainValue(float64(v))
	case lib0.BigInt:
		return int(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plainValue(v[i])
		}
		return list
	case lib0.Object:
		m := make(map[string]any, len(v))
		for _, f := range v {
			m[f.Key] = plainValue(f.Value)
		}
		return m
	}
	return nil
}

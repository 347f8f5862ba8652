package yjs

import "github.com/civicpress/realtimefx/yjs/lib0"

// A Subdoc is a document that another one refers to. The engine keeps the
// reference; the content is a document of its own, which whoever wants it
// loads by its GUID.
type Subdoc struct {
	doc  *Doc
	guid string
	opts []byte // one any-value, an object
}

func newSubdoc(d *Doc, guid string, opts []byte) *Subdoc {
	return &Subdoc{doc: d, guid: guid, opts: append([]byte(nil), opts...)}
}

// NewSubdoc returns a reference to store in a type, with the options gc
// (false: keep deleted content), autoLoad and meta, as Yjs has them.
func NewSubdoc(guid string, gc, autoLoad bool, meta any) (*Subdoc, error) {
	o := lib0.Object{}
	if !gc {
		o = append(o, lib0.Field{Key: "gc", Value: false})
	}
	if autoLoad {
		o = append(o, lib0.Field{Key: "autoLoad", Value: true})
	}
	if meta != nil {
		o = append(o, lib0.Field{Key: "meta", Value: meta})
	}
	b, err := lib0.AppendAny(nil, o)
	return &Subdoc{guid: guid, opts: b}, err
}

// GUID is the name of the document.
func (s *Subdoc) GUID() string { return s.guid }

// Options returns the options that are not default.
func (s *Subdoc) Options() lib0.Object {
	d := lib0.NewDecoder(s.opts)
	v, _ := d.Any()
	o, _ := v.(lib0.Object)
	return o
}

// AutoLoad tells whether the document is to be loaded at once.
func (s *Subdoc) AutoLoad() bool {
	v, _ := s.Options().Get("autoLoad")
	return truthy(v)
}

func (tx *Transaction) addSubdoc(s *Subdoc) {
	tx.added = append(tx.added, s)
	if s.AutoLoad() {
		tx.loaded = append(tx.loaded, s)
	}
}

func (tx *Transaction) removeSubdoc(s *Subdoc) {
	for i, a := range tx.added {
		if a == s {
			tx.added = append(tx.added[:i:i], tx.added[i+1:]...)
			return
		}
	}
	tx.removed = append(tx.removed, s)
}

// Subdocs returns the documents that this one refers to, in no order.
func (d *Doc) Subdocs() []*Subdoc {
	out := make([]*Subdoc, 0, len(d.subdocs))
	for s := range d.subdocs {
		out = append(out, s)
	}
	return out
}

// finishSubdocs takes over what a transaction did to subdocuments.
func (tx *Transaction) finishSubdocs() bool {
	if len(tx.added)+len(tx.removed)+len(tx.loaded) == 0 {
		return false
	}
	d := tx.doc
	if d.subdocs == nil {
		d.subdocs = make(map[*Subdoc]struct{})
	}
	for _, s := range tx.added {
		s.doc = d
		d.subdocs[s] = struct{}{}
	}
	for _, s := range tx.removed {
		delete(d.subdocs, s)
	}
	return true
}

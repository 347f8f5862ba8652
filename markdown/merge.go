package markdown

import (
	"fmt"
	"slices"

	"github.com/civicpress/realtimefx/yjs"
)

// Merge brings into the live document what somebody else changed in the text:
// the difference between base, which is what the document was written as at
// last, and text. Untouched blocks keep their identity and formatting, touched
// ones are edited where they differ, and what editors did since stays: where
// both changed the same words, both stand there afterwards.
//
// The change is one transaction with the given origin, made under the client
// id of doc. Merge returns the Source of text, the base of the next Merge and
// the source of the next Render. If text cannot be read nothing is changed.
func Merge(doc *yjs.Doc, base *Source, text []byte, origin any) (*Source, error) {
	next, err := parseSource(string(text))
	if err != nil {
		return nil, err
	}
	fragment := doc.XMLFragment(FragmentName)
	err = doc.Transact(origin, func(tx *yjs.Transaction) error {
		m := merger{tx: tx, shapes: make(map[string]*Node)}
		return m.children(fragment, Read(fragment), base.doc.Content, next.doc.Content)
	})
	if err != nil {
		return nil, fmt.Errorf("markdown: merge a change from outside: %w", err)
	}
	adopt(next.doc, Read(fragment))
	next.noteEmpty()
	return next, nil
}

// parent is a fragment or element: what has children.
type parent interface {
	yjs.Node
	Len() int
	Get(i int) yjs.Node
	Delete(tx *yjs.Transaction, i, n int) error
	InsertElement(tx *yjs.Transaction, i int, name string) (*yjs.XMLElement, error)
	InsertText(tx *yjs.Transaction, i int) (*yjs.XMLText, error)
}

type merger struct {
	tx     *yjs.Transaction
	shapes map[string]*Node // a node or marked text of each shape
}

// children merges the blocks of one container. live is the container as it is
// now, for comparison.
func (m *merger) children(p parent, live *Node, old, now []*Node) error {
	nodes := make(map[blockID]*Node, len(live.Content))
	for _, n := range live.Content {
		if n.id != (blockID{}) {
			nodes[n.id] = n
		}
	}
	ids := childIDs(p)
	next := 0 // where the next new block goes
	for _, pair := range pairBlocks(old, now) {
		at := -1
		if pair.old != nil && nodes[pair.old.id] != nil {
			at = indexFrom(ids, pair.old.id, next)
		}
		switch {
		case pair.new == nil: // deleted outside; stays if an editor changed it since
			if at >= 0 && sameMeaning(nodes[pair.old.id], pair.old) {
				if err := p.Delete(m.tx, at, 1); err != nil {
					return err
				}
				ids = slices.Delete(ids, at, at+1)
				if next > at {
					next--
				}
			} else if at >= 0 {
				next = at + 1
			}
		case at >= 0:
			if err := m.block(p, at, nodes[pair.old.id], pair.old, pair.new); err != nil {
				return err
			}
			next = at + 1
		case pair.old != nil && pair.old.id != (blockID{}) && Equal(pair.old, pair.new):
			// Deleted by an editor and not touched outside: stays deleted.
		case isEmptyParagraph(pair.new) && len(now) > 1:
		default:
			if err := m.write(p, next, pair.new); err != nil {
				return err
			}
			ids = slices.Insert(ids, next, idOf(p.Get(next)))
			next++
		}
	}
	return nil
}

// write inserts a new block or inline node.
func (m *merger) write(p parent, at int, n *Node) error {
	w := treeWriter{tx: m.tx}
	return w.element(p, at, n)
}

// sameMeaning reports whether a live block reads as it did.
func sameMeaning(live, old *Node) bool { return live != nil && Equal(live, old) }

// indexFrom returns the index of an id, which nearly always is the next one.
func indexFrom(ids []blockID, id blockID, next int) int {
	if i := slices.Index(ids[next:], id); i >= 0 {
		return next + i
	}
	return slices.Index(ids[:next], id)
}

func childIDs(p parent) []blockID {
	ids := make([]blockID, p.Len())
	for i := range ids {
		ids[i] = idOf(p.Get(i))
	}
	return ids
}

func idOf(n yjs.Node) blockID {
	if n == nil {
		return blockID{}
	}
	id, _ := n.ID()
	return id
}

// block turns the live block at position at of p, which was old, into what it
// became outside.
func (m *merger) block(p parent, at int, live, old, now *Node) error {
	if Equal(old, now) {
		return nil
	}
	e, ok := p.Get(at).(*yjs.XMLElement)
	if !ok || live == nil || live.Type != now.Type {
		return m.write(p, at+1, now)
	}
	if err := m.attributes(e, old, now); err != nil {
		return err
	}
	if hasBlocks(now) {
		return m.children(e, live, old.Content, now.Content)
	}
	return m.inline(p, at, e, live, old, now)
}

func (m *merger) attributes(e *yjs.XMLElement, old, now *Node) error {
	for _, a := range now.Attrs {
		if v, _ := old.Attr(a.Name); sameValue(v, a.Value) {
			continue
		}
		var err error
		if a.Value == nil {
			err = e.RemoveAttribute(m.tx, a.Name)
		} else {
			err = e.SetAttribute(m.tx, a.Name, a.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inline merges text and inline nodes.
func (m *merger) inline(p parent, at int, e *yjs.XMLElement, live, old, now *Node) error {
	was, is, will := m.tokens(old.Content), m.tokens(live.Content), m.tokens(now.Content)
	merged := merge3(was, is, will, keepBoth)
	offsets := make([]int, len(is)+1)
	for i, t := range is {
		offsets[i+1] = offsets[i] + t.length()
	}
	if offsets[len(is)] != inlineLen(e) {
		return m.write(p, at+1, now) // holds what its text does not show: leave it
	}
	for _, h := range slices.Backward(diff(is, merged)) {
		if err := m.replace(e, offsets[h.a0], is[h.a0:h.a1], merged[h.b0:h.b1]); err != nil {
			return err
		}
	}
	return nil
}

// keepBoth lets stand what either side wrote.
func keepBoth(ours, theirs []inlineToken) []inlineToken {
	if slices.Equal(ours, theirs) {
		return ours
	}
	both := slices.Clone(ours)
	if n := len(ours); n > 0 && len(theirs) > 0 && ours[n-1].endsWord() && theirs[0].beginsWord() {
		both = append(both, inlineToken{text: " ", shape: ours[n-1].shape})
	}
	return append(both, theirs...)
}

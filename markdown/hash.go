package markdown

import (
	"fmt"
	"hash/maphash"
)

// hashSeed makes hashes comparable within this process only.
var hashSeed = maphash.MakeSeed()

// hash of equal nodes is equal.
func (n *Node) hash() uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	n.addTo(&h)
	return h.Sum64()
}

func (n *Node) addTo(h *maphash.Hash) {
	h.WriteString(n.Type)
	h.WriteByte(0)
	h.WriteString(n.Text)
	addAttrs(h, n.Attrs)
	for _, m := range n.Marks {
		h.WriteByte(1)
		h.WriteString(m.Type)
		addAttrs(h, m.Attrs)
	}
	for _, c := range n.Content {
		h.WriteByte(2)
		c.addTo(h)
	}
	h.WriteByte(3)
}

func addAttrs(h *maphash.Hash, attrs []Attr) {
	for _, a := range attrs {
		h.WriteByte(4)
		h.WriteString(a.Name)
		if s, ok := a.Value.(string); ok {
			h.WriteString(s)
		} else if f, ok := number(a.Value); ok {
			fmt.Fprint(h, f)
		}
		// Values of other types are rare; Equal decides about them.
	}
}

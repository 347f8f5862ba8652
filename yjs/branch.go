package yjs

// A branch is a shared type: the list of its children, the values of its keys
// or both. All public types (XMLElement, Text, ...) are views of it.
type branch struct {
	doc       *Doc
	item      *item // that holds it; nil for a root, Doc.tomb once collected
	start     *item // first of the list
	attrs     attrs
	obs       *observers
	marks     *markers
	name      string // of a root, an element or a hook
	length    uint32 // of the list, in countable clocks
	kind      byte   // type...
	formatted bool   // has or had marks
	stamp     uint64 // transaction in which changed holds it
	changed   int32  // place in Transaction.changed
}

// attrs holds the newest item of each key, in the order in which keys came up.
// Up to fewAttrs keys are searched one by one.
type attrs struct {
	list  []attr
	index map[uint32]int32
}

type attr struct {
	key   uint32 // index into Doc.keys
	item  *item  // newest, the value
	first *item  // oldest
}

const fewAttrs = 12

func (a *attrs) get(key uint32) *item {
	if i := a.find(key); i >= 0 {
		return a.list[i].item
	}
	return nil
}

func (a *attrs) find(key uint32) int {
	if a.index != nil {
		if i, ok := a.index[key]; ok {
			return int(i)
		}
		return -1
	}
	for i := range a.list {
		if a.list[i].key == key {
			return i
		}
	}
	return -1
}

// set makes an item the newest of its key.
func (a *attrs) set(key uint32, it *item) {
	if i := a.find(key); i >= 0 {
		a.list[i].item = it
		return
	}
	a.list = append(a.list, attr{key, it, it})
	switch {
	case a.index != nil:
		a.index[key] = int32(len(a.list) - 1)
	case len(a.list) > fewAttrs:
		a.index = make(map[uint32]int32, 2*fewAttrs)
		for i := range a.list {
			a.index[a.list[i].key] = int32(i)
		}
	}
}

// first returns the oldest item of a key.
func (a *attrs) first(key uint32) *item {
	if i := a.find(key); i >= 0 {
		return a.list[i].first
	}
	return nil
}

// setFirst makes an item the oldest of its key, which has others.
func (a *attrs) setFirst(key uint32, it *item) {
	if i := a.find(key); i >= 0 {
		a.list[i].first = it
	}
}

// isDeleted tells whether the item that holds the branch is deleted.
func (b *branch) isDeleted() bool { return b.item != nil && b.item.deleted }

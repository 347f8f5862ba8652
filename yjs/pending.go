package yjs

import "fmt"

// keepPending makes structs wait, an update without deletes. Small ones are
// merged into what waits already at once, as Yjs does. When much waits, that
// would take time with every further update: they are put aside until they are
// as many bytes as the rest, or until they are needed.
func (d *Doc) keepPending(rest []byte) {
	const small = 8 << 10
	switch {
	case d.pending == nil:
		d.pending = rest
	case len(d.late) == 0 && len(d.pending)+len(rest) <= small:
		d.pending = mustMerge(d.pending, rest)
	default:
		d.late = append(d.late, rest)
		if d.lateBytes += len(rest); d.lateBytes > len(d.pending) {
			d.mergeLate()
		}
	}
}

// mergeLate merges what was put aside into what waits.
func (d *Doc) mergeLate() {
	if len(d.late) > 0 {
		d.pending = mustMerge(append([][]byte{d.pending}, d.late...)...)
		d.late, d.lateBytes = nil, 0
	}
}

// mustMerge merges updates that have been checked.
func mustMerge(updates ...[]byte) []byte {
	u, err := mergeInternal(updates)
	if err != nil {
		panic(fmt.Sprintf("yjs: merge of pending updates: %v", err))
	}
	return u
}

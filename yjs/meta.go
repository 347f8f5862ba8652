package yjs

import (
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// UpdateMeta tells of which clients an update holds structs, and from which
// clock to which: cheap, and enough to see who claims to have written it.
// Deletes do not count; anybody may delete anything.
func UpdateMeta(update []byte) (from, to StateVector, err error) {
	return updateMeta(update, false)
}

// UpdateMetaV2 is UpdateMeta for format V2.
func UpdateMetaV2(update []byte) (from, to StateVector, err error) {
	internal, err := toInternal(update, defaultV2Expansion)
	if err != nil {
		return nil, nil, err
	}
	return updateMeta(internal, true)
}

func updateMeta(update []byte, internal bool) (from, to StateVector, err error) {
	r, err := newBlockReader(update, internal)
	if err != nil {
		return nil, nil, err
	}
	from, to = StateVector{}, StateVector{}
	var b block
	for last := (block{}); ; last = b {
		more, err := r.next(&b)
		if err != nil {
			return nil, nil, err
		}
		if len(from) > 0 && (!more || b.id.Client != last.id.Client) {
			to[last.id.Client] = last.end()
		}
		if !more {
			return from, to, nil
		}
		if len(from) == 0 || b.id.Client != last.id.Client {
			from[b.id.Client] = b.id.Clock
		}
	}
}

// StateVectorFromUpdate returns the state vector of a document that has been
// given only this update: for each client, what it holds from clock 0 without a
// gap. The bytes are those of Yjs's encodeStateVectorFromUpdate.
func StateVectorFromUpdate(update []byte) ([]byte, error) {
	return stateVectorFromUpdate(update, false)
}

// StateVectorFromUpdateV2 is StateVectorFromUpdate for format V2. A state vector
// has only one format.
func StateVectorFromUpdateV2(update []byte) ([]byte, error) {
	internal, err := toInternal(update, defaultV2Expansion)
	if err != nil {
		return nil, err
	}
	return stateVectorFromUpdate(internal, true)
}

func stateVectorFromUpdate(update []byte, internal bool) ([]byte, error) {
	r, err := newBlockReader(update, internal)
	if err != nil {
		return nil, err
	}
	var entries []ID // in the order of the update, which is not sorted here
	var b block
	var last uint64
	for first, whole := true, false; ; first = false {
		more, err := r.next(&b)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if first || b.id.Client != last {
			last = b.id.Client
			whole = b.id.Clock == 0
			entries = append(entries, ID{Client: last})
		}
		if b.kind() == kindSkip {
			whole = false
		}
		if whole {
			entries[len(entries)-1].Clock = b.end()
		}
	}
	n := 0
	for _, e := range entries {
		if e.Clock > 0 {
			entries[n] = e
			n++
		}
	}
	return appendVector(entries[:n]), nil
}

// StateVectorIfWhole is StateVectorFromUpdate for an update that is the state of
// a document: it reads all of it, once. whole is false, and the vector nil, if
// of some client the beginning or something between is missing.
func StateVectorIfWhole(update []byte) (stateVector []byte, whole bool, err error) {
	var a applier
	if err := a.scan(update, false); err != nil {
		return nil, false, err
	}
	announced, err := newBlockReader(update, false)
	if err != nil {
		return nil, false, err
	}
	if uint64(len(a.groups)) != announced.groups { // one client's structs are in two places
		return nil, false, nil
	}
	entries := make([]ID, 0, len(a.groups))
	for _, g := range slices.Backward(a.groups) {
		if g.clock != 0 || g.gap {
			return nil, false, nil
		}
		if g.next > 0 {
			entries = append(entries, ID{g.client, g.next})
		}
	}
	return appendVector(entries), true, nil
}

// appendVector writes entries as a state vector, in their own order.
func appendVector(entries []ID) []byte {
	dst := lib0.AppendVarUint(nil, uint64(len(entries)))
	for _, e := range entries {
		dst = appendID(dst, e)
	}
	return dst
}

package yjs

// DiffUpdate returns what an update has beyond a state vector, without any
// document. The delete set stays whole: a state vector says nothing of deletes.
// The bytes are those of Yjs's diffUpdate.
func DiffUpdate(update, stateVector []byte) ([]byte, error) {
	known, err := DecodeStateVector(stateVector)
	if err != nil {
		return nil, err
	}
	return diffUpdate(update, false, known, &v1Writer{})
}

// DiffUpdateV2 is DiffUpdate for format V2.
func DiffUpdateV2(update, stateVector []byte) ([]byte, error) {
	known, err := DecodeStateVector(stateVector)
	if err != nil {
		return nil, err
	}
	internal, err := toInternal(update, defaultV2Expansion)
	if err != nil {
		return nil, err
	}
	return diffUpdate(internal, true, known, &v2Writer{})
}

func diffUpdate(update []byte, internal bool, known StateVector, w structWriter) ([]byte, error) {
	r, err := newBlockReader(update, internal)
	if err != nil {
		return nil, err
	}
	var b block
	client, started := uint64(0), false // started: a struct of client has been written
	for {
		more, err := r.next(&b)
		if err != nil {
			return nil, err
		}
		if !more {
			return finishWith(w, &r.dec)
		}
		if b.id.Client != client {
			client, started = b.id.Client, false
		}
		if !started && (b.kind() == kindSkip || b.end() <= known[client]) {
			continue // known already; and what is written must not begin with a gap
		}
		offset := uint64(0)
		if !started && known[client] > b.id.Clock {
			offset = known[client] - b.id.Clock
		}
		started = true
		if err := w.write(&b, offset); err != nil {
			return nil, err
		}
	}
}

package yjs

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

var (
	// ErrCollected reports that a document has thrown away what a snapshot
	// shows: it was not made with Options.DisableGC.
	ErrCollected = errors.New("yjs: document collects what is deleted, so no earlier moment can be shown")
	// ErrSnapshot reports a snapshot of something the document does not hold.
	ErrSnapshot = errors.New("yjs: snapshot is not one of this document")
)

// A Snapshot is a moment of a document: what it held and what was deleted. It
// has no content; together with the document, or a later state of it, it says
// what the document was.
type Snapshot struct {
	vector  StateVector
	deleted deleteSet // normalized
}

// Snapshot returns the moment that is now.
func (d *Doc) Snapshot() *Snapshot {
	return &Snapshot{d.StateVector(), d.allDeletes()}
}

// StateVector returns what the document held.
func (s *Snapshot) StateVector() StateVector { return maps.Clone(s.vector) }

// Equal reports whether two snapshots are of the same moment.
func (s *Snapshot) Equal(o *Snapshot) bool {
	return maps.Equal(s.vector, o.vector) && equalDeletes(s.deleted, o.deleted)
}

// Encode returns the snapshot in the binary form of Yjs's encodeSnapshot.
func (s *Snapshot) Encode() []byte { return s.vector.Append(s.deleted.append(nil)) }

// EncodeV2 returns the snapshot in the binary form of Yjs's encodeSnapshotV2.
func (s *Snapshot) EncodeV2() []byte { return s.vector.Append(s.deleted.appendV2(nil)) }

// DecodeSnapshot reads what Encode writes.
func DecodeSnapshot(b []byte) (*Snapshot, error) { return decodeSnapshot(b, readDeleteSet) }

// DecodeSnapshotV2 reads what EncodeV2 writes.
func DecodeSnapshotV2(b []byte) (*Snapshot, error) { return decodeSnapshot(b, readDeleteSetV2) }

func decodeSnapshot(b []byte, read func(*lib0.Decoder) (deleteSet, error)) (*Snapshot, error) {
	d := lib0.NewDecoder(b)
	deleted, err := read(&d)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if d.Len() == 0 {
		return nil, fmt.Errorf("snapshot: %w: no state vector: %w", ErrMalformed, lib0.ErrUnexpectedEnd)
	}
	vector, err := DecodeStateVector(d.Rest())
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w: %w", ErrMalformed, err)
	}
	deleted.normalize()
	return &Snapshot{vector, deleted}, nil
}

// Contains reports whether the moment already knows all of an update, its
// deletes included.
func (s *Snapshot) Contains(update []byte) (bool, error) {
	r, err := newBlockReader(update, false)
	if err != nil {
		return false, err
	}
	known := true
	var b block
	for {
		more, err := r.next(&b)
		if err != nil {
			return false, err
		}
		if !more {
			break
		}
		known = known && b.end() <= s.vector[b.id.Client]
	}
	err = eachDelete(&r.dec, func(client uint64, d deleteRange) {
		// What is deleted is one range if it is all deleted: ranges never touch.
		ranges := s.deleted.of(client)
		i, exact := slices.BinarySearchFunc(ranges, d.clock, compareClock)
		if !exact {
			i--
		}
		known = known && i >= 0 && d.end() <= ranges[i].end()
	})
	return known && err == nil, err
}

// At returns a new document with the content of the moment. The document must
// have been made with Options.DisableGC, and be at least as new as the snapshot.
func (d *Doc) At(s *Snapshot, o Options) (*Doc, error) {
	if !d.keepGC {
		return nil, ErrCollected
	}
	for client, clock := range s.vector {
		if have := d.state(client); clock > have {
			return nil, fmt.Errorf("%w: it has %d clocks of client %d, the document %d", ErrSnapshot, clock, client, have)
		}
	}
	update, err := s.cut(d.appendState(nil, nil))
	if err != nil {
		return nil, err
	}
	then := NewDoc(o)
	return then, then.applyChecked(update, s, true)
}

// cut returns of a state what the moment holds.
func (s *Snapshot) cut(state []byte) ([]byte, error) {
	r, err := newBlockReader(state, true)
	if err != nil {
		return nil, err
	}
	w := &v1Writer{internal: true}
	var b block
	for {
		more, err := r.next(&b)
		if err != nil {
			return nil, err
		}
		if !more {
			return w.finish(s.deleted)
		}
		clocks := s.vector[b.id.Client]
		if b.id.Clock >= clocks {
			continue
		}
		if b.end() > clocks {
			b.keep(clocks - b.id.Clock)
		}
		if err := w.write(&b, 0); err != nil {
			return nil, err
		}
	}
}

// keep drops all but the first n clocks of a block, in place.
func (b *block) keep(n uint64) {
	switch b.kind() {
	case kindString:
		at, inside := lib0.UTF16Offset(b.data, int(n), int(b.len))
		b.data = b.data[:at:at]
		if inside {
			b.data = append(b.data, replacement...)
		}
	case kindAny, kindJSON:
		b.data = b.data[:len(b.data)-len(skipValues(b.kind(), b.data, n))]
	}
	b.len = n
}

// visible reports whether the moment shows the clock of a client, and up to
// which clock the answer stays the same.
func (s *Snapshot) visible(client, clock uint64) (bool, uint64) {
	end := s.vector[client]
	if clock >= end {
		return false, lib0.MaxSafeInteger
	}
	ranges := s.deleted.of(client)
	i, exact := slices.BinarySearchFunc(ranges, clock, compareClock)
	if exact {
		return false, ranges[i].end()
	}
	if i > 0 && clock < ranges[i-1].end() {
		return false, ranges[i-1].end()
	}
	if i < len(ranges) {
		end = min(end, ranges[i].clock)
	}
	return true, end
}

func compareClock(r deleteRange, clock uint64) int {
	switch {
	case r.clock < clock:
		return -1
	case r.clock > clock:
		return 1
	}
	return 0
}

// of returns the ranges of a client. The clients must be sorted.
func (ds deleteSet) of(client uint64) []deleteRange {
	i, found := slices.BinarySearchFunc(ds, client, func(c clientDeletes, client uint64) int {
		switch {
		case c.client > client:
			return -1
		case c.client < client:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return ds[i].ranges
}

func equalDeletes(a, b deleteSet) bool {
	return slices.EqualFunc(a, b, func(x, y clientDeletes) bool {
		return x.client == y.client && slices.Equal(x.ranges, y.ranges)
	})
}

// allDeletes returns the delete set of everything in the document.
func (d *Doc) allDeletes() deleteSet {
	var ds deleteSet
	for _, c := range d.clients[1:] {
		if rs := c.deletedRanges(); len(rs) > 0 {
			ds = append(ds, clientDeletes{c.id, rs})
		}
	}
	ds.sortClients()
	return ds
}

package seglog

import (
	"errors"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

// errEntry: an entry's bytes are not what was written.
var errEntry = errors.New("its checksum is wrong")

// Tail reads the entries of a room after base, and tells what Open could not
// use of the room. An error means that it is not known what is there.
func (l *Log) Tail(room string, base uint64) (*codec.Tail, []store.Damage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := codec.NewTail(base)
	for _, p := range l.index[room] {
		if p.seq <= base {
			continue
		}
		e, err := l.read(p)
		switch {
		case errors.Is(err, errEntry):
			t.Add(store.Entry{Room: room, Seq: p.seq, Update: e.Update}, err.Error())
		case err != nil:
			return nil, nil, fmt.Errorf("journal entry %d: %w", p.seq, err)
		default:
			t.Add(e, "")
		}
	}
	var told []store.Damage
	for _, seq := range l.damage[room] {
		// The state may cover it by now, or another entry have its number.
		if _, there := at(l.index[room], seq); seq > base && !there {
			told = append(told, store.Damage{Room: room, What: codec.EntryName(seq), Reason: errEntry.Error()})
		}
	}
	return t, told, nil
}

// PutAside copies entries of a room to the damaged folder and makes all from
// the first of them on void. What Tail told of the room is told.
func (l *Log) PutAside(room string, bad []codec.Unusable) error {
	for _, e := range bad {
		name := fmt.Sprintf("%s-entry-%d-%d.bin", disk.Escape(room), e.Seq, time.Now().UnixMilli())
		if err := disk.Keep(l.opts.OS, l.opts.Damaged, name, e.Update); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		if err := l.Forget(room, bad[0].Seq); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.damage, room)
	return nil
}

// read reads one entry. Any error but errEntry, which comes with the record as
// Update, means that it is not known what is there.
func (l *Log) read(p place) (store.Entry, error) {
	b := make([]byte, p.size)
	if held := l.held[p.seg]; held != nil {
		copy(b, held[p.off:])
	} else if err := l.opts.OS.ReadAt("read entry", l.name(p.seg), b, p.off); err != nil {
		return store.Entry{}, err
	}
	payload := recordAt(b)
	if payload == nil {
		return store.Entry{Update: b}, errEntry
	}
	_, e, err := decodePayload(payload)
	return e, err
}

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
	return t, l.damage[room], nil
}

// Told says that the damage of a room has been reported.
func (l *Log) Told(room string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.damage, room)
}

// PutAside copies entries of a room to the damaged folder and makes all from
// the first of them on void.
func (l *Log) PutAside(room string, bad []codec.Unusable) error {
	for _, e := range bad {
		name := fmt.Sprintf("%s-entry-%d-%d.bin", disk.Escape(room), e.Seq, time.Now().UnixMilli())
		if err := disk.Keep(l.opts.OS, l.opts.Damaged, name, e.Update); err != nil {
			return err
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return l.Forget(room, bad[0].Seq)
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

package seglog

import (
	"errors"
	"slices"

	"github.com/civicpress/realtimefx/realtime/store"
)

// maxSegments is the number of segments above which the entries that keep the
// oldest alive are copied.
const maxSegments = 4

// Trim drops the entries of a room up to a number, which a state covers, and
// removes segments in which nothing is live. After a restart they may be there
// again: Tail is asked for what comes after the state.
func (l *Log) Trim(room string, through uint64) error {
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(room, func(p place) bool { return p.seq <= through })
	if len(l.index) == 0 {
		return l.clear()
	}
	if len(l.segments) > maxSegments {
		oldest := l.segments[0]
		if n := l.live[oldest]; 0 < n && n < l.opts.SegmentBytes/4 {
			if err := l.move(oldest); err != nil {
				return err
			}
		}
	}
	return l.remove()
}

// remove removes segments in which nothing is live, but for the last.
func (l *Log) remove() error {
	for i := 0; i < len(l.segments)-1; {
		n := l.segments[i]
		// A forget record is needed as long as there is an older segment.
		if l.live[n] > 0 || l.forgets[n] && i > 0 {
			i++
			continue
		}
		if err := l.unlink(i); err != nil {
			return err
		}
	}
	return nil
}

// unlink removes one segment, in which nothing is live.
func (l *Log) unlink(i int) error {
	n := l.segments[i]
	if err := l.opts.OS.Remove("remove segment", l.name(n)); err != nil {
		return err
	}
	delete(l.live, n)
	delete(l.forgets, n)
	l.segments = slices.Delete(l.segments, i, i+1)
	return nil
}

// clear removes all segments when nothing is live, the oldest first: a start after
// a crash has nothing to read then.
func (l *Log) clear() error {
	l.seal()
	for len(l.segments) > 0 {
		if err := l.unlink(0); err != nil {
			return err
		}
	}
	return nil
}

// Settle is for after Open: it drops what states cover, and makes void what is
// left of rooms that do not exist. oldest returns the sequence number of a
// room's oldest state, or store.ErrNoRoom.
func (l *Log) Settle(oldest func(room string) (uint64, error)) error {
	for _, room := range l.rooms() {
		seq, err := oldest(room)
		switch {
		case errors.Is(err, store.ErrNoRoom):
			err = l.Forget(room, 0)
		case err == nil:
			err = l.Trim(room, seq)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rewrite copies all that is live to a new segment and removes the others, so
// that damage which was kept elsewhere is not found again.
func (l *Log) rewrite() error {
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.move(l.segments...); err != nil {
		return err
	}
	return l.remove()
}

// move copies the live entries of segments to the newest. It is called with
// both locks and gives mu up while it waits for the disk.
func (l *Log) move(from ...int) error {
	var rooms []string
	var places []place
	var records []byte
	for room, ps := range l.index {
		for _, p := range ps {
			if !slices.Contains(from, p.seg) {
				continue
			}
			e, err := l.read(p)
			if err != nil {
				return err
			}
			start := len(records)
			records = appendEntry(records, &e)
			rooms = append(rooms, room)
			places = append(places, place{seq: p.seq, off: int64(start), size: len(records) - start})
		}
	}
	l.mu.Unlock()
	seg, off, err := l.commit(records)
	l.mu.Lock()
	if err != nil {
		return err
	}
	for i, p := range places {
		p.seg, p.off = seg, p.off+off
		l.add(rooms[i], p)
	}
	return nil
}

package fs

import (
	"slices"

	"github.com/civicpress/realtimefx/realtime/store"
)

// maxSegments is the number of segments above which the entries that keep the
// oldest alive are copied.
const maxSegments = 4

// trim drops entries that snapshots cover, and removes segments in which
// nothing is live.
func (l *log) trim(room string, through uint64) error {
	l.drop(room, func(p place) bool { return p.seq <= through })
	return l.reclaim()
}

func (l *log) reclaim() error {
	if len(l.segments) > maxSegments && l.live[l.segments[0]] < l.s.opts.SegmentBytes/4 {
		if err := l.move(l.segments[0]); err != nil {
			return err
		}
	}
	for i := 0; i < len(l.segments)-1; {
		n := l.segments[i]
		// A forget record is needed as long as there is an older segment.
		if l.live[n] > 0 || l.forgets[n] && i > 0 {
			i++
			continue
		}
		if err := l.s.os.Remove("remove segment", l.name(n)); err != nil {
			return err
		}
		delete(l.live, n)
		delete(l.forgets, n)
		l.segments = slices.Delete(l.segments, i, i+1)
	}
	return nil
}

// move copies the live entries of a segment to the newest.
func (l *log) move(from int) error {
	var entries []store.Entry
	for _, places := range l.index {
		for _, p := range places {
			if p.seg != from {
				continue
			}
			e, err := l.read(p)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
	}
	var buf []byte
	places := make([]place, len(entries))
	for i := range entries {
		start := len(buf)
		buf = appendEntry(buf, &entries[i])
		places[i] = place{seq: entries[i].Seq, off: int64(start), size: len(buf) - start}
	}
	seg, off, err := l.write(buf)
	if err != nil {
		return err
	}
	for i, p := range places {
		p.seg, p.off = seg, p.off+off
		l.add(entries[i].Room, p)
	}
	return nil
}

package fs

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
)

// write appends records with one write and one fsync. On an error nothing
// counts as written, and the segment is given up.
func (l *log) write(records []byte) (seg int, off int64, err error) {
	if l.file != nil && l.size > l.s.opts.SegmentBytes {
		l.seal()
	}
	if l.file == nil {
		if err := l.begin(); err != nil {
			return 0, 0, err
		}
	}
	seg, off = l.segments[len(l.segments)-1], l.size
	n, err := l.file.Write(records)
	if err == nil && n < len(records) {
		err = errors.New("short write")
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		l.seal()
		// Best effort: the checksums tell what is whole anyway.
		_ = l.s.os.Truncate("cut failed commit", l.name(seg), off)
		return 0, 0, err
	}
	l.size += int64(len(records))
	return seg, off, nil
}

// begin starts a new segment.
func (l *log) begin() error {
	n := 1
	if k := len(l.segments); k > 0 {
		n = l.segments[k-1] + 1
	}
	f, err := l.s.os.Create("create segment", l.name(n))
	if err != nil {
		return err
	}
	// From here on the file exists, whatever fails: its number is used up.
	l.segments = append(l.segments, n)
	if _, err = f.Write(segmentMagic); err == nil {
		err = l.s.os.SyncDir("sync journal folder", l.dir)
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	l.file, l.size = f, int64(len(segmentMagic))
	return nil
}

// seal ends the open segment.
func (l *log) seal() {
	if l.file != nil {
		_ = l.file.Close() // every commit was fsynced
		l.file = nil
	}
}

// append commits entries.
func (l *log) append(entries []store.Entry) error {
	buf := l.buf[:0]
	var fresh []place
	rooms := make([]string, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		if p, there := l.find(e.Room, e.Seq); there {
			old, err := l.read(p)
			if err != nil {
				return err
			}
			if !bytes.Equal(old.Update, e.Update) {
				return &store.RoomError{Room: e.Room, Err: fmt.Errorf("entry %d: %w", e.Seq, store.ErrSeqTaken)}
			}
			continue
		}
		start := len(buf)
		buf = appendEntry(buf, e)
		fresh = append(fresh, place{seq: e.Seq, off: int64(start), size: len(buf) - start})
		rooms = append(rooms, e.Room)
	}
	if l.buf = buf; cap(buf) > 1<<20 {
		l.buf = nil
	}
	if len(buf) == 0 {
		return nil
	}
	seg, off, err := l.write(buf)
	if err != nil {
		return err
	}
	for i, p := range fresh {
		p.seg, p.off = seg, p.off+off
		l.add(rooms[i], p)
	}
	return nil
}

// forget makes entries void for good.
func (l *log) forget(room string, from uint64) error {
	if ps := l.index[room]; len(ps) == 0 || ps[len(ps)-1].seq < from {
		return nil
	}
	seg, _, err := l.write(appendForget(nil, room, from))
	if err != nil {
		return err
	}
	l.forgets[seg] = true
	l.drop(room, func(p place) bool { return p.seq >= from })
	return nil
}

package seglog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Append commits entries, all or none. It is what Append of a Store promises.
func (l *Log) Append(entries []store.Entry) error {
	l.write.Lock()
	defer l.write.Unlock()
	records, fresh, err := l.encode(entries)
	if err != nil || len(fresh) == 0 {
		return err
	}
	seg, off, err := l.commit(records)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range fresh {
		f.seg, f.off = seg, f.off+off
		l.add(entries[f.entry].Room, f.place)
	}
	return nil
}

// fresh is an entry that is to be written; its place counts from the start of
// the records.
type fresh struct {
	entry int
	place
}

// encode makes records of the entries that are not there yet. The bytes are
// good until the next call.
func (l *Log) encode(entries []store.Entry) (records []byte, list []fresh, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	buf := l.buf[:0]
	list = make([]fresh, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		if at, there := at(l.index[e.Room], e.Seq); there {
			old, err := l.read(l.index[e.Room][at])
			if err != nil {
				return nil, nil, err
			}
			if !bytes.Equal(old.Update, e.Update) {
				return nil, nil, &store.RoomError{Room: e.Room, Err: fmt.Errorf("entry %d: %w", e.Seq, store.ErrSeqTaken)}
			}
			continue
		}
		start := len(buf)
		buf = appendEntry(buf, e)
		list = append(list, fresh{i, place{seq: e.Seq, off: int64(start), size: len(buf) - start}})
	}
	if l.buf = buf; cap(buf) > 1<<20 {
		l.buf = nil
	}
	return buf, list, nil
}

// commit appends records with one write and one fsync. On an error nothing
// counts as written, and the segment is given up.
func (l *Log) commit(records []byte) (seg int, off int64, err error) {
	if l.file != nil && l.size > l.opts.SegmentBytes {
		l.seal()
	}
	if l.file == nil {
		if err := l.begin(); err != nil {
			return 0, 0, err
		}
	}
	end := l.size
	seg, off = l.newest(), end
	if end == 0 {
		records, off = slices.Concat(segmentMagic, records), int64(len(segmentMagic))
	}
	n, err := l.file.Commit(records)
	if err == nil && n < len(records) {
		err = errors.New("short write")
	}
	if err != nil {
		l.seal()
		if end == 0 {
			l.discard(seg)
			return 0, 0, err
		}
		// Best effort: the checksums tell what is whole anyway.
		_ = l.opts.OS.Truncate("cut failed commit", l.name(seg), end)
		return 0, 0, err
	}
	l.size += int64(len(records))
	return seg, off, nil
}

// newest returns the number of the last segment, 0 if there is none.
func (l *Log) newest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.segments); n > 0 {
		return l.segments[n-1]
	}
	return 0
}

// begin starts a new segment.
func (l *Log) begin() error {
	n := l.newest() + 1
	f, err := l.opts.OS.Create("create segment", l.name(n))
	if err != nil {
		return err
	}
	// From here on the file exists, and may even if it cannot be discarded.
	l.mu.Lock()
	l.segments = append(l.segments, n)
	l.mu.Unlock()
	if err := l.opts.OS.SyncDir("sync journal folder", l.opts.Dir); err != nil {
		_ = f.Close()
		l.discard(n)
		return err
	}
	l.file, l.size = f, 0
	return nil
}

// discard removes the newest segment, in which nothing was committed: on a disk
// that stays full each attempt would leave one.
func (l *Log) discard(n int) {
	if l.opts.OS.Remove("remove empty segment", l.name(n)) != nil {
		return // its number is used up
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = l.segments[:len(l.segments)-1]
}

// seal ends the open segment.
func (l *Log) seal() {
	if l.file != nil {
		_ = l.file.Close() // every commit was fsynced
		l.file = nil
	}
}

// Begin makes sure that a room that is new has no entries. After Forget there
// are none but those of a commit that was under way.
func (l *Log) Begin(room string) error {
	l.mu.Lock()
	late := len(l.index[room]) > 0
	l.mu.Unlock()
	if !late {
		return nil // without a wait for the disk
	}
	return l.Forget(room, 0)
}

// Forget makes the entries of a room from a number on void for good, also those
// that were trimmed: they may still be in a segment.
func (l *Log) Forget(room string, from uint64) error {
	l.write.Lock()
	defer l.write.Unlock()
	if l.newest() == 0 {
		return nil
	}
	seg, _, err := l.commit(appendForget(nil, room, from))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgets[seg] = true
	l.drop(room, func(p place) bool { return p.seq >= from })
	if len(l.index) == 0 {
		_ = l.clear() // what stays is void all the same
	}
	return nil
}

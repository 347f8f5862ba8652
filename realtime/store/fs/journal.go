package fs

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/realtime/store"
)

// maxSegments is the number of segments above which the entries that keep the
// oldest alive are copied.
const maxSegments = 4

// place is where an entry is.
type place struct {
	seq  uint64
	seg  int
	off  int64
	size int // of the whole record
}

// log is the journal: its segments and the index of what is live in them.
// Guarded by Store.mu.
type log struct {
	s        *Store
	dir      string
	segments []int                     // numbers, ascending; the last may be open
	file     File                      // nil = the next append starts a new segment
	size     int64                     // of the open segment, all of it good
	index    map[string][]place        // by room, by ascending seq
	live     map[int]int64             // bytes of index entries by segment
	forgets  map[int]bool              // segments that hold forget records
	damage   map[string][]store.Damage // found by open, told by Load
	buf      []byte
}

func (l *log) name(n int) string { return filepath.Join(l.dir, fmt.Sprintf("%08d.log", n)) }

// open reads all segments.
func (l *log) open() error {
	l.forgets = map[int]bool{}
	l.index, l.live, l.damage = map[string][]place{}, map[int]int64{}, map[string][]store.Damage{}
	names, err := l.s.os.ReadDir("list journal", l.dir)
	if err != nil {
		return err
	}
	for _, e := range names {
		if n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".log")); err == nil && strings.HasSuffix(e.Name(), ".log") {
			l.segments = append(l.segments, n)
		}
	}
	slices.Sort(l.segments)
	for i, n := range l.segments {
		if err := l.readSegment(n, i == len(l.segments)-1); err != nil {
			return fmt.Errorf("journal segment %s: %w", l.name(n), err)
		}
	}
	return nil
}

// readSegment indexes one segment. What cannot be used is copied to the
// damaged folder; at the end of the last segment it is what a crash leaves.
func (l *log) readSegment(n int, last bool) error {
	b, err := l.s.os.ReadFile("read journal", l.name(n))
	if err != nil {
		return err
	}
	body, ok := bytes.CutPrefix(b, segmentMagic)
	base := int64(len(segmentMagic))
	if !ok {
		if len(b) >= len(segmentMagic) && bytes.Equal(b[:7], segmentMagic[:7]) && b[7] > segmentMagic[7] {
			return store.ErrTooNew
		}
		body, base = b, 0 // find what can be found
	}
	var failed error
	scan(body, base, func(f found) {
		if f.payload == nil {
			if torn := last && f.off+int64(len(f.junk)) == int64(len(b)) && len(bytes.Trim(f.junk, "\x00")) == 0; torn {
				return // blocks that were allocated and never written
			}
			failed = errors.Join(failed, l.keepJunk(n, f))
			return
		}
		kind, e, err := decodePayload(f.payload)
		switch {
		case err != nil:
			failed = errors.Join(failed, err)
		case kind == kindForget:
			l.forgets[n] = true
			l.drop(e.Room, func(p place) bool { return p.seq >= e.Seq })
		default:
			l.add(e.Room, place{e.Seq, n, f.off, recordHeader + len(f.payload)})
		}
	})
	return failed
}

// keepJunk copies bytes that cannot be used, and tells the room if it can be
// made out.
func (l *log) keepJunk(n int, f found) error {
	name := fmt.Sprintf("journal-%08d-%d.bin", n, f.off)
	if err := l.s.keep(name, f.junk); err != nil {
		return err
	}
	l.s.log.Error("journal holds bytes that cannot be used; they were copied", "segment", n, "offset", f.off, "bytes", len(f.junk), "kept_as", name)
	if len(f.junk) > recordHeader {
		if kind, e, err := decodePayload(f.junk[recordHeader:]); err == nil && kind == kindEntry {
			if _, err := l.s.os.ReadDir("look for room", l.s.roomDir(e.Room)); err == nil {
				l.damage[e.Room] = append(l.damage[e.Room], store.Damage{Room: e.Room, What: fmt.Sprintf("journal entry %d", e.Seq), Reason: "its checksum is wrong"})
			}
		}
	}
	return nil
}

// add puts an entry into the index. The same number again is a copy.
func (l *log) add(room string, p place) {
	l.live[p.seg] += int64(p.size)
	ps := l.index[room]
	if n := len(ps); n == 0 || ps[n-1].seq < p.seq {
		l.index[room] = append(ps, p)
		return
	}
	i, there := slices.BinarySearchFunc(ps, p.seq, func(p place, seq uint64) int {
		return int(int64(p.seq) - int64(seq))
	})
	if there {
		l.live[ps[i].seg] -= int64(ps[i].size)
		ps[i] = p
		return
	}
	l.index[room] = slices.Insert(ps, i, p)
}

// find returns the place of an entry.
func (l *log) find(room string, seq uint64) (place, bool) {
	ps := l.index[room]
	i, there := slices.BinarySearchFunc(ps, seq, func(p place, seq uint64) int { return int(int64(p.seq) - int64(seq)) })
	if !there {
		return place{}, false
	}
	return ps[i], true
}

// drop removes entries from the index.
func (l *log) drop(room string, dead func(place) bool) {
	ps := slices.DeleteFunc(l.index[room], func(p place) bool {
		if !dead(p) {
			return false
		}
		l.live[p.seg] -= int64(p.size)
		return true
	})
	if len(ps) > 0 {
		l.index[room] = ps
	} else {
		delete(l.index, room)
	}
}

// errEntry: an entry's bytes are not what was written.
var errEntry = errors.New("its checksum is wrong")

// read reads one entry. Any error but errEntry means that it is not known what
// is there.
func (l *log) read(p place) (store.Entry, error) {
	b := make([]byte, p.size)
	if err := l.s.os.ReadAt("read entry", l.name(p.seg), b, p.off); err != nil {
		return store.Entry{}, err
	}
	payload := recordAt(b)
	if payload == nil {
		return store.Entry{}, errEntry
	}
	_, e, err := decodePayload(payload)
	return e, err
}

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

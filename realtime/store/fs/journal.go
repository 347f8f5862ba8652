package fs

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/realtime/store"
)

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
		known := len(b) >= len(segmentMagic) && bytes.Equal(b[:7], segmentMagic[:7])
		switch {
		case known && bits.OnesCount8(b[7]^segmentMagic[7]) == 1: // a flipped bit: versions are two apart
			body = b[len(segmentMagic):]
		case known && b[7] > segmentMagic[7]:
			return store.ErrTooNew
		default:
			body, base = b, 0 // find what can be found
		}
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
	l.s.log.Error("the journal is damaged; the bytes that cannot be used were copied", "segment", n, "offset", f.off, "bytes", len(f.junk), "kept_as", name)
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

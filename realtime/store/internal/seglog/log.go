// Package seglog is a journal in plain files: what the file store and the SQLite
// store write their entries to.
//
//	<dir>/<n>.log   segments, for all rooms; only the last is written to
//
// A commit is one write and one fsync for all rooms. Every record carries a
// checksum. An index in memory says where the live entries are.
//
// After a failed write or fsync the segment is closed at its last good byte and
// never written again: what the kernel says about a file after a failed fsync
// cannot be trusted. The next attempt starts a new segment.
//
// A segment is removed when all entries in it have been trimmed; entries that
// keep an old segment alive are copied to the newest.
package seglog

import (
	"bytes"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
)

// segmentBytes is the size at which a segment is closed.
const segmentBytes = 8 << 20

// Options says where the journal is.
type Options struct {
	Dir          string // exists, but for Look
	Damaged      string // the folder for what cannot be used; made when needed
	SegmentBytes int64  // at which a segment is closed; 0 = 8 MB
	OS           disk.OS
	// Exists tells whether a room is there: damage of others is not told.
	Exists func(room string) bool
	// Look opens the journal to look at it, while another process may write to
	// it: nothing is changed, and what comes later is not seen.
	Look   bool
	Logger *slog.Logger
}

// Log is an open journal. Its methods may be called from any goroutine.
type Log struct {
	opts Options

	write sync.Mutex // orders what changes files; held while waiting for the disk
	file  disk.File  // guarded by write; nil = the next append starts a new segment
	size  int64      // guarded by write; of the open segment, all of it good
	buf   []byte     // guarded by write

	mu       sync.Mutex          // never held while waiting for the disk
	segments []int               // numbers, ascending; the last may be open
	index    map[string][]place  // by room, by ascending seq
	live     map[int]int64       // bytes of index entries by segment
	forgets  map[int]bool        // segments that hold forget records
	damage   map[string][]uint64 // entries that Open could not use, by room; told by Tail
	held     map[int][]byte      // for Look: the segments as they were
	spoiled  bool                // Open found bytes that cannot be used
}

// place is where an entry is.
type place struct {
	seq  uint64
	seg  int
	off  int64
	size int // of the whole record
}

// Open reads all segments.
func Open(o Options) (*Log, error) {
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = segmentBytes
	}
	l := &Log{opts: o}
	err := l.open()
	// Who looks may find a segment gone that was there a moment ago: what was
	// live in it is in a newer one.
	for try := 0; o.Look && try < 3 && errors.Is(err, iofs.ErrNotExist); try++ {
		err = l.open()
	}
	if err != nil {
		return nil, err
	}
	if l.spoiled && !o.Look {
		if err := l.rewrite(); err != nil {
			o.Logger.Warn("the damaged journal could not be written anew; its damage will be found again", "journal", o.Dir, "error", err)
		}
	}
	return l, nil
}

func (l *Log) name(n int) string { return filepath.Join(l.opts.Dir, fmt.Sprintf("%08d.log", n)) }

func (l *Log) open() error {
	l.segments, l.forgets, l.held = nil, map[int]bool{}, map[int][]byte{}
	l.index, l.live, l.damage = map[string][]place{}, map[int]int64{}, map[string][]uint64{}
	names, err := l.opts.OS.ReadDir("list journal", l.opts.Dir)
	if l.opts.Look && errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
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
func (l *Log) readSegment(n int, last bool) error {
	b, err := l.opts.OS.ReadFile("read journal", l.name(n))
	if err != nil {
		return err
	}
	if l.opts.Look {
		l.held[n] = b
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
			end := last && f.off+int64(len(f.junk)) == int64(len(b))
			if end && len(bytes.Trim(f.junk, "\x00")) == 0 {
				return // blocks that were allocated and never written
			}
			if end && l.opts.Look && torn(f.junk) {
				return // what is being written
			}
			failed = errors.Join(failed, l.junk(n, f))
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

// junk copies bytes that cannot be used, and tells the room if it can be made
// out.
func (l *Log) junk(n int, f found) error {
	l.spoiled = true
	if !l.opts.Look {
		name := fmt.Sprintf("journal-%08d-%d-%d.bin", n, f.off, time.Now().UnixMilli()) // numbers come again
		if err := disk.Keep(l.opts.OS, l.opts.Damaged, name, f.junk); err != nil {
			return err
		}
		l.opts.Logger.Error("the journal is damaged; the bytes that cannot be used were copied", "segment", l.name(n), "offset", f.off, "bytes", len(f.junk), "kept_as", name)
	}
	if len(f.junk) > recordHeader {
		if kind, e, err := decodePayload(f.junk[recordHeader:]); err == nil && kind == kindEntry && l.opts.Exists(e.Room) {
			l.damage[e.Room] = append(l.damage[e.Room], e.Seq)
		}
	}
	return nil
}

// add puts an entry into the index. The same number again is a copy.
func (l *Log) add(room string, p place) {
	l.live[p.seg] += int64(p.size)
	ps := l.index[room]
	if n := len(ps); n == 0 || ps[n-1].seq < p.seq {
		l.index[room] = append(ps, p)
		return
	}
	i, there := at(ps, p.seq)
	if there {
		l.live[ps[i].seg] -= int64(ps[i].size)
		ps[i] = p
		return
	}
	l.index[room] = slices.Insert(ps, i, p)
}

// at returns where an entry's place is or should be.
func at(ps []place, seq uint64) (int, bool) {
	if n := len(ps); n == 0 || ps[n-1].seq < seq {
		return n, false
	}
	return slices.BinarySearchFunc(ps, seq, func(p place, seq uint64) int { return int(int64(p.seq) - int64(seq)) })
}

// drop removes entries from the index.
func (l *Log) drop(room string, dead func(place) bool) {
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

// rooms returns the rooms that have entries, in no order.
func (l *Log) rooms() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.index))
}

// Close ends the open segment, and removes all if states cover everything in
// them: then the next Open has nothing to read. Nothing is lost without it.
func (l *Log) Close() {
	l.write.Lock()
	defer l.write.Unlock()
	l.seal()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.opts.Look && len(l.index) == 0 {
		_ = l.clear() // what stays is read once more by the next Open
	}
}

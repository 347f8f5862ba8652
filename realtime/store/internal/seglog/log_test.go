package seglog_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/internal/disk"
	"github.com/civicpress/realtimefx/realtime/store/internal/seglog"
)

const room = "records:a"

func options(dir string) seglog.Options {
	return seglog.Options{
		Dir: dir, Damaged: filepath.Join(dir, "damaged"), OS: disk.Real{}, Logger: slog.New(slog.DiscardHandler),
		Exists: func(string) bool { return true },
	}
}

func open(t testing.TB, o seglog.Options) *seglog.Log {
	t.Helper()
	l, err := seglog.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func update(seq uint64) []byte { return fmt.Appendf(bytes.Repeat([]byte("x"), 300), " update %d", seq) }

func entry(room string, seq uint64) store.Entry {
	return store.Entry{Room: room, Seq: seq, Update: update(seq), At: time.UnixMilli(7)}
}

func write(t testing.TB, l *seglog.Log, room string, from, to uint64) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		if err := l.Append([]store.Entry{entry(room, seq)}); err != nil {
			t.Fatal(err)
		}
	}
}

// expect reads the room and checks that what is there is what was written.
func expect(t testing.TB, l *seglog.Log, room string, through uint64) {
	t.Helper()
	tail, told, err := l.Tail(room, 0)
	if err != nil || len(tail.Bad) > 0 || len(told) > 0 || uint64(len(tail.Entries)) != through {
		t.Fatalf("%d entries, %d bad, told %v, %v; want %d", len(tail.Entries), len(tail.Bad), told, err, through)
	}
	for i, e := range tail.Entries {
		if e.Seq != uint64(i+1) || !bytes.Equal(e.Update, update(e.Seq)) {
			t.Errorf("entry %d is wrong", i+1)
		}
	}
}

func kept(t testing.TB, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "damaged", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// segment returns the only segment.
func segment(t testing.TB, dir string) (name string, b []byte) {
	t.Helper()
	name = filepath.Join(dir, "00000001.log")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return name, b
}

// TestFlippedBits flips one bit at a random place, many times. The prefix that
// is used must be intact, and if anything is missing it must have been kept.
func TestFlippedBits(t *testing.T) {
	const entries = 60
	from := t.TempDir()
	write(t, open(t, options(from)), room, 1, entries)
	_, whole := segment(t, from)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		dir := t.TempDir()
		b := bytes.Clone(whole)
		bit := rnd.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(filepath.Join(dir, "00000001.log"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, options(dir))
		tail, told, err := l.Tail(room, 0)
		if err != nil {
			t.Errorf("bit %d: %v", bit, err)
			continue
		}
		for i, e := range tail.Entries {
			if e.Seq != uint64(i+1) || !bytes.Equal(e.Update, update(e.Seq)) {
				t.Errorf("bit %d: entry %d is wrong", bit, i+1)
			}
		}
		if n := len(tail.Entries); n < entries && kept(t, dir) == 0 {
			t.Errorf("bit %d: %d of %d entries are there, and nothing was kept (told %v)", bit, n, entries, told)
		}
		if err := l.PutAside(room, tail.Bad); err != nil {
			t.Fatal(err)
		}
		write(t, l, room, uint64(len(tail.Entries))+1, entries)
		expect(t, l, room, entries)
		l.Close()
		if err := os.RemoveAll(filepath.Join(dir, "damaged")); err != nil {
			t.Fatal(err)
		}
		expect(t, open(t, options(dir)), room, entries)
		if kept(t, dir) > 0 {
			t.Errorf("bit %d: the damage is found a second time", bit)
		}
	}
}

// TestDamagedPage overwrites a page in the middle: rooms whose entries lie
// before and behind it are whole.
func TestDamagedPage(t *testing.T) {
	dir := t.TempDir()
	l := open(t, options(dir))
	for i := range 60 {
		write(t, l, fmt.Sprint("records:", i), 1, 20)
	}
	l.Close()
	name, b := segment(t, dir)
	page := len(b) / 4096 / 2 * 4096
	for i := range 4096 {
		b[page+i] ^= 0x5a
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, options(dir))
	whole := 0
	for i := range 60 {
		tail, _, err := l.Tail(fmt.Sprint("records:", i), 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(tail.Entries) == 20 {
			whole++
		}
	}
	if whole < 57 || whole == 60 || kept(t, dir) == 0 {
		t.Errorf("%d of 60 rooms are whole, %d files kept", whole, kept(t, dir))
	}
}

// TestLook looks at a journal that another has open: at half of a record that
// is being written, and while segments go.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	o.SegmentBytes = 8000
	look := o
	look.Look = true
	look.Dir = filepath.Join(dir, "none")
	expect(t, open(t, look), room, 0)
	look.Dir = dir

	l := open(t, o)
	write(t, l, room, 1, 3)
	name, b := segment(t, dir)
	if err := os.WriteFile(name, b[:len(b)-9], 0o600); err != nil { // as far as the writer got
		t.Fatal(err)
	}
	expect(t, open(t, look), room, 2)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	seen := open(t, look)
	write(t, l, "records:busy", 1, 150)
	if err := l.Trim("records:busy", 150); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Fatal("the first segment is there, so this proves nothing")
	}
	expect(t, seen, room, 3)          // as it was
	expect(t, open(t, look), room, 3) // and where it is now
	expect(t, l, room, 3)             // and for its owner
	if kept(t, dir) > 0 {
		t.Error("looking made files")
	}
}

// TestNothingLiveLeavesNoFiles trims, forgets and closes with and without live
// entries: a start after a crash shall have nothing to read that states cover.
func TestNothingLiveLeavesNoFiles(t *testing.T) {
	o := options(t.TempDir())
	l := open(t, o)
	files := func(want bool, when string) {
		t.Helper()
		if names, err := filepath.Glob(filepath.Join(o.Dir, "*.log")); err != nil || len(names) > 0 != want {
			t.Errorf("%s: %v, %v", when, names, err)
		}
	}
	trim := func(room string) {
		t.Helper()
		if err := l.Trim(room, 3); err != nil {
			t.Fatal(err)
		}
	}
	write(t, l, room, 1, 3)
	write(t, l, "records:b", 1, 3)
	trim(room)
	l.Close()
	l = open(t, o)
	expect(t, l, "records:b", 3)
	trim("records:b")
	files(true, "the first room's entries are read again by Open")
	trim(room)
	files(false, "all trimmed")
	write(t, l, room, 1, 2) // it goes on
	expect(t, open(t, o), room, 2)
	look := o
	look.Look = true
	open(t, look).Close()
	files(true, "who only looks removes nothing")
	if err := l.Forget(room, 0); err != nil {
		t.Fatal(err)
	}
	files(false, "all forgotten")
	write(t, l, room, 1, 1)
	trim(room)
	l.Close()
	files(false, "closed")
}

// full is a disk on which files can be made and not written.
type full struct {
	disk.Real
	on bool
}

func (f *full) Create(op, name string) (disk.File, error) {
	file, err := f.Real.Create(op, name)
	if err == nil && f.on {
		file = fullFile{file}
	}
	return file, err
}

type fullFile struct{ disk.File }

func (fullFile) Commit([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestFullDisk tries again and again: what was tried leaves no files.
func TestFullDisk(t *testing.T) {
	o, f := options(t.TempDir()), &full{on: true}
	o.OS = f
	l := open(t, o)
	for range 5 {
		if err := l.Append([]store.Entry{entry(room, 1)}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("append to a full disk: %v", err)
		}
	}
	if files, err := os.ReadDir(o.Dir); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
	f.on = false
	write(t, l, room, 1, 2)
	expect(t, l, room, 2)
}

// TestManyAtOnce has rooms written, read and trimmed at the same time.
func TestManyAtOnce(t *testing.T) {
	o := options(t.TempDir())
	o.SegmentBytes = 4000
	l := open(t, o)
	var all sync.WaitGroup
	for i := range 4 {
		room := fmt.Sprint("records:", i)
		all.Go(func() {
			for seq := uint64(1); seq <= 60; seq++ {
				if err := l.Append([]store.Entry{entry(room, seq)}); err != nil {
					t.Error(err)
				}
				base := uint64(0)
				if seq > 10 {
					base = seq - 10
					if err := l.Trim(room, base); err != nil {
						t.Error(err)
					}
				}
				if tail, _, err := l.Tail(room, base); err != nil || uint64(len(tail.Entries)) != seq-base {
					t.Errorf("%s at %d: %+v, %v", room, seq, tail, err)
				}
			}
		})
	}
	all.Wait()
	files, err := filepath.Glob(filepath.Join(o.Dir, "*.log"))
	if err != nil || len(files) > 12 {
		t.Errorf("%d segments, %v", len(files), err)
	}
}

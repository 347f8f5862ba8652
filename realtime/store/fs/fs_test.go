package fs_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/fs"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func open(t testing.TB, o fs.Options) *fs.Store {
	t.Helper()
	o.Logger = quiet
	s, err := fs.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	for _, segment := range []int64{0, 600} { // the small one makes many segments
		t.Run(fmt.Sprint("segment ", segment), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Harness {
				dir := t.TempDir()
				return storetest.Harness{
					Open: func() (store.Store, error) {
						return fs.Open(t.Context(), fs.Options{Dir: dir, SegmentBytes: segment, Logger: quiet})
					},
					Damage: func(room string, target storetest.Target, seq uint64) error { return damage(dir, room, target, seq) },
				}
			})
		})
	}
}

// damage flips a bit in the files of a room.
func damage(dir, room string, target storetest.Target, seq uint64) error {
	if target == storetest.JournalEntry {
		return storetest.FlipEntry(filepath.Join(dir, "journal"), room, seq)
	}
	name := strings.ReplaceAll("r-"+room, ":", "%3a")
	pattern := "*.state"
	if target == storetest.NewestMeta || target == storetest.AllMetas {
		pattern = "*.meta"
	}
	files, err := filepath.Glob(filepath.Join(dir, "snapshots", name, pattern))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no states: %w", err)
	}
	for i, f := range files { // sorted; the last is the newest
		if target != storetest.AllStates && target != storetest.AllMetas && i < len(files)-1 {
			continue
		}
		if err := storetest.Flip(f, nil); err != nil {
			return err
		}
	}
	return nil
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, fs.Options{Dir: dir})
	if _, err := fs.Open(t.Context(), fs.Options{Dir: dir, Logger: quiet}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, fs.Options{Dir: dir})
}

// TestSegmentsAreReclaimed checks that the journal does not grow for ever,
// even with a room that is never saved.
func TestSegmentsAreReclaimed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, fs.Options{Dir: dir, SegmentBytes: 2000})
	ctx := t.Context()
	for _, room := range []string{"records:busy", "records:lazy"} {
		if err := s.Create(ctx, room, store.Meta{}, store.Snapshot{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(ctx, []store.Entry{{Room: "records:lazy", Seq: 1, Update: []byte("mine"), At: time.UnixMilli(5)}}); err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= 400; seq++ {
		if err := s.Append(ctx, []store.Entry{{Room: "records:busy", Seq: seq, Update: make([]byte, 100)}}); err != nil {
			t.Fatal(err)
		}
		if seq%20 == 0 {
			if _, err := s.SaveSnapshot(ctx, store.Snapshot{Room: "records:busy", Seq: seq}, store.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*.log"))
	if err != nil || len(files) > 8 {
		t.Errorf("%d segments, %v", len(files), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, fs.Options{Dir: dir})
	if l, err := s.Load(ctx, "records:lazy"); err != nil || len(l.Entries) != 1 || string(l.Entries[0].Update) != "mine" {
		t.Errorf("lazy room: %+v, %v", l, err)
	}
}

// editSegment changes the bytes of the first segment of a closed store.
func editSegment(t *testing.T, dir string, change func(b []byte)) (name string) {
	t.Helper()
	name = filepath.Join(dir, "journal", "00000001.log")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTooNew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, fs.Options{Dir: dir})
	if err := s.Append(t.Context(), []store.Entry{{Room: "records:a", Seq: 1}}); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	name := editSegment(t, dir, func(b []byte) { b[7] = 2 })
	if _, err := fs.Open(t.Context(), fs.Options{Dir: dir, Logger: quiet}); !errors.Is(err, store.ErrTooNew) || !strings.Contains(err.Error(), name) {
		t.Errorf("open: %v, want ErrTooNew that names the file", err)
	}
}

// A flipped bit of the head makes no newer format of a segment.
func TestFlippedHeadOfASegment(t *testing.T) {
	for bit := range 8 * 8 {
		dir := t.TempDir()
		s := open(t, fs.Options{Dir: dir})
		if err := s.Create(t.Context(), "records:a", store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(t.Context(), []store.Entry{{Room: "records:a", Seq: 1, Update: []byte("one"), At: time.Now()}}); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		editSegment(t, dir, func(b []byte) { b[bit/8] ^= 1 << (bit % 8) })
		s, err := fs.Open(t.Context(), fs.Options{Dir: dir, Logger: quiet})
		if err != nil {
			t.Fatalf("bit %d: %v", bit, err)
		}
		if l, err := s.Load(t.Context(), "records:a"); err != nil || len(l.Entries) != 1 {
			t.Errorf("bit %d: %+v, %v", bit, l, err)
		}
		_ = s.Close()
	}
}

func BenchmarkAppend20(b *testing.B) {
	s := open(b, fs.Options{Dir: b.TempDir()})
	es := make([]store.Entry, 20)
	seq := uint64(0)
	for b.Loop() {
		seq++
		for i := range es {
			es[i] = store.Entry{Room: fmt.Sprint("records:", i), Seq: seq, Update: make([]byte, 40), At: time.Now()}
		}
		if err := s.Append(b.Context(), es); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzOpen opens a journal that holds anything.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s, err := fs.Open(f.Context(), fs.Options{Dir: dir, Logger: quiet})
	if err != nil {
		f.Fatal(err)
	}
	for seq := uint64(1); seq <= 3; seq++ {
		if err := s.Append(f.Context(), []store.Entry{{Room: "records:a", Seq: seq, Update: []byte("update"), Meta: &store.Meta{Lineage: "L"}}}); err != nil {
			f.Fatal(err)
		}
	}
	_ = s.Close()
	b, err := os.ReadFile(filepath.Join(dir, "journal", "00000001.log"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := newFaulty(1)
		file, err := disk.Create("plant", "/town/journal/00000001.log")
		if err == nil {
			_, err = file.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := fs.Open(t.Context(), fs.Options{Dir: "/town", OS: disk, Logger: quiet})
		if err != nil {
			return // a format that is too new
		}
		if err := s.Create(t.Context(), "records:a", store.Meta{Lineage: "L"}, store.Snapshot{}); err != nil {
			t.Fatal(err)
		}
		if l, err := s.Load(t.Context(), "records:a"); err != nil || len(l.Entries) != 0 {
			t.Errorf("entries of another life came into a new room: %+v, %v", l, err)
		}
		if err := s.Append(t.Context(), []store.Entry{{Room: "records:a", Seq: 1, Update: []byte("on")}}); err != nil {
			t.Errorf("the room cannot go on: %v", err)
		}
	})
}

// TestVoidEntriesStayVoid puts entries behind a gap aside, whose segment another
// room keeps alive, and lets everything else in the segment with the note of it
// expire. They must not be back after a restart.
func TestVoidEntriesStayVoid(t *testing.T) {
	ctx := t.Context()
	o := fs.Options{Dir: t.TempDir(), SegmentBytes: 200}
	s := open(t, o)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(room string, seqs ...uint64) {
		t.Helper()
		for _, seq := range seqs {
			e := store.Entry{Room: room, Seq: seq, Update: bytes.Repeat([]byte{byte(seq)}, 150), At: time.UnixMilli(1)}
			must(s.Append(ctx, []store.Entry{e}))
		}
	}
	for _, room := range []string{"records:gap", "records:alive", "records:busy"} {
		must(s.Create(ctx, room, store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}))
	}
	write("records:alive", 1)
	write("records:gap", 2) // 1 is missing
	l, err := s.Load(ctx, "records:gap")
	if err != nil || len(l.Entries) != 0 || len(l.Damage) == 0 {
		t.Fatalf("load: %+v, %v", l, err)
	}
	for seq := uint64(1); seq <= 6; seq++ { // segments come and go
		write("records:busy", seq)
		_, err := s.SaveSnapshot(ctx, store.Snapshot{Room: "records:busy", Seq: seq, State: []byte("state")}, store.Meta{Lineage: "L"})
		must(err)
	}
	write("records:gap", 1)
	must(s.Close())
	s = open(t, o)
	if l, err := s.Load(ctx, "records:alive"); err != nil || len(l.Entries) != 1 {
		t.Fatalf("its segment is gone, so this proves nothing: %+v, %v", l, err)
	}
	if l, err := s.Load(ctx, "records:gap"); err != nil || l.LastSeq() != 1 {
		t.Errorf("through %d, %v; what was put aside is back", l.LastSeq(), err)
	}
}

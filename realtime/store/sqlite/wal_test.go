package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

// copyAlive copies the files of an open store, as kill -9 leaves them.
func copyAlive(t *testing.T, from string) (to string) {
	t.Helper()
	to = t.TempDir()
	files, err := filepath.Glob(filepath.Join(from, "*.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(f)), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestFlippedBits flips one bit at a random place of the journal's files after
// a kill, many times. The prefix that is used must be intact, and if anything
// is missing it must have been reported and kept.
func TestFlippedBits(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	const room, entries = "records:a", 60
	if err := s.Create(ctx, room, store.Meta{Lineage: "L"}, store.Snapshot{State: []byte("seed")}); err != nil {
		t.Fatal(err)
	}
	update := func(seq uint64) []byte { return fmt.Appendf(bytes.Repeat([]byte("x"), 300), " update %d", seq) }
	for seq := uint64(1); seq <= entries; seq++ {
		if err := s.Append(ctx, []store.Entry{{Room: room, Seq: seq, Update: update(seq), At: time.Now()}}); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		to := copyAlive(t, dir)
		name := filepath.Join(to, sqlite.JournalName)
		if rnd.IntN(4) > 0 {
			name += "-wal"
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		bit := rnd.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("bit %d of %s", bit, filepath.Base(name))
		s := open(t, to)
		l, err := s.Load(ctx, room)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for i, e := range l.Entries {
			if e.Seq != uint64(i+1) || !bytes.Equal(e.Update, update(e.Seq)) {
				t.Errorf("%s: entry %d is wrong", what, i+1)
			}
		}
		aside, err := s.Aside(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Entries) < entries && len(aside) == 0 {
			t.Errorf("%s: %d of %d entries are there, and nothing was reported or kept", what, len(l.Entries), entries)
		}
		if err := s.Append(ctx, []store.Entry{{Room: room, Seq: l.LastSeq() + 1, Update: []byte("on"), At: time.Now()}}); err != nil {
			t.Errorf("%s: the room cannot go on: %v", what, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestWholeLogIsNotReported kills without damage.
func TestWholeLogIsNotReported(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	for seq := uint64(1); seq <= 200; seq++ {
		if err := s.Append(ctx, []store.Entry{{Room: "records:a", Seq: seq, Update: make([]byte, 9000), At: time.Now()}}); err != nil {
			t.Fatal(err)
		}
		if seq%40 == 0 { // with checkpoints between, so that old frames remain
			again := open(t, copyAlive(t, dir))
			if aside, err := again.Aside(ctx); err != nil || len(aside) > 0 {
				t.Errorf("after %d entries: %v, %v", seq, aside, err)
			}
			_ = again.Close()
		}
	}
}

package disk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/uring"
)

// inRing makes a file that commits through a ring.
func inRing(t *testing.T) (*file, string) {
	t.Helper()
	ring, err := uring.New(2, true)
	if err != nil {
		t.Skip("the system has no io_uring for us: ", err)
	}
	ring.Close()
	name := filepath.Join(t.TempDir(), "journal")
	f, err := Real{}.Create("", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f.(*file), name
}

// commit fails the test if not all is written.
func commit(t *testing.T, f *file, s string) {
	t.Helper()
	if n, err := f.Commit([]byte(s)); n != len(s) || err != nil {
		t.Fatalf("committed %d of %d bytes: %v", n, len(s), err)
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, []byte(want)) {
		t.Fatalf("the file holds %q, want %q: %v", got, want, err)
	}
}

func TestCommit(t *testing.T) {
	f, name := inRing(t)
	commit(t, f, "one ")
	commit(t, f, "")
	if n, err := f.Write([]byte("two ")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	commit(t, f, "three ")
	if f.ring == nil || f.ring.Broken() {
		t.Error("it was not the ring that wrote")
	}
	f.ring.Close() // what the ring does not take is written without it
	f.ring = nil
	commit(t, f, "four")
	holds(t, name, "one two three four")
}

// A disk that is full is no reason to write once more in another way.
func TestCommitTellsWhatTheDiskSays(t *testing.T) {
	f, _ := inRing(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	f.File.Close()
	f.File = full
	if f.ring, err = uring.New(2, true); err != nil {
		t.Fatal(err)
	}
	f.asked = true
	n, err := f.Commit([]byte("x"))
	if n != 0 || !errors.Is(err, syscall.ENOSPC) || f.end != 0 {
		t.Errorf("committed %d bytes to a full disk: %v", n, err)
	}
	if _, plain := full.Write([]byte("x")); err.Error() != plain.Error() {
		t.Errorf("it says %q; without a ring it would say %q", err, plain)
	}
}

func TestCommitAfterClose(t *testing.T) {
	f, name := inRing(t)
	commit(t, f, "x")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Commit([]byte("y")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit to a closed file: %v", err)
	}
	holds(t, name, "x")
}

// BenchmarkCommit is one commit of a few edits, through the ring and with plain
// system calls.
func BenchmarkCommit(b *testing.B) {
	for _, way := range []string{"ring", "plain"} {
		b.Run(way, func(b *testing.B) {
			made, err := Real{}.Create("", filepath.Join(b.TempDir(), "journal"))
			if err != nil {
				b.Fatal(err)
			}
			f := made.(*file)
			defer f.Close()
			f.asked = way == "plain"
			records := make([]byte, 500)
			for b.Loop() {
				if _, err := f.Commit(records); err != nil {
					b.Fatal(err)
				}
			}
			if way == "ring" && f.ring == nil {
				b.Skip("the system has no io_uring for us")
			}
		})
	}
}

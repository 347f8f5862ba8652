package integration_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestCrashFlippedBits kills the server and flips one bit of the journal before
// the next start. What is missing then must be in the log, and comes back with
// the browsers that have it; nothing may be torn or doubled.
func TestCrashFlippedBits(t *testing.T) {
	c := newCrash(t, t.TempDir())
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	reported := 0
	for i := range runs(t, 3) {
		when := fmt.Sprintf("flip %d", i+1)
		c.typeFor(time.Duration(100+c.rnd.IntN(600)) * time.Millisecond)
		c.s.kill()
		c.count.kills++
		for _, p := range c.people {
			p.drop()
		}
		c.tally()
		name := filepath.Join(c.dir, ".system-data", "realtime-journal.db")
		if b, err := os.ReadFile(name + "-wal"); err == nil && len(b) > 0 && c.rnd.IntN(4) > 0 {
			name += "-wal"
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %d bytes, %v", name, len(b), err)
		}
		bit := c.rnd.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		when = fmt.Sprintf("%s (bit %d of %s)", when, bit, filepath.Base(name))
		c.start()
		missing := c.judge(when)
		told := c.s.log.has("damaged")
		if told {
			reported++
		}
		if len(missing) > 0 && !told {
			t.Errorf("%s: %d acknowledged words are missing, and the log does not say so", when, len(missing))
		}
		for _, p := range c.people {
			c.connect(p)
		}
		c.settle() // with the browsers, everything is there again
		if t.Failed() {
			break
		}
	}
	c.archive()
	c.report(fmt.Sprintf("one bit of the journal flipped after each kill; reported %d times", reported))
}

// TestCrashDiskFull fills the disk while people type. They are told that
// nothing is saved; when there is room again, or after a kill, everything that
// was acknowledged is there.
func TestCrashDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root only")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	c := newCrash(t, filepath.Join(dir, "town"))
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	ballast := filepath.Join(dir, "ballast")
	for i := range runs(t, 2) {
		when := fmt.Sprintf("full %d", i+1)
		c.typeFor(200 * time.Millisecond)
		fill(t, ballast)
		c.typeFor(700 * time.Millisecond)
		unsaved := 0
		for _, p := range c.people {
			p.mu.Lock()
			unsaved += p.unsaved
			p.unsaved = 0
			p.mu.Unlock()
		}
		if unsaved == 0 {
			t.Errorf("%s: nobody was told that nothing can be saved", when)
		}
		c.tally()
		if i%2 == 1 {
			c.s.kill()
			c.count.kills++
			for _, p := range c.people {
				p.drop()
			}
			c.tally()
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			c.start()
			if missing := c.judge(when); len(missing) > 0 {
				c.count.lost += len(missing)
				t.Errorf("%s: %d acknowledged words are lost: %q", when, len(missing), missing)
			}
			for _, p := range c.people {
				c.connect(p)
			}
		}
		c.settle()
		if t.Failed() {
			break
		}
	}
	c.archive()
	if code := c.s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("stop: exit status %d", code)
	}
	c.report("disk full while people type")
}

// fill writes until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2] // down to the last byte
		case err != nil:
			t.Fatal(err)
		}
	}
}

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
	flipBits(t, "one bit of the journal flipped after each kill", t.TempDir(), func(c *crash) string {
		return c.oneOf(filepath.Join(c.dir, ".system-data", "realtime-journal", "*.log"))
	})
}

// TestCrashFilesFlippedBits does the same with storage: filesystem, in the
// journal's segments and in the states.
func TestCrashFilesFlippedBits(t *testing.T) {
	flipBits(t, "one bit of the files flipped after each kill", filesTown(t, t.TempDir()), func(c *crash) string {
		files := filepath.Join(c.dir, ".system-data", "realtime")
		return c.oneOf(filepath.Join(files, "journal/*.log"), filepath.Join(files, "snapshots/*/*.state"), filepath.Join(files, "snapshots/*/*.meta"))
	})
}

// oneOf picks a file at random.
func (c *crash) oneOf(patterns ...string) string {
	c.t.Helper()
	var names []string
	for _, pattern := range patterns {
		some, err := filepath.Glob(pattern)
		if err != nil {
			c.t.Fatal(err)
		}
		names = append(names, some...)
	}
	if len(names) == 0 {
		c.t.Fatal("no files to damage")
	}
	return names[c.rnd.IntN(len(names))]
}

func flipBits(t *testing.T, what, dir string, file func(c *crash) string) {
	t.Helper()
	c := newCrash(t, dir)
	reported := 0
	defer func() { c.report(what, fmt.Sprintf("%d of them reported", reported)) }()
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	for i := range runs(t, 3) {
		when := fmt.Sprintf("flip %d", i+1)
		c.typeFor(time.Duration(100+c.rnd.IntN(600)) * time.Millisecond)
		c.die()
		name := file(c)
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
		if len(missing) > 0 && !told { // what the server wrote may still be on its way to us
			told = c.s.log.await("damaged", 10*time.Second)
		}
		if told {
			reported++
		}
		if len(missing) > 0 && !told {
			c.count.lost += len(missing)
			t.Errorf("%s: %d acknowledged words are missing, and the log does not say so", when, len(missing))
		}
		for _, p := range c.people {
			c.connect(p)
		}
		c.settle() // with the browsers, everything is there again
		if t.Failed() {
			return
		}
	}
	c.archive()
}

// TestCrashDiskFull fills the disk while people type. They are told that
// nothing is saved; when there is room again, or after a kill, everything that
// was acknowledged is there.
func TestCrashDiskFull(t *testing.T) {
	fillDisk(t, "disk full while people type", func(dir string) string { return dir })
}

// TestCrashFilesDiskFull does the same with storage: filesystem.
func TestCrashFilesDiskFull(t *testing.T) {
	fillDisk(t, "disk full, stored in files", func(dir string) string { return filesTown(t, dir) })
}

func fillDisk(t *testing.T, what string, town func(dir string) string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root only")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	c := newCrash(t, town(filepath.Join(dir, "town")))
	felt := 0
	defer func() { c.report(what, fmt.Sprintf("felt %d times", felt)) }()
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	ballast := filepath.Join(dir, "ballast")
	for i := range runs(t, 2) {
		when := fmt.Sprintf("full %d", i+1)
		c.typeFor(200 * time.Millisecond)
		fill(t, ballast)
		c.typeFor(700 * time.Millisecond)
		c.tally()
		// What was allocated already, as of SQLite's log, can be written on a
		// full disk, too: then nobody is told anything for a while.
		if told, _ := c.toldUnsaved(); told > 0 {
			felt++
		}
		dies := i%2 == 1
		if dies {
			c.die()
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if dies {
			c.rise(when)
		}
		c.settle()
		if t.Failed() {
			return
		}
	}
	if felt == 0 {
		t.Error("nobody was ever told that nothing can be saved")
	}
	c.archive()
	if code := c.s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("stop: exit status %d", code)
	}
}

// toldUnsaved is how often people were told, since the last call, that nothing
// can be saved, and the last reason.
func (c *crash) toldUnsaved() (times int, reason string) {
	for _, p := range c.people {
		p.mu.Lock()
		if times += p.unsaved; p.unsaved > 0 {
			reason = p.reason
		}
		p.unsaved = 0
		p.mu.Unlock()
	}
	return times, reason
}

// die kills the server with everybody connected.
func (c *crash) die() {
	c.s.kill()
	c.count.kills++
	for _, p := range c.people {
		p.drop()
	}
	c.tally()
}

// rise starts it again, looks whether everything that was acknowledged is
// there, and lets everybody come back.
func (c *crash) rise(when string) {
	c.t.Helper()
	c.start()
	if missing := c.judge(when); len(missing) > 0 {
		c.count.lost += len(missing)
		c.t.Errorf("%s: %d acknowledged words are lost: %q", when, len(missing), missing)
	}
	for _, p := range c.people {
		c.connect(p)
	}
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

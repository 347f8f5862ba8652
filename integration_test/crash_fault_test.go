package integration_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faults are what the kernel answers to a program that writes to a broken disk.
var faults = []struct{ name, inject string }{
	{"EIO on fsync", "io_uring_enter,fsync,fdatasync:error=EIO"},
	{"ENOSPC on write", "io_uring_enter,pwrite64,ftruncate:error=ENOSPC"},
	{"EIO on write", "io_uring_enter,pwrite64:error=EIO"},
	{"EIO on read and write", "io_uring_enter,pread64,pwrite64:error=EIO"},
}

// TestCrashDiskErrors has the kernel answer the server's writes, reads and
// fsyncs with errors while people type, on the SQLite files as they are.
// Meanwhile people are told why nothing is saved, nothing is acknowledged, and
// health is degraded. When the disk is well again everything is saved; after a
// kill everything is there that was acknowledged.
func TestCrashDiskErrors(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed, with which errors are injected: apt-get install strace")
	}
	c := newCrash(t, t.TempDir())
	defer c.report("errors of the disk while people type", "")
	for range 2 {
		c.people = append(c.people, c.newcomer())
	}
	for i := range runs(t, 2*len(faults)) {
		fault := faults[i/2%len(faults)]
		when := fmt.Sprintf("fault %d (%s)", i+1, fault.name)
		c.typeFor(200 * time.Millisecond)
		heal := inject(t, c.s.cmd.Process.Pid, fault.inject)
		if heal == nil {
			t.Skip("strace may not trace here")
		}
		told, reason := 0, ""
		for round := 0; round < 40 && told == 0; round++ {
			c.typeFor(100 * time.Millisecond)
			told, reason = c.toldUnsaved()
		}
		c.tally()
		acked := c.count.acked
		c.typeFor(300 * time.Millisecond)
		_, body := c.s.request(t, "", "GET", "/api/v1/health/detailed", "")
		c.tally()
		switch {
		case told == 0:
			t.Errorf("%s: nobody was told that nothing can be saved", when)
		case reason == "":
			t.Errorf("%s: nobody was told why nothing can be saved", when)
		}
		if !strings.Contains(body, "degraded") {
			t.Errorf("%s: health is %s", when, body)
		}
		if c.count.acked > acked {
			t.Errorf("%s: %d words were acknowledged", when, c.count.acked-acked)
		}
		dies := i%2 == 1
		if dies {
			c.die()
		}
		heal()
		if dies {
			c.rise(when)
		}
		c.settle()
		if t.Failed() {
			return
		}
	}
	c.archive()
	_, body := c.s.request(t, "", "GET", "/api/v1/health/detailed", "")
	if strings.Contains(body, "degraded") {
		t.Errorf("health at the end: %s", body)
	}
	if code := c.s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("stop: exit status %d", code)
	}
}

// inject has the kernel answer some calls of a process with errors until heal
// is called. nil if it may not.
func inject(t *testing.T, pid int, what string) (heal func()) {
	t.Helper()
	calls, _, _ := strings.Cut(what, ":")
	cmd := exec.Command("strace", "-f", "-p", fmt.Sprint(pid), "-o", "/dev/null", "-e", "trace="+calls, "-e", "inject="+what)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	attached := lines.Scan() && strings.Contains(lines.Text(), "attached")
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	heal = func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // it detaches and ends
		<-drained
		_ = cmd.Wait() // its exit status is that of the signal
	}
	if !attached {
		t.Logf("strace: %s", lines.Text())
		heal()
		return nil
	}
	return heal
}

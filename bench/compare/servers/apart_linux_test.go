package servers

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestApart(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one CPU only")
	}
	child := exec.Command("sleep", "100")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	of := func(pid int) (set unix.CPUSet) {
		t.Helper()
		if err := unix.SchedGetaffinity(pid, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	before := of(os.Getpid())

	together, err := Apart(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := of(child.Process.Pid), of(os.Getpid())
	if theirs.Count() != 1 || ours.Count() != before.Count()-1 {
		t.Errorf("the child has %d CPUs, the test %d of %d", theirs.Count(), ours.Count(), before.Count())
	}
	for cpu := range len(theirs) * 64 {
		if theirs.IsSet(cpu) && ours.IsSet(cpu) {
			t.Errorf("both have CPU %d", cpu)
		}
	}
	if err := together(); err != nil {
		t.Fatal(err)
	}
	if of(child.Process.Pid) != before || of(os.Getpid()) != before {
		t.Error("still apart")
	}
}

package servers

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAwake(t *testing.T) {
	asleep, err := Awake()
	if err != nil {
		t.Fatal(err)
	}
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	var covered unix.CPUSet
	counting := children(t)
	for _, pid := range counting {
		attr, err := unix.SchedGetAttr(pid, 0)
		if err != nil || attr.Policy != unix.SCHED_IDLE {
			t.Errorf("process %d: %+v, %v", pid, attr, err)
		}
		var on unix.CPUSet
		if err := unix.SchedGetaffinity(pid, &on); err != nil || on.Count() != 1 {
			t.Errorf("process %d runs on %d CPUs, %v", pid, on.Count(), err)
		}
		for cpu := range len(on) * 64 {
			if on.IsSet(cpu) {
				covered.Set(cpu)
			}
		}
	}
	if covered != before {
		t.Errorf("%d of %d CPUs are kept awake", covered.Count(), before.Count())
	}
	asleep()
	if left := children(t); len(left) > 0 {
		t.Errorf("still counting: %v", left)
	}
}

// children are the processes that this one has started.
func children(t *testing.T) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lists {
		b, _ := os.ReadFile(l) // of a thread that has ended
		for _, s := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

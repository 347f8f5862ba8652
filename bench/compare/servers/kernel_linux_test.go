package servers

import (
	"os"
	"os/exec"
	"runtime/debug"
	"testing"
	"time"
)

// TestCPUIsThatOfTheProcess compares with what the kernel says of this process
// in another way, and with what it says of a child at its end.
func TestCPUIsThatOfTheProcess(t *testing.T) {
	before := OwnCPU()
	cpu, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after := OwnCPU()
	// Both count the threads of the process; the second call was made between
	// the others. Rusage may lag by a tick.
	const tick = 10 * time.Millisecond
	if cpu < before-tick || cpu > after+tick {
		t.Errorf("CPU time is %v, not between %v and %v", cpu, before, after)
	}
	child := exec.Command("sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo; read line")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has done its work and waits
		t.Fatal(err)
	}
	cpu, err = CPU(child.Process.Pid)
	if err != nil {
		t.Error(err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	_ = child.Wait() // read fails at the end of its input
	total := child.ProcessState.UserTime() + child.ProcessState.SystemTime()
	if cpu == 0 || cpu > total+tick || cpu < total/2-tick {
		t.Errorf("CPU time of the child is %v when it waits, %v at its end", cpu, total)
	}
}

func TestMemoryOfTheProcess(t *testing.T) {
	pid := os.Getpid()
	debug.FreeOSMemory() // so that what follows is not memory it has already
	if err := ResetPeak(pid); err != nil {
		t.Fatal(err)
	}
	before, err := RSS(pid)
	if err != nil {
		t.Fatal(err)
	}
	const much = 64 << 20
	b := make([]byte, much)
	for i := range b {
		b[i] = byte(i)
	}
	peak, err := PeakRSS(pid)
	if err != nil {
		t.Fatal(err)
	}
	if peak < before+much*9/10 || b[1] != 1 {
		t.Errorf("most memory %d, want at least %d more than %d", peak, much, before)
	}
}

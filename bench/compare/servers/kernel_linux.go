package servers

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// CPU is the time that a process has spent on processors, in all of its
// threads, those that have ended included.
func CPU(pid int) (time.Duration, error) {
	// The id of another process's CPU clock, as clock_getcpuclockid(3) makes
	// it: CPUCLOCK_SCHED of the whole process, in ns.
	clock := uintptr(^pid<<3 | 2)
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, errno)
	}
	return time.Duration(ts.Nano()), nil
}

// OwnCPU is CPU of this process.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// childOf makes a process die with this one, and keeps Ctrl-C from it: it is
// stopped in order.
func childOf() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// raiseFiles allows as many open files as it may, here and in the servers.
func raiseFiles() {
	const want = 1 << 17
	for _, most := range []uint64{want, 0} {
		var limit syscall.Rlimit
		if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
			return
		}
		limit.Max = max(limit.Max, most) // beyond what it was takes a right that root has
		limit.Cur = limit.Max
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
			return
		}
	}
}

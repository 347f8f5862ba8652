package session

import (
	"syscall"
	"unsafe"
)

// writeSocket writes what a non-blocking socket takes.
func writeSocket(fd uintptr, p []byte) (int, error) { return transfer(syscall.SYS_WRITE, fd, p) }

// readSocket reads from a non-blocking socket.
func readSocket(fd uintptr, p []byte) (int, error) { return transfer(syscall.SYS_READ, fd, p) }

// transfer makes a system call without telling the scheduler, which takes part
// in every other one: it wakes the thread that watches for calls that take long,
// and when people type that thread costs as much CPU as half of what the calls
// do. A socket that does not block never makes one take long.
func transfer(call, fd uintptr, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

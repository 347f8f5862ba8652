//go:build unix

package session

import (
	"errors"
	"syscall"
)

const canPoll = true

var errWouldBlock error = syscall.EAGAIN

// readSocket reads from a non-blocking socket.
func readSocket(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

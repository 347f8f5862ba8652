//go:build unix

package session

import (
	"errors"
	"syscall"
)

const canPoll = true

var errWouldBlock error = syscall.EAGAIN

// writeSocket writes what a non-blocking socket takes.
func writeSocket(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

// readSocket reads from a non-blocking socket.
func readSocket(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

//go:build unix

package session

import "syscall"

const canPoll = true

var errWouldBlock error = syscall.EAGAIN

// shutdown ends both directions of a socket, which stays open.
func shutdown(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) }

//go:build unix

package session

import "syscall"

const canPoll = true

var errWouldBlock error = syscall.EAGAIN

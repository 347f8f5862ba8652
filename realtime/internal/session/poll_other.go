//go:build !unix

package session

import "errors"

const canPoll = false

var errWouldBlock = errors.New("would block")

func shutdown(uintptr) {}

func writeSocket(uintptr, []byte) (int, error) { return 0, errWouldBlock }

func readSocket(uintptr, []byte) (int, error) { return 0, errWouldBlock }

//go:build !linux

package session

import (
	"net"
	"syscall"
)

// takeOver returns the connection as it is, with a way to its descriptor if the
// system can tell whether a socket would block.
func takeOver(nc net.Conn) (net.Conn, syscall.RawConn) {
	sc, ok := nc.(syscall.Conn)
	if !ok || !canPoll {
		return nc, nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nc, nil
	}
	return nc, raw
}

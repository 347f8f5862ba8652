//go:build !linux

package session

import (
	"net"
	"syscall"
)

// takeOver returns the connection as it is.
func takeOver(nc net.Conn, raw syscall.RawConn) (net.Conn, syscall.RawConn) { return nc, raw }

package session

import "golang.org/x/sys/unix"

// hungUp reports whether the peer sends nothing more: it ended its side, or
// the connection broke. What it sent before may still be unread.
func (c *conn) hungUp() bool {
	if c.raw == nil {
		return false
	}
	gone := false
	_ = c.raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(p, 0)
		gone = err == nil && n > 0 && p[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
	return gone
}

//go:build !linux

package session

// hungUp cannot be told here before everything is read: a client that floods
// and leaves is read to its end at its rate, until Config.Flood cuts it off.
func (c *conn) hungUp() bool { return false }

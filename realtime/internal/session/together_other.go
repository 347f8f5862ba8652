//go:build !linux

package session

// together is for Linux only.
type together struct{}

func newTogether() *together { return new(together) }

func (*together) close() {}

func (*together) deliver([]*Session) {}

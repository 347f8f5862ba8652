//go:build !linux

package servers

// Apart does nothing here.
func Apart(int) (together func() error, err error) { return func() error { return nil }, nil }

// Awake does nothing here.
func Awake() (asleep func(), err error) { return func() {}, nil }

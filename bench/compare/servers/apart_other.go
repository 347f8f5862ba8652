//go:build !linux

package servers

// Apart does nothing here.
func Apart(pid int) (together func() error, err error) {
	return func() error { return nil }, nil
}

//go:build !linux

package store

// stepBack does nothing where threads have no priority of their own.
func stepBack() {}

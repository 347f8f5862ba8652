//go:build !linux

package uring

import "errors"

// Ring is for Linux only.
type Ring struct{}

// New returns an error here.
func New(int, bool) (*Ring, error) { return nil, errors.ErrUnsupported }

// Usable returns an error here.
func Usable() error { return errors.ErrUnsupported }

// Close is for Linux.
func (*Ring) Close() {}

// Broken is for Linux.
func (*Ring) Broken() bool { return true }

// Send is for Linux.
func (*Ring) Send(int, []byte) {}

// WriteSync is for Linux.
func (*Ring) WriteSync(int, []byte, int64) {}

// Submit is for Linux.
func (*Ring) Submit() {}

// Result is for Linux.
func (*Ring) Result(int) (int, error) { return 0, ErrNotTaken }

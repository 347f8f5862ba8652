//go:build !linux

package session

import "sync"

const canPark = false

// Lot is where silent sockets wait, on Linux. Elsewhere each has a goroutine.
type Lot struct {
	Tasks *sync.WaitGroup
}

// Open does nothing here.
func (*Lot) Open() error { return nil }

// Close is for when there are no sessions any more.
func (*Lot) Close() {}

func (*Lot) park(*Session) bool { return false }

//go:build !linux

package servers

import (
	"errors"
	"syscall"
	"time"
)

// CPU can be read on Linux only.
func CPU(int) (time.Duration, error) {
	return 0, errors.New("the CPU time of another process can be read on Linux only: run the bench there")
}

// OwnCPU is read on Linux only.
func OwnCPU() time.Duration { return 0 }

func childOf() *syscall.SysProcAttr { return nil }

func raiseFiles() {}

// Package uring asks the Linux kernel for several things with one system call, and
// for what waits without waiting in one.
//
// Each system call that may wait costs Go's scheduler as much again as the kernel:
// it wakes the thread that watches for calls that take long, takes the processor
// from the caller, and looks for another. And between two calls the kernel may give
// the processor to whom the first has woken. With io_uring a message goes to all
// who read along at once, and a write to the disk is done by a thread of the
// kernel's, while a goroutine waits for it as for a socket.
//
// Many containers may not use io_uring, other systems have none, and
// kernel.io_uring_disabled turns it off: New returns an error then, and the caller
// does the same with plain system calls.
//
// See io_uring(7); the layout is that of include/uapi/linux/io_uring.h.
package uring

import "errors"

// ErrNotTaken is the result of what the kernel did not take, or cannot do. Nothing
// was sent or written.
var ErrNotTaken = errors.New("io_uring does not do it")

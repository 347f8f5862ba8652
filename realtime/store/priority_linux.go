package store

import "golang.org/x/sys/unix"

// stepBack lowers the priority of the calling thread, which must be locked to
// its goroutine: where all processors are busy, those who pass edits on come
// first. A commit is half a millisecond of work at a time, and the scheduler of
// today's kernels lets a thread of the same priority end that.
func stepBack() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 5) }

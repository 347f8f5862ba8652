package uring

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is what a process and the kernel share. Only one goroutine at a time may
// use it: it queues requests, then Submit does them all.
type Ring struct {
	fd      int
	rings   []byte // mapped: both queues
	entries []byte // mapped: requests
	at      params // where in them what is
	queued  int
	due     uint32 // completions that Submit waits for
	results []int32
	held    [][]byte // what the requests refer to
	broken  bool

	done *os.File           // an eventfd that tells of completions; nil = Submit waits in a system call
	wait syscall.RawConn    // of done
	look func(uintptr) bool // ready
}

// params is struct io_uring_params.
type params struct {
	requests, completions, flags, cpu, idle, features, workers uint32
	_                                                          [3]uint32
	sq                                                         struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, entry, flags, _ uint32
		_                                                    uint64
	}
}

// request is struct io_uring_sqe.
type request struct {
	op, flags uint8
	_         uint16
	fd        int32
	off       uint64
	addr      uint64
	size      uint32
	how       uint32 // flags of fsync(2) or send(2)
	id        uint64
	_         [3]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	id    uint64
	res   int32 // what the system call would return
	flags uint32
}

const (
	requestSize    = uint32(unsafe.Sizeof(request{}))
	completionSize = uint32(unsafe.Sizeof(completion{}))
	opSync         = 3  // IORING_OP_FSYNC
	opWrite        = 23 // IORING_OP_WRITE
	opSend         = 26 // IORING_OP_SEND

	thenNext      = 1 << 2  // IOSQE_IO_LINK
	inWorker      = 1 << 4  // IOSQE_ASYNC
	oneMapping    = 1 << 0  // IORING_FEAT_SINGLE_MMAP
	nativeWorkers = 1 << 9  // IORING_FEAT_NATIVE_WORKERS: threads of the process, so its end waits for them
	waitForSome   = 1 << 0  // IORING_ENTER_GETEVENTS
	telling       = 4       // IORING_REGISTER_EVENTFD
	entriesOffset = 1 << 28 // IORING_OFF_SQES

	// notTaken is the result of a request that was not submitted.
	notTaken = -int32(unix.ECANCELED)
	// most is how many bytes one request takes; more is a short write.
	most = 1 << 30
)

// New makes a ring for so many requests at once. If tell is set, Submit waits as
// for a socket. That is for what takes long; what does not wait needs none of it.
func New(requests int, tell bool) (*Ring, error) {
	r := &Ring{results: make([]int32, requests), held: make([][]byte, requests)}
	fd, _, errno := syscall.RawSyscall(unix.SYS_IO_URING_SETUP, uintptr(requests), uintptr(unsafe.Pointer(&r.at)), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("io_uring_setup", errno)
	}
	r.fd = int(fd)
	err := r.open()
	if err == nil && tell {
		err = r.tell()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Usable returns why New would fail, or nil.
func Usable() error {
	r, err := New(1, true)
	if err == nil {
		r.Close()
	}
	return err
}

func (r *Ring) open() (err error) {
	if need := uint32(oneMapping | nativeWorkers); r.at.features&need != need {
		return errors.ErrUnsupported // before Linux 5.12
	}
	const access = unix.PROT_READ | unix.PROT_WRITE
	size := max(r.at.sq.array+4*r.at.requests, r.at.cq.entry+r.at.completions*completionSize)
	if r.rings, err = unix.Mmap(r.fd, 0, int(size), access, unix.MAP_SHARED); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	if r.entries, err = unix.Mmap(r.fd, entriesOffset, int(r.at.requests*requestSize), access, unix.MAP_SHARED); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	return nil
}

// tell has the kernel tell Go's poller of completions.
func (r *Ring) tell() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	r.done = os.NewFile(uintptr(fd), "eventfd")
	if err := r.done.SetReadDeadline(time.Time{}); err != nil {
		return err // Go's poller did not take it
	}
	if r.wait, err = r.done.SyscallConn(); err != nil {
		return err
	}
	r.look = r.ready
	number := int32(fd)
	_, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), telling, uintptr(unsafe.Pointer(&number)), 1, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("io_uring_register", errno)
	}
	return nil
}

// Close gives the ring back. Nothing may be queued.
func (r *Ring) Close() {
	if r.rings != nil {
		_ = unix.Munmap(r.rings)
	}
	if r.entries != nil {
		_ = unix.Munmap(r.entries)
	}
	if r.done != nil {
		_ = r.done.Close()
	}
	_ = unix.Close(r.fd)
}

// Broken reports whether the ring does not do what it should. It is of no use any
// more then.
func (r *Ring) Broken() bool { return r.broken }

// Send queues a write of what a socket takes without waiting. There must be room.
// The ring holds p until Submit returns; p must not be empty.
func (r *Ring) Send(fd int, p []byte) {
	r.queue(p, request{op: opSend, fd: int32(fd), how: unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL})
}

// WriteSync queues a write at a place in a file and then, if all was written, a
// fsync(2): two requests with two results. There must be room. The ring holds p until
// Submit returns; p must not be empty.
//
// With RWF_DSYNC it would be one request, but that some file systems ignore.
func (r *Ring) WriteSync(fd int, p []byte, off int64) {
	r.queue(p, request{op: opWrite, flags: inWorker | thenNext, fd: int32(fd), off: uint64(off)})
	r.queue(nil, request{op: opSync, fd: int32(fd)})
}

func (r *Ring) queue(p []byte, q request) {
	q.addr, q.size, q.id = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))), uint32(min(len(p), most)), uint64(r.queued)
	tail := *r.word(r.at.sq.tail) + uint32(r.queued) // only we move it
	slot := tail & *r.word(r.at.sq.mask)
	*(*request)(unsafe.Pointer(&r.entries[slot*requestSize])) = q
	*r.word(r.at.sq.array + 4*slot) = slot
	r.held[r.queued], r.results[r.queued] = p, notTaken
	r.queued++
}

// Submit does what was queued, and waits until all of it is done. Result then tells
// what became of each request, in the order in which they were queued.
func (r *Ring) Submit() {
	tail := r.word(r.at.sq.tail)
	before := *tail
	atomic.StoreUint32(tail, before+uint32(r.queued))
	taken := r.enter(r.queued)
	atomic.StoreUint32(tail, before+uint32(taken)) // the kernel has not looked at the rest
	r.due = uint32(taken)
	r.await()
	head := *r.word(r.at.cq.head) // only we move it
	for range taken {
		c := *(*completion)(unsafe.Pointer(&r.rings[r.at.cq.entry+(head&*r.word(r.at.cq.mask))*completionSize]))
		r.results[c.id] = c.res
		head++
	}
	atomic.StoreUint32(r.word(r.at.cq.head), head)
	runtime.KeepAlive(r.held)
	clear(r.held[:r.queued])
	r.queued = 0
}

// enter returns how many requests the kernel has taken.
func (r *Ring) enter(n int) int {
	for {
		// The scheduler need not know: nothing here waits.
		taken, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), 0, 0, 0, 0)
		switch errno {
		case 0:
			return int(taken)
		case unix.EINTR:
		case unix.EAGAIN, unix.EBUSY, unix.ENOMEM:
			return 0 // another time
		default:
			r.broken = true
			return 0
		}
	}
}

// ready reports whether all completions are there that are due.
func (r *Ring) ready(uintptr) bool {
	return atomic.LoadUint32(r.word(r.at.cq.tail))-*r.word(r.at.cq.head) >= r.due
}

// await waits for them. It does not return before they are there, whatever happens:
// the kernel still has the bytes.
func (r *Ring) await() {
	if r.ready(0) {
		return
	}
	// The eventfd is never read: each completion is news to Go's poller even so.
	if r.wait != nil && r.wait.Read(r.look) != nil {
		r.broken = true
	}
	for !r.ready(0) {
		_, _, _ = syscall.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, uintptr(r.due), waitForSome, 0, 0)
	}
}

// Result tells how many bytes a request has sent or written, until something is
// queued again. The error is the system's, or ErrNotTaken.
func (r *Ring) Result(i int) (n int, err error) {
	switch res := r.results[i]; {
	case res >= 0:
		return int(res), nil
	case res == notTaken:
		return 0, ErrNotTaken
	case res == -int32(unix.EINVAL) || res == -int32(unix.EOPNOTSUPP): // not in this kernel, or in this file system
		r.broken = true
		return 0, ErrNotTaken
	default:
		return 0, syscall.Errno(-res)
	}
}

func (r *Ring) word(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[at])) }

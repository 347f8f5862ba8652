package session

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const canPark = true

// Lot is where the sockets of silent clients wait. One goroutine watches them
// all; the others that read end, and with them their stacks.
//
// A socket that waits has no other reader. So whoever ends its connection shuts
// it down and leaves it open, which makes it readable.
type Lot struct {
	// Tasks counts the goroutines: the one that watches, and those it starts.
	Tasks *sync.WaitGroup

	mu     sync.Mutex
	parked []*Session // guarded by mu; by descriptor
	epoll  *os.File   // guarded by mu; the set, for which Go's poller waits; nil if not open
	fd     int        // guarded by mu; its descriptor
	ended  []*Session // guarded by mu; whose peers are gone
	enders int        // guarded by mu; goroutines that end them
}

const (
	// atOnce is how many sockets are looked at before other goroutines have a
	// turn.
	atOnce = 64
	// maxEnders is how many goroutines end sessions.
	maxEnders = 4
)

// Open begins to take sockets. Before, and after Close, it takes none.
func (l *Lot) Open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	_ = unix.SetNonblock(fd, true) // else Go's poller does not take it
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err == nil {
		err = file.SetReadDeadline(time.Time{}) // an error if Go's poller did not
	}
	if err != nil {
		file.Close()
		return err
	}
	l.mu.Lock()
	l.epoll, l.fd = file, fd
	l.mu.Unlock()
	l.Tasks.Go(func() { l.watch(raw) })
	return nil
}

// Close ends what watches. It is for when there are no sessions any more.
func (l *Lot) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoll != nil {
		_ = l.epoll.Close()
		l.epoll = nil
	}
}

// park has a session wait until there is something to read; then it goes on in
// another goroutine. If park reports true, the caller must let go of the session.
func (l *Lot) park(s *Session) bool {
	ok := false
	if b, bare := s.sock.conn.Conn.(*bare); bare {
		b.rest()
	}
	_ = s.sock.conn.raw.Control(func(fd uintptr) { ok = l.enter(s, int(fd)) })
	return ok
}

func (l *Lot) enter(s *Session, fd int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoll == nil {
		return false
	}
	if fd >= len(l.parked) {
		l.parked = append(l.parked, make([]*Session, fd+1-len(l.parked))...)
	}
	op := unix.EPOLL_CTL_ADD
	if s.known {
		op = unix.EPOLL_CTL_MOD
	}
	// Once: what comes while a goroutine reads is that one's affair.
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: int32(fd)}
	if unix.EpollCtl(l.fd, op, fd, &event) != nil {
		return false
	}
	s.known, l.parked[fd] = true, s
	return true
}

func (l *Lot) leave(fd int) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.parked[fd]
	l.parked[fd] = nil
	return s
}

// watch has sessions go on until the Lot is closed.
func (l *Lot) watch(raw syscall.RawConn) {
	var events [atOnce]unix.EpollEvent
	for {
		n := 0
		if raw.Read(func(fd uintptr) bool {
			n = ready(fd, events[:])
			return n > 0
		}) != nil {
			return
		}
		for _, e := range events[:n] {
			s := l.leave(int(e.Fd))
			switch {
			case !s.glance() && l.park(s):
			case s.sock.conn.ended():
				l.end(s)
			default:
				s.woken()
				l.Tasks.Go(s.serve)
			}
		}
		if n == atOnce {
			runtime.Gosched() // when a crowd goes, let it go before the next
		}
	}
}

// end has a session end whose peer is gone and has left nothing to read. When a
// crowd goes, a few goroutines are enough for all of them.
func (l *Lot) end(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = append(l.ended, s)
	if l.enders < maxEnders {
		l.enders++
		l.Tasks.Go(l.endAll)
	}
}

func (l *Lot) endAll() {
	for s := l.nextEnded(); s != nil; s = l.nextEnded() {
		s.serve()
		runtime.Gosched() // for the room that it has left
	}
}

// nextEnded returns nil if there is none; then the caller's goroutine ends.
func (l *Lot) nextEnded() *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.ended) - 1
	if n < 0 {
		l.ended = nil
		l.enders--
		return nil
	}
	s := l.ended[n]
	l.ended[n], l.ended = nil, l.ended[:n]
	return s
}

// ready returns what can be read now. It never waits, so it does without the
// scheduler; see transfer.
func ready(epoll uintptr, events []unix.EpollEvent) int {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, epoll, uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
		switch errno {
		case 0:
			return int(n)
		case unix.EINTR:
		default:
			return 0
		}
	}
}

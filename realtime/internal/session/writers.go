package session

import (
	"runtime"
	"sync"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// Writers write what waits for the sockets of a server. One goroutine serves
// many sockets, one after the other, because it never waits for a peer: a
// write that would have to goes on in a goroutine of its own. So an edit that
// goes to fifty people wakes one goroutine and not fifty. Without work there is
// none.
type Writers struct {
	// Tasks counts the goroutines.
	Tasks *sync.WaitGroup

	mu      sync.Mutex
	queue   []*Session // guarded by mu; sockets with frames to write
	running int        // guarded by mu
	hands   []*hand    // guarded by mu; that nobody uses
	closed  bool       // guarded by mu; hands are not kept
}

// hand is what one goroutine writes with.
type hand struct {
	some     []*Session // to write to
	frames   []wire.Frame
	together together
}

// hand takes one that is free.
func (w *Writers) hand() *hand {
	if h := w.free(); h != nil {
		return h
	}
	return &hand{some: make([]*Session, 0, share)}
}

func (w *Writers) free() *hand {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.hands) - 1
	if n < 0 {
		return nil
	}
	h := w.hands[n]
	w.hands = w.hands[:n]
	return h
}

func (w *Writers) handBack(h *hand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.hands) >= 4*runtime.GOMAXPROCS(0) {
		h.together.close()
		return
	}
	w.hands = append(w.hands, h)
}

// Close gives back what writing needs. What is written afterwards gets it anew.
func (w *Writers) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, h := range w.hands {
		h.together.close()
	}
	w.hands = nil
}

// deliver writes what waits for some sockets, as far as their peers take it at once.
func (h *hand) deliver() {
	for all := h.some; len(all) > 0; {
		some := all[:min(share, len(all))]
		all = all[len(some):]
		h.together.deliver(some)
		for _, s := range some {
			if s != nil {
				h.frames = s.deliver(h.frames)
			}
		}
	}
	clear(h.some)
	h.some = h.some[:0]
}

const (
	// share is how many sockets a goroutine takes at once; when more wait,
	// another one helps.
	share = 16
	// rounds bounds how often it writes to one socket before the next has its
	// turn.
	rounds = 4
)

// add queues a socket. The caller must be the one who woke it.
func (w *Writers) add(s *Session) {
	w.mu.Lock()
	w.queue = append(w.queue, s)
	start := w.running == 0 || len(w.queue) > share && w.running < runtime.GOMAXPROCS(0)
	if start {
		w.running++
	}
	w.mu.Unlock()
	if start {
		w.Tasks.Go(w.run)
	}
}

// take moves sockets from the queue into the slice. Without any the caller's
// goroutine ends.
func (w *Writers) take(into []*Session) []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(share, len(w.queue))
	into = append(into, w.queue[:n]...)
	rest := copy(w.queue, w.queue[n:])
	clear(w.queue[rest:])
	if w.queue = w.queue[:rest]; n == 0 {
		w.running--
		if cap(w.queue) > 4*share {
			w.queue = nil
		}
	}
	return into
}

func (w *Writers) run() {
	h := w.hand()
	defer w.handBack(h)
	for {
		if h.some = w.take(h.some); len(h.some) == 0 {
			return
		}
		h.deliver()
	}
}

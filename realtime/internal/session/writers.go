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
	var room [share]*Session
	var frames []wire.Frame
	for {
		some := w.take(room[:0])
		if len(some) == 0 {
			return
		}
		for i, s := range some {
			frames = s.deliver(frames)
			some[i] = nil
		}
	}
}

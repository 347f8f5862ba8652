package room

import (
	"container/heap"
	"time"
)

// Rooms that everybody has left wait here until their grace period is over.
// When a thousand people leave at one moment, their rooms are saved a few at a
// time: each one's time counts from its turn, and no goroutine waits for it.

// evictAtOnce is how many rooms are saved and closed at one time.
const evictAtOnce = 8

// graces is guarded by Manager.mu.
type graces struct {
	waiting graceHeap
	timer   *time.Timer // fires at the first of waiting; nil until it is needed
	over    []*entry    // whose grace period is over, in that order
	workers int         // goroutines that take from over
	failed  evictions   // since the workers began
}

// grace is when to look at an entry. Each entry is in the heap at most once: if
// people came and left again meanwhile, it goes back when its turn comes.
type grace struct {
	entry *entry
	at    time.Time
}

// graceHeap implements heap.Interface.
type graceHeap []grace

func (h graceHeap) Len() int           { return len(h) }
func (h graceHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h graceHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *graceHeap) Push(x any)        { *h = append(*h, x.(grace)) }
func (h *graceHeap) Pop() any {
	last := len(*h) - 1
	g := (*h)[last]
	(*h)[last] = grace{}
	*h = (*h)[:last]
	return g
}

// startGraceLocked begins the grace period of a room that nobody is in.
func (m *Manager) startGraceLocked(e *entry, d time.Duration) {
	if d <= 0 {
		m.overLocked(e)
		return
	}
	e.leaves = time.Now().Add(d)
	if !e.waiting {
		e.waiting = true
		heap.Push(&m.graces.waiting, grace{e, e.leaves})
	}
	m.setGraceTimerLocked()
}

// endGraceLocked ends it because somebody came, or because the room closes.
func (e *entry) endGraceLocked() { e.leaves = time.Time{} }

func (m *Manager) setGraceTimerLocked() {
	g := &m.graces
	if len(g.waiting) == 0 || m.stopped {
		return
	}
	d := max(time.Until(g.waiting[0].at), 0)
	if g.timer == nil {
		g.timer = time.AfterFunc(d, m.endGraces)
	} else {
		g.timer.Reset(d)
	}
}

// endGraces hands the rooms whose grace period is over to the workers.
func (m *Manager) endGraces() {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := &m.graces
	for now := time.Now(); len(g.waiting) > 0 && !g.waiting[0].at.After(now); {
		e := heap.Pop(&g.waiting).(grace).entry
		e.waiting = false
		switch {
		case e.leaves.IsZero(): // somebody is in it, or it is closed
		case e.leaves.After(now):
			e.waiting = true
			heap.Push(&g.waiting, grace{e, e.leaves})
		default:
			m.overLocked(e)
		}
	}
	if len(g.waiting) == 0 {
		g.waiting = nil // what a crowd needed
	}
	m.setGraceTimerLocked()
}

// overLocked queues a room for the workers, of which there are enough then.
func (m *Manager) overLocked(e *entry) {
	e.endGraceLocked()
	g := &m.graces
	if m.stopped {
		return
	}
	g.over = append(g.over, e)
	if g.workers < evictAtOnce {
		g.workers++
		m.tasks.Go(m.evictAll)
	}
}

// evictAll is a worker: it saves and closes rooms until none is left.
func (m *Manager) evictAll() {
	g := &m.graces
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(g.over) > 0 && !m.stopped {
		e := g.over[0]
		g.over[0] = nil
		g.over = g.over[1:]
		if e.refs > 0 || e.closing {
			continue
		}
		m.mu.Unlock()
		m.evict(e)
		m.mu.Lock()
	}
	if g.workers--; g.workers == 0 {
		g.over = nil
		m.reportEvictions(g.failed)
		g.failed = evictions{}
	}
}

// evictions are the rooms that could not be saved, for one line in the log.
type evictions struct {
	count int
	room  string // the first
	err   error
}

func (m *Manager) reportEvictions(f evictions) {
	if f.count > 0 {
		m.logger.Error("rooms cannot be saved at the end of their grace period; they stay open and are tried again",
			"op", "room.evict", "rooms", f.count, "first", f.room, "error", f.err, "again_in", retryEvict)
	}
}

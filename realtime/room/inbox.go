package room

import (
	"runtime/debug"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// event is something that the loop has to deal with.
type event struct {
	kind   evKind
	member *Member
	data   []byte // part of the inbox's arena; valid until the turn ends
	fn     func() // evCall
	from   int    // where data begins in the arena
	n      int
}

type evKind uint8

const (
	evJoin evKind = iota
	evLeave
	evStep1
	evStep2
	evUpdate
	evAwareness
	evQuery   // wants all presence states
	evTruth   // a viewer wrote: refuse it
	evDrained // a member that was behind has written everything
	evPush    // no step 1 came: send the whole state unasked
	evCall    // run fn on the loop
)

// inbox is what waits for the loop. What members send is bounded; what the
// server itself posts is not, because it is little and must never wait.
type inbox struct {
	mu      sync.Mutex
	space   sync.Cond // signalled when the loop took everything, and when it ends
	events  []event   // guarded by mu
	arena   []byte    // guarded by mu; the data of events
	running bool      // guarded by mu; the loop's goroutine exists
	parked  bool      // guarded by mu; … and waits for work
	lent    bool      // guarded by mu; a member's reader runs a turn instead, see borrow.go
	closed  bool      // guarded by mu
	came    time.Time // guarded by mu; when the last message did
	row     int       // guarded by mu; messages without a pause between them

	work   sync.Cond   // signalled when a parked loop has to do something or to end
	linger *time.Timer // ends a loop that has been parked for a while; guarded by mu

	// News from the journal, see ack.go.
	hasNews   bool  // guarded by mu
	failing   error // guarded by mu
	recovered bool  // guarded by mu
}

const (
	// maxArena is how much the members of one room may have waiting. Who
	// sends more waits, and so stops reading from its socket.
	maxArena = 4 << 20
	// keepArena is how much is kept between turns.
	keepArena = 64 << 10
)

// post queues an event of the server. It never blocks.
func (r *Room) post(e event) bool {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	if r.in.closed {
		return false
	}
	r.in.events = append(r.in.events, e)
	r.startLocked()
	return true
}

// call has fn run on the loop. It reports false if the room is closed; then fn
// never runs.
func (r *Room) call(fn func()) bool { return r.post(event{kind: evCall, fn: fn}) }

// Message is what a member's socket received.
type Message uint8

// The messages that a room takes.
const (
	Step1     = Message(evStep1)
	Step2     = Message(evStep2)
	Update    = Message(evUpdate)
	Awareness = Message(evAwareness)
	Query     = Message(evQuery)
	Truth     = Message(evTruth)
)

// Submit hands a member's message to the room, which copies the payload. It
// waits while the room has too much to do; that is how a flood is slowed down.
// In a room where nothing else is going on the caller does the work itself. It
// reports false when the room is closed.
func (r *Room) Submit(m *Member, kind Message, payload []byte) bool {
	in := &r.in
	now := time.Now()
	in.mu.Lock()
	if in.row++; now.Sub(in.came) >= calmAfter {
		in.row = 1
	}
	in.came = now
	if in.mayBorrowLocked(kind, payload) {
		return r.borrow(m, kind, payload)
	}
	defer in.mu.Unlock()
	for !in.closed && len(in.arena) > 0 && len(in.arena)+len(payload) > maxArena {
		in.space.Wait()
	}
	if in.closed {
		return false
	}
	e := event{kind: evKind(kind), member: m, from: len(in.arena), n: len(payload)}
	in.arena = append(in.arena, payload...)
	in.events = append(in.events, e)
	r.startLocked()
	return true
}

// startLocked sees to it that the loop runs. While a reader runs a turn it is
// that reader who calls it again at the end.
func (r *Room) startLocked() {
	switch in := &r.in; {
	case in.lent:
	case in.parked:
		in.parked = false
		in.work.Signal()
	case !in.running:
		in.running = true
		go r.loop()
	}
}

// lingering is how long a loop waits for more work before its goroutine ends:
// a new one would have to grow its stack again for every edit. Where nobody
// edits it ends at once: there may be thousands of such rooms.
const lingering = 2 * time.Second

// parkLocked waits for work and reports false when there was none.
func (in *inbox) parkLocked() bool {
	if in.closed {
		return false
	}
	if in.linger == nil {
		in.linger = time.AfterFunc(lingering, in.retire)
	} else {
		in.linger.Reset(lingering)
	}
	in.parked = true
	for in.parked && !in.closed {
		in.work.Wait()
	}
	in.parked = false
	in.linger.Stop()
	return in.dueLocked()
}

// dueLocked reports whether there is something to do for the loop.
func (in *inbox) dueLocked() bool { return !in.lent && (len(in.events) > 0 || in.hasNews) }

// retire ends a loop that is parked.
func (in *inbox) retire() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.parked = false
	in.work.Signal()
}

// batch is what the loop took from the inbox; it goes back and forth between
// the two so that nothing is allocated in a busy room.
type batch struct {
	events []event
	arena  []byte

	hasNews   bool
	failing   error
	recovered bool
}

// next takes everything that waits, and gives the emptied batch back. Without
// anything to do it returns false and the loop must end.
func (r *Room) next(b *batch) bool {
	clear(b.events)
	if cap(b.arena) > keepArena {
		b.arena = nil
	}
	if cap(b.events) > maxSpare {
		b.events = nil
	}
	in := &r.in
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.dueLocked() && (r.sleeper != nil || !in.parkLocked()) {
		in.running = false
		in.space.Broadcast()
		if !in.lent {
			in.events, in.arena = nil, nil // an idle room keeps no buffers
		}
		return false
	}
	b.events, in.events = in.events, b.events[:0]
	b.arena, in.arena = in.arena, b.arena[:0]
	b.failing, b.recovered, b.hasNews = in.failing, in.recovered, in.hasNews
	in.failing, in.recovered, in.hasNews = nil, false, false
	in.space.Broadcast()
	for i := range b.events {
		if e := &b.events[i]; e.n > 0 {
			e.data = b.arena[e.from : e.from+e.n : e.from+e.n]
		}
	}
	return true
}

// close takes no more events, and waits until those that are there are done.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.work.Signal()
	in.space.Broadcast()
	for in.running || in.lent {
		in.space.Wait()
	}
}

// loop is the room's goroutine. It exists while there is something to do and a
// little longer, and owns the document while it runs.
func (r *Room) loop() {
	var b batch
	defer r.rescue()
	for r.next(&b) {
		r.turn(&b)
		r.wake()
		r.packOpened()
	}
}

// rescue keeps a fault in one document from taking the other rooms with it:
// the room is closed and will be loaded anew from what is stored.
func (r *Room) rescue() {
	fault := recover()
	if fault == nil {
		return
	}
	r.logger().Error("fault in a room; it closes and is loaded again", "op", "room.turn", "fault", fault, "stack", string(debug.Stack()))
	in := &r.in
	in.mu.Lock()
	// Nothing that waits can be trusted to the document any more; calls that
	// wait for an answer must get one.
	in.closed, in.running, in.lent, in.events, in.arena = true, false, false, nil, nil
	in.work.Signal() // a loop that is parked
	in.space.Broadcast()
	in.mu.Unlock()
	r.wake()
	close(r.broken)
	r.manager.fail(r, ErrLoadFailed.With(host.NewCorrelationID(), nil))
}

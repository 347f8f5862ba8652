package room

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/yjs"
)

// rest waits until the loop has nothing to do.
func rest(t *testing.T, r *Room) {
	t.Helper()
	settle(t, r)
	for {
		r.in.mu.Lock()
		resting := !r.in.running || r.in.parked
		r.in.mu.Unlock()
		if resting {
			return
		}
		runtime.Gosched()
	}
}

// In a room where nothing else is going on, an edit is applied and written to
// the others by the one who brought it.
func TestAReaderRunsItsTurn(t *testing.T) {
	m := newManager(t, Options{})
	a, b := m.join(t, "x", 1), m.join(t, "x", 2)
	r, _ := m.Room("records:x")
	rest(t, r)
	before := b.bytes()
	update := newTypist(11).types(1)[0]
	a.m.Submit(Update, update)
	if n := r.applied.Load(); n != 1 {
		t.Errorf("%d updates applied when Submit returned", n)
	}
	if got := b.taken()[before:]; !bytes.Contains(got, update) {
		t.Errorf("the other had got %x", got)
	}
}

// Where much comes without a pause, the loop gathers it; after one, readers help
// themselves again.
func TestReadersLeaveARushToTheLoop(t *testing.T) {
	m := newManager(t, Options{})
	a := m.join(t, "x", 1)
	r, _ := m.Room("records:x")
	rest(t, r)
	in, updates := &r.in, newTypist(11).types(2)
	turns := make(chan bool, 2) // who ran them: a reader?
	r.call(func() {
		r.document().OnUpdate(func([]byte, any, *yjs.Transaction) {
			stack := make([]byte, 64<<10)
			turns <- bytes.Contains(stack[:runtime.Stack(stack, false)], []byte("(*Room).borrow("))
		})
	})
	rest(t, r)
	submit := func(update []byte, row int, came time.Time) (borrowed bool) {
		in.mu.Lock()
		in.row, in.came = row, came
		in.mu.Unlock()
		a.m.Submit(Update, update)
		return <-turns
	}
	if submit(updates[0], maxRow, time.Now().Add(time.Hour)) { // no pause, however slow the test is
		t.Error("a reader took one more of a rush")
	}
	rest(t, r)
	if !submit(updates[1], maxRow, time.Now().Add(-time.Hour)) {
		t.Error("after a pause no reader helped itself")
	}
}

// While the loop works, a reader does not wait for it.
func TestAReaderLeavesItsTurnToABusyLoop(t *testing.T) {
	m := newManager(t, Options{})
	a := m.join(t, "x", 1)
	r, _ := m.Room("records:x")
	rest(t, r)
	started, block := make(chan struct{}), make(chan struct{})
	r.call(func() { close(started); <-block })
	<-started
	a.m.Submit(Update, newTypist(11).types(1)[0])
	if n := r.applied.Load(); n != 0 {
		t.Errorf("%d updates applied beside the loop", n)
	}
	close(block)
	settle(t, r)
	if n := r.applied.Load(); n != 1 {
		t.Errorf("%d updates applied", n)
	}
}

// What comes while a reader has the turn is done after it, with nothing else to
// set the loop going.
func TestWhatComesDuringABorrowedTurnIsNotForgotten(t *testing.T) {
	m := newManager(t, Options{})
	a, b := m.join(t, "x", 1), m.join(t, "x", 2)
	r, _ := m.Room("records:x")
	started, block := make(chan struct{}), make(chan struct{})
	done := make(chan struct{}, 2)
	r.call(func() {
		r.document().OnUpdate(func([]byte, any, *yjs.Transaction) {
			if done <- struct{}{}; len(done) == 1 {
				close(started)
				<-block
			}
		})
	})
	rest(t, r)
	var reader sync.WaitGroup
	reader.Go(func() { a.m.Submit(Update, newTypist(11).types(1)[0]) })
	<-started
	b.m.Submit(Update, newTypist(12).types(1)[0])
	if len(done) != 1 {
		t.Error("two turns at once")
	}
	close(block)
	reader.Wait()
	r.in.mu.Lock()
	if r.in.parked && len(r.in.events) > 0 {
		t.Error("the loop was not set going")
	}
	r.in.mu.Unlock()
	for deadline := time.Now().Add(10 * time.Second); len(done) < 2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the second edit was forgotten")
		}
	}
}

// Many readers, and the loop in between: nothing is lost, done twice or done
// at once.
func TestTurnsOfManyReaders(t *testing.T) {
	m := newManager(t, Options{})
	const typists, letters = 4, 200
	var all []*sink
	for i := range typists {
		all = append(all, m.join(t, "x", int64(i+1)))
	}
	r, _ := m.Room("records:x")
	rest(t, r)
	var typing sync.WaitGroup
	for i, s := range all {
		updates := newTypist(uint64(100 + i)).types(letters)
		typing.Go(func() {
			for n, u := range updates {
				s.m.Submit(Update, u)
				if n%16 == i {
					settle(t, r)
				}
			}
		})
	}
	typing.Wait()
	settle(t, r)
	for _, s := range all {
		if s.m.updates != letters {
			t.Errorf("%d of %d letters arrived", s.m.updates, letters)
		}
	}
	if text := r.document().Text("t").String(); len(text) != len("seed")+typists*letters {
		t.Errorf("%d letters in the document", len(text))
	}
}

// A document at fault takes its room with it and nothing else, also in the
// turn of a reader; what other sockets were to get is written.
func TestAFaultInABorrowedTurnClosesTheRoom(t *testing.T) {
	m := newManager(t, Options{})
	a, b := m.join(t, "x", 1), m.join(t, "x", 2)
	r, _ := m.Room("records:x")
	rest(t, r)
	r.call(func() {
		r.document().OnUpdate(func([]byte, any, *yjs.Transaction) { panic("planted") })
	})
	rest(t, r)
	if a.m.Submit(Update, newTypist(11).types(1)[0]) {
		t.Error("the edit was taken")
	}
	<-r.broken
	b.m.Drained()
	again := m.join(t, "x", 3) // waits until the broken one is gone
	fresh, _ := m.Room("records:x")
	settle(t, fresh)
	if fresh == r || again.bytes() == 0 {
		t.Error("the room was not loaded again")
	}
}

package room

import (
	"sync"
	"time"
)

const (
	// maxRow is up to how many messages readers deal with in a row, without a
	// pause of calmAfter between them. Where more comes, the loop does much at a
	// time, and one write has what many wrote.
	maxRow    = 8
	calmAfter = 3 * time.Millisecond
	// maxBorrow is up to how large a message a reader deals with itself.
	maxBorrow = 16 << 10
	// maxDeliver is up to how many sockets it then writes to.
	maxDeliver = 16
)

// mayBorrowLocked reports whether the reader that has this message may run its
// turn itself. When people type nothing else waits: to wake the loop, and for
// the loop to wake a writer, would cost more than the work. Only edits and
// presence are dealt with so: a turn needs a larger stack than a reader, which
// those who only read along should not have.
func (in *inbox) mayBorrowLocked(kind Message, payload []byte) bool {
	return (kind == Update || kind == Awareness) && len(payload) <= maxBorrow && in.row <= maxRow &&
		!in.closed && !in.lent && (!in.running || in.parked) && len(in.events) == 0 && !in.hasNews
}

// borrowed is what a turn of a reader works with.
type borrowed struct {
	batch   batch
	woken   []*Member
	sockets []Socket
}

var borrows = sync.Pool{New: func() any { return &borrowed{batch: batch{events: make([]event, 1)}} }}

// borrow runs one turn with one message in the caller's goroutine, and then
// writes what it brought to those who take it at once. What comes meanwhile is
// for the loop. The caller holds in.mu; borrow releases it.
func (r *Room) borrow(m *Member, kind Message, payload []byte) bool {
	in := &r.in
	in.lent = true
	in.mu.Unlock()

	b := borrows.Get().(*borrowed)
	b.batch.events[0] = event{kind: evKind(kind), member: m, data: payload}
	if !r.lentTurn(b) {
		return false
	}
	in.mu.Lock()
	in.lent = false
	if in.dueLocked() {
		r.startLocked()
	} else if in.closed {
		in.space.Broadcast()
	}
	in.mu.Unlock()

	own := b.woken[:min(maxDeliver, len(b.woken))]
	for _, w := range b.woken[len(own):] {
		w.socket.Wake()
	}
	for _, w := range own {
		b.sockets = append(b.sockets, w.socket)
	}
	if len(own) > 0 {
		b.sockets[0].Deliver(b.sockets)
	}
	clear(b.sockets)
	b.sockets = b.sockets[:0]
	clear(b.woken)
	b.batch.events[0] = event{}
	b.woken = b.woken[:0]
	borrows.Put(b)
	return true
}

// lentTurn reports false when the document is at fault and the room is gone.
func (r *Room) lentTurn(b *borrowed) (ok bool) {
	defer r.rescue()
	r.turn(&b.batch)
	b.woken, r.turned.woken = r.turned.woken, b.woken
	return true
}

// wake has the writers deliver what a turn left for the sockets.
func (r *Room) wake() {
	for _, m := range r.turned.woken {
		m.socket.Wake()
	}
	clear(r.turned.woken)
	r.turned.woken = r.turned.woken[:0]
}

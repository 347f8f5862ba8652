package room

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
)

// ack is a promise to a member: when seq is durable, so are its first updates
// messages, up to these clocks.
type ack struct {
	seq     uint64
	updates uint64
	clocks  map[uint64]uint64
}

// await notes that the member waits to hear that all it sent so far is saved.
func (r *Room) await(m *Member) {
	if len(m.acks) == 0 {
		r.waiting = append(r.waiting, m)
		r.acksDue.Store(true) // before durable is looked at below: no news gets lost between the two
	} else if last := &m.acks[len(m.acks)-1]; last.seq == r.seq {
		last.updates = m.updates
		for id, c := range m.clocks {
			last.clocks[id] = c
		}
		m.clocks = nil
		return
	}
	clocks := m.clocks
	if clocks == nil {
		clocks = make(map[uint64]uint64)
	}
	m.acks, m.clocks = append(m.acks, ack{seq: r.seq, updates: m.updates, clocks: clocks}), nil
	switch {
	case r.seq <= r.durable.Load(): // changed nothing that is not on disk already
		r.settle(r.durable.Load())
	case r.failing:
		r.warn()
	}
}

// settle tells those who wait what is saved through seq.
func (r *Room) settle(through uint64) {
	r.waiting = slices.DeleteFunc(r.waiting, func(m *Member) bool {
		n := 0
		for n < len(m.acks) && m.acks[n].seq <= through {
			n++
		}
		if n == 0 {
			return len(m.acks) == 0
		}
		// One frame for all of them: the last count, the highest clocks.
		done := m.acks[n-1]
		for _, a := range m.acks[:n-1] {
			for id, c := range a.clocks {
				done.clocks[id] = max(done.clocks[id], c)
			}
		}
		m.acks = slices.Delete(m.acks, 0, n)
		m.Send(wire.Saved(done.seq, done.clocks, done.updates))
		m.warned = false
		return len(m.acks) == 0
	})
	r.acksDue.Store(len(r.waiting) > 0)
}

// Durable implements store.Listener. Only when somebody waits to hear it does
// the loop have to know.
func (r *Room) Durable(through uint64) {
	r.flights.land(through, time.Now(), r.manager.opts.Meter.Ack.Observe)
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	r.durable.Store(max(r.durable.Load(), through))
	if r.acksDue.Load() {
		r.in.hasNews = true
		r.newsLocked()
	}
}

// Failing implements store.Listener.
func (r *Room) Failing(err error, _ time.Time) {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	r.in.failing, r.in.recovered, r.in.hasNews = err, false, true
	r.newsLocked()
}

// Recovered implements store.Listener.
func (r *Room) Recovered() {
	r.in.mu.Lock()
	defer r.in.mu.Unlock()
	r.in.failing, r.in.recovered, r.in.hasNews = nil, true, true
	r.newsLocked()
}

func (r *Room) newsLocked() {
	if !r.in.closed {
		r.startLocked()
	}
}

// news deals with what the journal said.
func (r *Room) news(b *batch) {
	r.settle(r.durable.Load())
	switch {
	case b.failing != nil:
		var broken *store.RoomError
		if errors.As(b.failing, &broken) {
			r.logger().Error("the room's edits can never be stored; it closes", "op", "room.journal", "error", b.failing)
			r.manager.fail(r, ErrLoadFailed.With(host.NewCorrelationID(), b.failing))
			return
		}
		r.failing = true
		r.warn()
	case b.recovered:
		r.failing = false
		if err := r.canJournal(0); err != nil {
			r.logger().Warn("journal recovered but refuses", "op", "room.journal", "error", err)
		}
	}
}

const unsavedText = "The server cannot write to its disk at present. Your edits are kept and tried again."

// warn tells those who wait for saved that it will take longer.
func (r *Room) warn() {
	for _, m := range r.waiting {
		if !m.warned {
			m.warned = true
			m.Send(wire.Unsaved(r.durable.Load(), unsavedText))
		}
	}
}

// flights are the entries on their way to the disk, for the latency of saved.
type flights struct {
	mu   sync.Mutex
	list []flight // guarded by mu; by ascending seq
}

type flight struct {
	seq uint64
	at  time.Time
}

func (f *flights) add(seq uint64, at time.Time) {
	f.mu.Lock()
	if len(f.list) < 4096 { // figures only: a failing disk must not fill memory
		f.list = append(f.list, flight{seq, at})
	}
	f.mu.Unlock()
}

func (f *flights) land(through uint64, now time.Time, observe func(time.Duration)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for n < len(f.list) && f.list[n].seq <= through {
		observe(now.Sub(f.list[n].at))
		n++
	}
	f.list = slices.Delete(f.list, 0, n)
	if len(f.list) == 0 && cap(f.list) > 64 {
		f.list = nil
	}
}

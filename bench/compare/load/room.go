package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// A Room is a room of a server with writers and readers, and the account of
// what has arrived. The first members are the writers.
type Room struct {
	target  Target
	writers []*writer
	members []*member
	readers int          // of each writer, without the slow ones
	arrived atomic.Int64 // letters at readers, all together
}

// writer is a member as the one who types.
type writer struct {
	typing  *Typing
	opening []byte
	letters [][]byte
	sent    []atomic.Int64 // when each letter was sent, in ns since epoch
	left    []atomic.Int32 // readers that lack it
	whole   atomic.Int64   // letters that everybody has
	wake    chan struct{}  // has room for one; a letter became whole
	opened  atomic.Int32   // readers that have the paragraph
	typed   atomic.Int64   // letters that were sent
}

// member is a client with its account.
type member struct {
	*Client
	room    *Room
	own     int  // which writer it is; -1: none
	slow    bool // stalls: what reaches it is not waited for
	covered []coverage
	ranges  []Range
	took    []time.Duration // from send to arrival, of each letter
	caught  atomic.Int64    // letters that a slow one has got
}

var epoch = time.Now()

// A Plan is who is in a room.
type Plan struct {
	Members int       // writers and slow ones included
	Typing  []*Typing // of the first members
	// Presence makes each member say who it is.
	Presence bool
	// Slow is how many of the last members stop reading once the room is open.
	// What does not reach them is not missing.
	Slow int
}

// Open lets members join a room, one after the other, writes the writers'
// paragraphs and waits until everybody has them.
func Open(ctx context.Context, t Target, p Plan) (*Room, error) {
	r := &Room{target: t, readers: p.Members - 1 - p.Slow}
	for _, ty := range p.Typing {
		w := &writer{typing: ty, sent: make([]atomic.Int64, len(ty.Letters)), left: make([]atomic.Int32, len(ty.Letters)), wake: make(chan struct{}, 1)}
		w.opening, w.letters = ty.frames(t)
		for i := range w.left {
			w.left[i].Store(int32(r.readers))
		}
		r.writers = append(r.writers, w)
	}
	for i := range p.Members {
		m := &member{room: r, own: -1, slow: i >= p.Members-p.Slow, covered: make([]coverage, len(p.Typing))}
		if i < len(p.Typing) {
			m.own = i
		}
		target := t
		if m.slow {
			target.ReceiveBuffer = 128 << 10 // so that the kernel takes little for it
		}
		var err error
		if m.Client, err = Join(ctx, target, Options{Hear: m.hear}); err != nil {
			return nil, errors.Join(fmt.Errorf("member %d: %w", i+1, err), r.Close())
		}
		r.members = append(r.members, m)
		if p.Presence {
			if err := m.Send(t.Frame(presence(nil, uint64(500_000+i), 1))); err != nil {
				return nil, errors.Join(err, r.Close())
			}
		}
	}
	for i, w := range r.writers {
		if err := r.members[i].Send(w.opening); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.opened(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for _, m := range r.members {
		if m.slow {
			m.Stall()
		}
	}
	return r, nil
}

// Resume lets the slow ones read again, waits until they have everything, or
// nothing comes any more for so long, and returns how many letters they lack.
func (r *Room) Resume(ctx context.Context, patience time.Duration) (missing int64) {
	for _, m := range r.members {
		if m.slow {
			m.resume()
		}
	}
	before, since := int64(-1), time.Now()
	for {
		missing = 0
		for _, m := range r.members {
			if m.slow {
				missing += r.typed() - m.caught.Load()
			}
		}
		if missing != before {
			before, since = missing, time.Now()
		}
		if missing == 0 || time.Since(since) > patience || ctx.Err() != nil {
			return missing
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// typed is how many letters have been sent.
func (r *Room) typed() (n int64) {
	for _, w := range r.writers {
		n += w.typed.Load()
	}
	return n
}

// opened waits for the paragraphs.
func (r *Room) opened(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	for _, w := range r.writers {
		for int(w.opened.Load()) < r.readers {
			select {
			case <-w.wake:
			case <-time.After(20 * time.Millisecond): // a wake may have been taken by another letter
			case <-ctx.Done():
				return fmt.Errorf("%s: the paragraph of writer %d reaches %d of %d: %w", r.target.Path, w.typing.Client, w.opened.Load(), r.readers, errors.Join(ctx.Err(), r.Err()))
			}
		}
	}
	return nil
}

// hear takes what an update brings into the account.
func (m *member) hear(msg protocol.Message, at time.Time) (err error) {
	if msg.Type != protocol.MessageSync {
		return nil
	}
	if m.ranges, err = AppendRanges(m.ranges[:0], msg.Payload); err != nil {
		return err
	}
	for _, g := range m.ranges {
		for i, w := range m.room.writers {
			if w.typing.Client == g.Client && i != m.own {
				m.covered[i].add(g.From, g.To, func(from, to uint64) { m.arrived(w, from, to, at) })
			}
		}
	}
	return nil
}

func (m *member) arrived(w *writer, from, to uint64, at time.Time) {
	first, step := w.typing.First, w.typing.Step
	if from < first && !m.slow {
		w.opened.Add(1)
		w.signal()
	}
	from = (max(from, first) - first + step - 1) / step
	to = min((max(to, first)-first)/step, uint64(len(w.left)))
	if from >= to {
		return
	}
	if m.slow {
		m.caught.Add(int64(to - from))
		return
	}
	now := int64(at.Sub(epoch))
	for i := from; i < to; i++ {
		m.took = append(m.took, time.Duration(now-w.sent[i].Load()))
		if w.left[i].Add(-1) == 0 {
			w.whole.Add(1)
			w.signal()
		}
	}
	m.room.arrived.Add(int64(to - from))
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Err is why members have ended, nil if none has.
func (r *Room) Err() error {
	var all []error
	for i, m := range r.members {
		if err := m.Err(); err != nil {
			all = append(all, fmt.Errorf("%s, member %d: %w", r.target.Path, i+1, err))
		}
	}
	return errors.Join(all...)
}

// Close closes all sockets.
func (r *Room) Close() error {
	var all sync.WaitGroup
	failed := make([]error, len(r.members))
	for i, m := range r.members {
		all.Go(func() { failed[i] = m.Close() })
	}
	all.Wait()
	return errors.Join(failed...)
}

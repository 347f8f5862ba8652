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
}

// member is a client with its account.
type member struct {
	*Client
	room    *Room
	own     int // which writer it is; -1: none
	covered []coverage
	ranges  []Range
	took    []time.Duration // from send to arrival, of each letter
}

var epoch = time.Now()

// Open lets members join a room, one after the other, writes the writers'
// paragraphs and waits until everybody has them.
func Open(ctx context.Context, t Target, members int, typing []*Typing) (*Room, error) {
	r := &Room{target: t}
	for _, ty := range typing {
		w := &writer{typing: ty, sent: make([]atomic.Int64, len(ty.Letters)), left: make([]atomic.Int32, len(ty.Letters)), wake: make(chan struct{}, 1)}
		w.opening, w.letters = ty.frames(t)
		for i := range w.left {
			w.left[i].Store(int32(members - 1))
		}
		r.writers = append(r.writers, w)
	}
	for i := range members {
		m := &member{room: r, own: -1, covered: make([]coverage, len(typing))}
		if i < len(typing) {
			m.own = i
		}
		var err error
		if m.Client, err = Join(ctx, t, Options{Hear: m.hear}); err != nil {
			return nil, errors.Join(fmt.Errorf("member %d: %w", i+1, err), r.Close())
		}
		r.members = append(r.members, m)
	}
	for i, w := range r.writers {
		if err := r.members[i].Send(w.opening); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.opened(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// opened waits for the paragraphs.
func (r *Room) opened(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	for _, w := range r.writers {
		for int(w.opened.Load()) < len(r.members)-1 {
			select {
			case <-w.wake:
			case <-time.After(20 * time.Millisecond): // a wake may have been taken by another letter
			case <-ctx.Done():
				return fmt.Errorf("%s: the paragraph of writer %d reaches %d of %d: %w", r.target.Path, w.typing.Client, w.opened.Load(), len(r.members)-1, errors.Join(ctx.Err(), r.Err()))
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
	first := w.typing.First
	if from < first {
		w.opened.Add(1)
		w.signal()
	}
	from, to = max(from, first)-first, min(max(to, first)-first, uint64(len(w.left)))
	if from >= to {
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

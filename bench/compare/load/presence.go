package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/yjs/lib0"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// presence appends the frame that says who a client is and where its cursor
// is, as an editor of TipTap does.
func presence(dst []byte, client, clock uint64) []byte {
	position := fmt.Sprintf(`{"type":{"client":%d,"clock":4},"tname":null,"item":{"client":%d,"clock":%d},"assoc":0}`, client, client, clock)
	state := fmt.Sprintf(`{"user":{"name":"Clerk %d","color":"#30bced"},"cursor":{"anchor":%s,"head":%s}}`, client%1000, position, position)
	var update []byte
	update = lib0.AppendVarUint(update, 1)
	update = lib0.AppendVarUint(update, client)
	update = lib0.AppendVarUint(update, clock)
	update = lib0.AppendString(update, state)
	return protocol.AppendAwareness(dst, update)
}

// Cursors are clients in one room who move their cursors and see each other's.
// A move has been delivered to a client once that knows of it or of a later one
// of the same cursor.
type Cursors struct {
	members []*pointer
	arrived atomic.Int64
}

// pointer is one client.
type pointer struct {
	*Client
	room *Cursors
	id   uint64
	sent []atomic.Int64 // when move i, clock 2+i, was sent
	seen []uint64       // of each member, the next clock that is not known; the reader's
	took []time.Duration
}

const (
	firstPointer = 700_000
	firstMove    = 2 // clock 1 says who it is
)

// OpenCursors lets clients join and say who they are.
func OpenCursors(ctx context.Context, t Target, n, moves int) (*Cursors, error) {
	c := &Cursors{}
	for i := range n {
		c.members = append(c.members, &pointer{room: c, id: uint64(firstPointer + i), sent: make([]atomic.Int64, moves), seen: make([]uint64, n)})
		for j := range c.members[i].seen {
			c.members[i].seen[j] = firstMove
		}
	}
	for _, p := range c.members {
		var err error
		if p.Client, err = Join(ctx, t, Options{Hear: p.hear}); err == nil {
			err = p.Send(t.Frame(presence(nil, p.id, 1)))
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// hear reads an awareness update: only whose it is and which clocks.
func (p *pointer) hear(m protocol.Message, at time.Time) error {
	if m.Type != protocol.MessageAwareness {
		return nil
	}
	d := lib0.NewDecoder(m.Payload)
	n, err := d.VarUint()
	for ; err == nil && n > 0; n-- {
		var client, clock uint64
		if client, err = d.VarUint(); err != nil {
			break
		}
		if clock, err = d.VarUint(); err != nil {
			break
		}
		_, err = d.Bytes()
		if i := client - firstPointer; client >= firstPointer && i < uint64(len(p.room.members)) && client != p.id {
			p.saw(int(i), clock, at)
		}
	}
	return err
}

func (p *pointer) saw(member int, clock uint64, at time.Time) {
	from := p.room.members[member]
	to := min(clock+1, firstMove+uint64(len(from.sent)))
	for k := p.seen[member]; k < to; k++ {
		p.took = append(p.took, at.Sub(epoch)-time.Duration(from.sent[k-firstMove].Load()))
		p.room.arrived.Add(1)
	}
	p.seen[member] = max(p.seen[member], to)
}

// Move lets everybody move so many times a second, until each has moved as
// often as was said, and waits for what is on its way.
func (c *Cursors) Move(ctx context.Context, rate float64, patience time.Duration) (out Outcome, err error) {
	moves := len(c.members[0].sent)
	out.Expected = int64(moves * len(c.members) * (len(c.members) - 1))
	failed := make([]error, len(c.members))
	began := time.Now()
	var all sync.WaitGroup
	for n, p := range c.members {
		all.Go(func() {
			offset := time.Duration(float64(n) / float64(len(c.members)) * float64(period(rate)))
			for i := range moves {
				frame := p.target.Frame(presence(nil, p.id, uint64(firstMove+i)))
				select {
				case <-time.After(time.Until(began.Add(offset + time.Duration(i)*period(rate)))):
				case <-ctx.Done():
					return
				}
				p.sent[i].Store(int64(time.Since(epoch)))
				if failed[n] = p.Send(frame); failed[n] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	before, last := int64(-1), time.Now()
	for out.Delivered = c.arrived.Load(); out.Delivered < out.Expected; out.Delivered = c.arrived.Load() {
		if out.Delivered != before {
			before, last = out.Delivered, time.Now()
		}
		if time.Since(last) > patience {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
	out.Err = errors.Join(failed...)
	for i, p := range c.members {
		if err := p.Err(); err != nil {
			out.Err = errors.Join(out.Err, fmt.Errorf("client %d: %w", i+1, err))
		}
	}
	return out, c.Close()
}

// Took are the delays of all moves that have arrived, sorted. The clients must
// have been closed.
func (c *Cursors) Took() (all []time.Duration) {
	for _, p := range c.members {
		all = append(all, p.took...)
	}
	slices.Sort(all)
	return all
}

// Close closes all sockets.
func (c *Cursors) Close() error {
	var failed []error
	for _, p := range c.members {
		if p.Client != nil {
			failed = append(failed, p.Close())
		}
	}
	return errors.Join(failed...)
}

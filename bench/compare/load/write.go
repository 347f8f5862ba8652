package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Pace is how writers type.
type Pace struct {
	// From and To are the letters to send, of each writer.
	From, To int
	// Window is how many letters of a writer may be on their way at once; 0:
	// any number.
	Window int
	// Rate is how many letters a writer sends a second, each when it is due; 0:
	// as fast as it goes.
	Rate float64
	// Patience is how long nothing may arrive before what is missing counts as
	// lost; 0: 10 s.
	Patience time.Duration
}

// Outcome is what a run has brought.
type Outcome struct {
	Expected, Delivered int64 // letters at readers
	Took                []time.Duration
	Length              time.Duration // from the first letter sent to the last delivered
	Err                 error         // of members that have ended on the way
}

const defaultPatience = 10 * time.Second

// Run lets the writers of all rooms type at once and waits until everything
// has arrived, or nothing arrives any more.
func Run(ctx context.Context, rooms []*Room, p Pace) (Outcome, error) {
	for _, r := range rooms {
		r.arrived.Store(0)
		for _, m := range r.members {
			m.took = m.took[:0] // nothing is on its way now
		}
	}
	if p.Patience == 0 {
		p.Patience = defaultPatience
	}
	var out Outcome
	var all sync.WaitGroup
	var failed []error
	var mu sync.Mutex // guards failed
	began := time.Now()
	writers := 0
	for _, r := range rooms {
		writers += len(r.writers)
	}
	n := 0
	for _, r := range rooms {
		for i, w := range r.writers {
			// Paced writers are not in step.
			offset := time.Duration(float64(n) / float64(writers) * float64(period(p.Rate)))
			n++
			all.Go(func() {
				if err := r.write(ctx, r.members[i], w, p, began.Add(offset)); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			})
			out.Expected += int64(p.To-p.From) * int64(r.readers)
		}
	}
	all.Wait()
	last := wait(ctx, rooms, out.Expected, p.Patience)
	out.Length = last.Sub(began)
	out.Err = errors.Join(failed...)
	for _, r := range rooms {
		out.Delivered += r.arrived.Load()
		out.Err = errors.Join(out.Err, r.Err())
	}
	if out.Delivered == out.Expected { // else readers may still be at it
		for _, r := range rooms {
			for _, m := range r.members {
				out.Took = append(out.Took, m.took...)
			}
		}
		slices.Sort(out.Took)
	}
	return out, ctx.Err()
}

func period(rate float64) time.Duration {
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}

// write is one writer at work.
func (r *Room) write(ctx context.Context, m *member, w *writer, p Pace, began time.Time) error {
	for i := p.From; i < p.To; i++ {
		if p.Rate > 0 {
			select {
			case <-time.After(time.Until(began.Add(time.Duration(i-p.From) * period(p.Rate)))):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for p.Window > 0 && i-int(w.whole.Load()) >= p.Window {
			select {
			case <-w.wake:
			case <-time.After(p.Patience):
				return fmt.Errorf("%s: no letter of writer %d has reached everybody for %v", r.target.Path, w.typing.Client, p.Patience)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		w.sent[i].Store(int64(time.Since(epoch)))
		w.typed.Add(1)
		if err := m.Send(w.letters[i]); err != nil {
			return fmt.Errorf("%s: write: %w", r.target.Path, err)
		}
	}
	return nil
}

// wait returns when the last letter came.
func wait(ctx context.Context, rooms []*Room, expected int64, patience time.Duration) time.Time {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	before, last := int64(-1), time.Now()
	for {
		now := time.Now()
		var arrived int64
		for _, r := range rooms {
			arrived += r.arrived.Load()
		}
		if arrived != before {
			before, last = arrived, now
		}
		if arrived >= expected || now.Sub(last) > patience {
			return last
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/host"
)

const firstBackoff = 25 * time.Millisecond

// run is the journal's goroutine.
func (j *Journal) run() {
	defer close(j.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(j.abandoned, cancel)()
	var (
		started time.Time     // of the last commit
		usual   time.Duration // smoothed duration of a commit
		attempt int           // failures in a row
		entries []Entry
	)
	for {
		if !j.await(started, j.opts.CommitInterval-2*usual) {
			return
		}
		batch := j.take()
		for i := range batch {
			entries = append(entries, batch[i].entry)
		}
		started = time.Now()
		err := j.append(ctx, entries)
		took := time.Since(started)
		clear(entries)
		entries = entries[:0]

		var room *RoomError
		switch {
		case err == nil:
			usual += (took - usual) / 8
			attempt = 0
			j.committed(batch, took)
		case errors.As(err, &room) && j.giveUp(batch, room):
			started = time.Time{} // the others do not wait for it
		default:
			j.failed(batch, err)
			if !j.backoff(attempt) {
				return
			}
			attempt++
		}
	}
}

// append hands a batch to the store.
func (j *Journal) append(ctx context.Context, entries []Entry) error {
	ctx, cancel := context.WithTimeout(ctx, j.opts.AppendTimeout)
	defer cancel()
	return j.store.Append(ctx, entries)
}

// await waits until there is something to commit and the time has come: at once
// if the last commit began an interval ago, else so that the commit ends within
// the interval after the first entry that waits for it; for more to come
// meanwhile, that entry may wait for so long. It returns false when the journal
// has stopped and nothing is left.
func (j *Journal) await(last time.Time, atMost time.Duration) bool {
	for {
		var first time.Time
		j.mu.Lock()
		n, stopped := len(j.queue), j.stopped
		if n > 0 {
			first = j.queue[0].at
		}
		j.mu.Unlock()
		switch {
		case n > 0:
			d := time.Until(first.Add(atMost))
			if d > 0 && !stopped && first.Sub(last) < j.opts.CommitInterval {
				t := time.NewTimer(d)
				select {
				case <-t.C:
				case <-j.stop:
					t.Stop()
				}
			}
			return true
		case stopped:
			return false
		}
		select {
		case <-j.wake:
		case <-j.stop:
		}
	}
}

// take empties the queue.
func (j *Journal) take() []queued {
	j.mu.Lock()
	defer j.mu.Unlock()
	batch := j.queue
	j.queue, j.spare = j.spare, nil
	j.writing = batch[0].at
	return batch
}

// committed announces a batch.
func (j *Journal) committed(batch []queued, took time.Duration) {
	type note struct {
		log       *Log
		through   uint64
		recovered bool
	}
	var notes []note
	now := time.Now()
	delay := now.Sub(batch[0].at)
	total := int64(0)
	count := len(batch)

	j.mu.Lock()
	for i := range batch {
		q := &batch[i]
		total += size(&q.entry)
		q.log.durable = q.entry.Seq
	}
	j.writing = time.Time{}
	j.bytes -= total
	j.waiting -= count
	j.stats.Commits++
	j.stats.Entries += int64(count)
	j.stats.Bytes += total
	since := j.since
	j.lastErr, j.since = nil, time.Time{}
	for i := range batch {
		// The last entry of a room in the batch carries its note.
		if l := batch[i].log; batch[i].entry.Seq == l.durable {
			l.wakeLocked()
			if !l.closed {
				notes = append(notes, note{l, l.durable, l.told})
			}
			l.told = false
		}
	}
	clear(batch)
	j.spare = batch[:0]
	j.mu.Unlock()

	if !since.IsZero() {
		j.log.Info("journal writes again", "failed_for", now.Sub(since).Round(time.Millisecond))
	}
	if o := j.opts.Observer; o != nil {
		o.Committed(count, int(total), took, delay)
	}
	for _, n := range notes {
		n.log.listener.Durable(n.through)
		if n.recovered {
			n.log.listener.Recovered()
		}
	}
}

// failed puts a batch back and notes the failure.
func (j *Journal) failed(batch []queued, err error) {
	if o := j.opts.Observer; o != nil {
		o.CommitFailed(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stats.Failures++
	if j.lastErr == nil {
		j.since = time.Now()
		j.log.Error("journal cannot write; edits are kept in memory and retried", "error", err, "entries", j.waiting)
	}
	j.lastErr = err
	j.writing = time.Time{}
	j.queue = append(batch, j.queue...)
}

// giveUp takes the room at fault out of the batch and the queue and tells it;
// what else was in the batch goes back. It returns false if the error names a
// room that has nothing in the batch.
func (j *Journal) giveUp(batch []queued, re *RoomError) bool {
	if !slices.ContainsFunc(batch, func(q queued) bool { return q.entry.Room == re.Room }) {
		return false // nothing has been touched: the whole batch is tried again
	}
	found := map[*Log]bool{}
	j.mu.Lock()
	keep := func(qs []queued) []queued {
		kept := qs[:0]
		for _, q := range qs {
			if q.entry.Room != re.Room {
				kept = append(kept, q)
				continue
			}
			found[q.log] = true
			q.log.broken = re
			q.log.wakeLocked()
			j.bytes -= size(&q.entry)
			j.waiting--
		}
		clear(qs[len(kept):])
		return kept
	}
	j.writing = time.Time{}
	j.queue = append(keep(batch), keep(j.queue)...)
	var tell []*Log
	for l := range found {
		if !l.closed {
			tell = append(tell, l)
		}
	}
	j.mu.Unlock()
	j.log.Error("journal cannot store this room's edits and gives it up", "room", re.Room, "error", re.Err)
	for _, l := range tell {
		l.listener.Failing(re, time.Now())
	}
	return true
}

// backoff tells the rooms that wait and pauses before the next attempt. It
// returns false when the journal is stopping and its time is over.
func (j *Journal) backoff(attempt int) bool {
	d := min(firstBackoff<<min(attempt, 20), j.opts.MaxBackoff)
	d = d/2 + rand.N(d/2+1)
	stop := j.stop
	select {
	case <-stop:
		d, stop = min(d, 4*firstBackoff), nil
	default:
	}
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		j.tellFailing()
		select {
		case <-t.C:
			return true
		case <-j.wake: // perhaps a room that has not been told
		case <-stop:
			return true // try once more at once
		case <-j.abandoned.Done():
			return false
		}
	}
}

// tellFailing tells every room that has entries waiting, once.
func (j *Journal) tellFailing() {
	var tell []*Log
	j.mu.Lock()
	for i := range j.queue {
		if l := j.queue[i].log; !l.told {
			l.told = true
			if !l.closed {
				tell = append(tell, l)
			}
		}
	}
	err, since := j.lastErr, j.since
	j.mu.Unlock()
	for _, l := range tell {
		l.listener.Failing(err, since)
	}
}

// lagLocked is the age of the oldest entry that is not durable.
func (j *Journal) lagLocked(now time.Time) time.Duration {
	switch {
	case !j.writing.IsZero(): // the queue holds only what came after
		return now.Sub(j.writing)
	case len(j.queue) == 0:
		return 0
	}
	return now.Sub(j.queue[0].at)
}

// Health reports degraded while the disk fails and unhealthy once edits are
// being refused.
func (j *Journal) Health() host.HealthReport {
	s := j.Stats()
	r := host.HealthReport{Details: map[string]any{
		"pendingEntries": s.Pending,
		"pendingBytes":   s.PendingBytes,
		"lagMs":          s.Lag.Milliseconds(),
		"commits":        s.Commits,
		"failures":       s.Failures,
	}}
	if s.LastError == nil {
		return r
	}
	r.Status = host.Degraded
	r.Reasons = append(r.Reasons, fmt.Sprintf("edits cannot be written since %s: %v", s.FailingSince.UTC().Format(time.RFC3339), s.LastError))
	if s.PendingBytes >= j.opts.MaxPending*9/10 {
		r.Status = host.Unhealthy
		r.Reasons = append(r.Reasons, "the memory for unwritten edits is nearly used up; new edits are refused beyond it")
	}
	return r
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

var (
	serverKinds = []kind{wireBytes, noticeBytes, socketReads, socketWrites, fileWrites, fileBytes, syncs, locks}
	ringKinds   = []kind{requests}
)

// An act is something that was done so often between two moments.
type act struct {
	name     string
	times    int
	from, to time.Time
	bytes    map[kind]int64
}

const (
	limitOfActs = 5 * time.Minute // so that a server that hangs is noticed
	idleLength  = 2 * time.Second
	typed       = 100 // letters in the record that is joined later, behind a paragraph and a text
)

// figures adds what the act was to a report.
func (a act) figures(calls []call, kinds []kind, r *report) {
	sum, rest := tally(calls, a.from, a.to)
	for _, k := range kinds {
		n := sum[k]
		if b, ok := a.bytes[k]; ok {
			n = float64(b)
		} else if k == wireBytes || k == noticeBytes {
			continue
		}
		r.counts.set(a.name, k, n/float64(a.times))
	}
	r.notes = append(r.notes, fmt.Sprintf("%s, %d times: %s", a.name, a.times, rest))
}

// perform does everything, in the same order each time. Each act begins after
// one of its kind that is not counted, whose echo stands for that of the last
// one that is.
func (s *server) perform(ctx context.Context) (acts []act, err error) {
	ctx, cancel := context.WithTimeout(ctx, limitOfActs)
	defer cancel()
	var all []*client
	defer func() {
		for _, c := range all {
			c.close()
		}
	}()
	join := func(user, record string, hears bool, letters uint64) (*client, error) {
		c, err := s.join(ctx, user, record, hears, letters)
		if err == nil {
			all = append(all, c)
		}
		return c, err
	}
	come := func(name string, times int, letters uint64, record func(i int) string) error {
		a := act{name: name, times: times, bytes: map[kind]int64{}}
		for i := range times + 1 {
			c, err := join("bob", record(i), false, letters)
			if err != nil {
				return err
			}
			if i == 0 {
				a.from = time.Now()
			} else {
				a.bytes[wireBytes] += c.down.Load()
			}
		}
		a.to = time.Now()
		acts = append(acts, a)
		return nil
	}
	type_ := func(name, record string, readers, times int) error {
		writer, err := join("alice", record, true, 0)
		if err != nil {
			return err
		}
		var others []*client
		for range readers {
			c, err := join("bob", record, false, 0)
			if err != nil {
				return err
			}
			others = append(others, c)
		}
		a, err := s.types(ctx, writer, others, times)
		a.name = name
		acts = append(acts, a)
		return err
	}
	rest(ctx) // in its first second the server looks for the rooms of deleted records
	if err := come("first to open a record", 20, 0, func(i int) string { return fmt.Sprintf("bench-%d", 10+i) }); err != nil {
		return nil, err
	}
	if err := come("join a record nobody edits", 20, 0, func(int) string { return "bench-1" }); err != nil {
		return nil, err
	}
	if err := type_("keystroke, 1 reader", "bench-2", 1, typed); err != nil {
		return nil, err
	}
	if err := come("join an edited record", 20, 2+typed, func(int) string { return "bench-2" }); err != nil {
		return nil, err
	}
	if err := type_("keystroke, 50 readers", "bench-3", 50, 50); err != nil {
		return nil, err
	}
	return append(acts, idle(ctx, len(all))), nil
}

// types sends letters, each when the one before has been seen by everybody and
// is saved.
func (s *server) types(ctx context.Context, writer *client, readers []*client, times int) (act, error) {
	a := act{times: times, bytes: map[kind]int64{}}
	updates, err := letters(times)
	if err != nil {
		return a, err
	}
	count := func(sign int64) {
		a.bytes[noticeBytes] += sign * writer.down.Load()
		for _, c := range readers {
			a.bytes[wireBytes] += sign * c.down.Load()
		}
	}
	const answers = 1 // the answer to the server's step 1 counts among its updates
	for i, u := range updates {
		if err := writer.send(ctx, protocol.AppendUpdate(nil, u)); err != nil {
			return a, err
		}
		if err := writer.wait(ctx, func() bool { return writer.saved >= uint64(i+1+answers) }); err != nil {
			return a, fmt.Errorf("letter %d is not saved: %w", i, err)
		}
		for _, c := range readers {
			if err := c.wait(ctx, func() bool { return c.updates >= i+1 }); err != nil {
				return a, fmt.Errorf("letter %d is not seen: %w", i, err)
			}
		}
		if i == 0 {
			a.from = time.Now()
			count(-1)
		}
	}
	a.to = time.Now()
	count(1)
	return a, nil
}

// idle is a time in which nobody does anything, when what came before is over.
func idle(ctx context.Context, sockets int) act {
	rest(ctx)
	from := time.Now()
	rest(ctx)
	return act{name: fmt.Sprintf("%v with %d idle sockets", idleLength, sockets), times: 1, from: from, to: time.Now()}
}

func rest(ctx context.Context) {
	select {
	case <-time.After(idleLength):
	case <-ctx.Done():
	}
}

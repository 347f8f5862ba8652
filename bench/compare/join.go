package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// join is people who open one document at once.
type join struct {
	document document
	clients  int
	storms   int // how often
}

func (l join) text(short bool) string {
	return fmt.Sprintf("Document: %s. %s connect; then all send sync step 1 with an empty state vector and wait for the whole document. %s a round, each with new clients.",
		l.document.name, plural(l.clients, "client"), plural(sized(short, l.storms), "storm"))
}

func (l join) run(ctx context.Context, j *job) error {
	l.storms = j.size(l.storms)
	state, err := l.document.make()
	if err != nil {
		return err
	}
	s, err := j.start(ctx, servers.Options{Rooms: 2})
	if err != nil {
		return err
	}
	want, holder, err := j.fill(ctx, s, 1, state)
	if err != nil {
		return err
	}
	defer leave([]*load.Client{holder})
	few := join{clients: 2}
	if _, err := few.storm(ctx, s); err != nil { // not counted: caches, a compiler that learns
		return err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return err
	}
	var sum stormResult
	for range l.storms {
		r, err := l.storm(ctx, s)
		j.m.Expected += int64(l.clients)
		if err != nil {
			j.note(err.Error())
			continue
		}
		whole, err := r.check(want)
		if err != nil {
			j.note(err.Error())
		}
		j.m.Delivered += int64(whole)
		j.m.Generator += r.own.Seconds()
		sum.connect, sum.sync, sum.last = sum.connect+r.connect, sum.sync+r.sync, sum.last+r.last
		sum.growth = max(sum.growth, r.growth)
		j.m.Values["document_kb"] = float64(len(r.states[0])) / 1000
	}
	joins := float64(l.storms * l.clients)
	j.m.Values["cpu_ms"] = ms(sum.connect+sum.sync) / joins
	j.m.Values["sync_ms"] = ms(sum.sync) / joins
	j.m.Values["last_ms"] = ms(sum.last) / float64(l.storms)
	j.m.Values["rss_mb"] = float64(sum.growth) / (1 << 20)
	return nil
}

// fill brings a document into a room and returns what newcomers must get of it.
// A small one is not brought to ours: a record has content of that size itself.
func (j *job) fill(ctx context.Context, s *servers.Server, room int, state []byte) (want []load.Range, holder *load.Client, err error) {
	const small = 4096
	if (s.Name == servers.Ours || s.Name == servers.OursMemory) && len(state) < small {
		holder, err = load.Join(ctx, s.Room(room), load.Options{KeepState: true})
		if err != nil {
			return nil, nil, err
		}
		state = holder.State()
	} else if holder, err = bring(ctx, s, room, state); err != nil {
		return nil, nil, err
	}
	want, err = load.AppendRanges(nil, state)
	return want, holder, err
}

// stormResult is what one storm has taken.
type stormResult struct {
	connect, sync time.Duration // CPU time of the server
	last          time.Duration // until the last client had the document
	growth        int64         // of the server's memory, at its highest
	own           time.Duration // CPU time of the generator
	states        [][]byte
}

func (l join) storm(ctx context.Context, s *servers.Server) (r stormResult, err error) {
	rss, err := servers.RSS(s.PID())
	if err := errors.Join(err, servers.ResetPeak(s.PID())); err != nil {
		return r, err
	}
	own := servers.OwnCPU()
	at0, err := servers.CPU(s.PID())
	if err != nil {
		return r, err
	}
	clients := make([]*load.Client, l.clients)
	failed := make([]error, l.clients)
	each := func(f func(i int) error) error {
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() { failed[i] = f(i) })
		}
		all.Wait()
		return errors.Join(failed...)
	}
	defer func() { leave(clients) }()
	if err := each(func(i int) (err error) {
		clients[i], err = load.Connect(ctx, s.Room(1), load.Options{KeepState: true})
		return err
	}); err != nil {
		return r, err
	}
	at1, err := servers.CPU(s.PID())
	if err != nil {
		return r, err
	}
	began := time.Now()
	took := make([]time.Duration, l.clients)
	if err := each(func(i int) (err error) {
		if err := clients[i].Ask(); err != nil {
			return err
		}
		_, err = clients[i].Synced(ctx)
		took[i] = time.Since(began)
		return err
	}); err != nil {
		return r, err
	}
	at2, err := servers.CPU(s.PID())
	if err != nil {
		return r, err
	}
	r.connect, r.sync, r.own = at1-at0, at2-at1, servers.OwnCPU()-own
	for i, c := range clients {
		r.last = max(r.last, took[i])
		r.states = append(r.states, c.State())
	}
	peak, err := servers.PeakRSS(s.PID())
	r.growth = peak - rss
	return r, err
}

// check counts the clients that have got the whole document.
func (r stormResult) check(want []load.Range) (whole int, err error) {
	ok := false
	for i, state := range r.states {
		if i == 0 || !bytes.Equal(state, r.states[i-1]) {
			if ok, err = covers(state, want); err != nil {
				return whole, fmt.Errorf("read what client %d has got: %w", i+1, err)
			}
		}
		if ok {
			whole++
		}
	}
	return whole, nil
}

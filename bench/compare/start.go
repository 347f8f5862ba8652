package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
	"github.com/civicpress/realtimefx/yjs"
)

// start is a morning: the server starts on what it has kept, and the first
// person opens a record. Ours only.
type start struct {
	records int // that have been edited and have a history
	bytes   int // of the record that is opened
	opens   int
}

func (l start) text(short bool) string {
	return fmt.Sprintf("%d records were opened by a client, edited and left, one after the other, so each has its state, its journal and its draft. "+
		"Then civicpress serve is started on them: time until /ready, memory at rest. Then a record of %d MB is opened, %d times, each time after it has been dropped from memory; "+
		"beside it the same bytes decoded in the bench's own process.", sized(short, l.records), l.bytes/1_000_000, l.opens)
}

// history is where the first round puts its records, for the rounds to come.
const history = "history"

func (l start) run(ctx context.Context, j *job) error {
	l.records = j.size(l.records)
	s, err := j.start(ctx, servers.Options{Rooms: l.records, GraceMS: -1, Keep: history})
	if err != nil {
		return err
	}
	if j.round == 1 {
		if err := l.prepare(ctx, s); err != nil {
			return err
		}
	}
	ready, err := j.kit.Restart(ctx, s)
	if err != nil {
		return err
	}
	rss, err := servers.Rest(ctx, s.PID())
	if err != nil {
		return err
	}
	j.m.Values["ready_ms"] = ms(ready)
	j.m.Values["rss_mb"] = float64(rss) / (1 << 20)
	return l.cold(ctx, j, s)
}

// prepare brings the large document into record 1 and edits the others.
func (l start) prepare(ctx context.Context, s *servers.Server) error {
	big, err := page(l.bytes)
	if err != nil {
		return err
	}
	holder, err := bring(ctx, s, 1, big)
	if err != nil {
		return err
	}
	leave([]*load.Client{holder})
	if err := l.history(ctx, s); err != nil {
		return err
	}
	return s.Empty(ctx)
}

// history edits records 2 to the last.
func (l start) history(ctx context.Context, s *servers.Server) error {
	const workers = 8
	failed := make([]error, workers)
	var all sync.WaitGroup
	for part := range workers {
		all.Go(func() {
			for n := 2 + part; n <= l.records && failed[part] == nil; n += workers {
				typing, err := load.Type(uint64(2_000_000+n), 3)
				if err == nil {
					var room *load.Room
					if room, err = load.Open(ctx, s.Room(n), load.Plan{Members: 2, Typing: []*load.Typing{typing}}); err == nil {
						_, err = load.Run(ctx, []*load.Room{room}, load.Pace{To: 3})
						err = errors.Join(err, room.Close())
					}
				}
				if err != nil {
					failed[part] = fmt.Errorf("make history, record %d: %w", n, err)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// cold opens the large record and decodes its state in turns.
func (l start) cold(ctx context.Context, j *job, s *servers.Server) error {
	var opened, decoded []time.Duration
	for range l.opens {
		if err := s.Empty(ctx); err != nil {
			return err
		}
		began := time.Now()
		c, err := load.Join(ctx, s.Room(1), load.Options{KeepState: true})
		if err != nil {
			return err
		}
		opened = append(opened, time.Since(began))
		j.m.Expected++
		j.m.Delivered++
		state := c.State()
		if err := c.Close(); err != nil {
			return err
		}
		runtime.GC() // the bench's own garbage is not part of decoding
		began = time.Now()
		if err := yjs.NewDoc(yjs.Options{}).ApplyUpdate(state, nil); err != nil {
			return err
		}
		decoded = append(decoded, time.Since(began))
	}
	slices.Sort(opened)
	slices.Sort(decoded)
	j.m.Values["open_ms"] = ms(percentile(opened, 50))
	j.m.Values["decode_ms"] = ms(percentile(decoded, 50))
	j.m.Values["open_decode"] = j.m.Values["open_ms"] / j.m.Values["decode_ms"]
	return nil
}

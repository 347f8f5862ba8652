package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// manyRooms is one person in each of many records, who then leaves.
type manyRooms struct {
	rooms   int
	graceMS int // of ours
}

func (l manyRooms) text(short bool) string {
	return fmt.Sprintf("%d rooms with a document of 2 KB (ours: a record of 2 KB as it is) and one client each; then a second client joins each room, to tell the room from the connection; "+
		"then all leave, and one client each comes to as many other records and leaves: what a process has got for a crowd it may keep, what it keeps of each room it may not. "+
		"Ours keeps an empty room for %d ms. Memory at rest, less that before.", sized(short, l.rooms), l.graceMS)
}

func (l manyRooms) run(ctx context.Context, j *job) error {
	l.rooms = j.size(l.rooms)
	state, err := smallDocument.make()
	if err != nil {
		return err
	}
	s, err := j.start(ctx, servers.Options{Rooms: 2 * l.rooms, GraceMS: l.graceMS})
	if err != nil {
		return err
	}
	perRoom := func(before int64) (float64, error) {
		rss, err := servers.Rest(ctx, s.PID())
		return float64(rss-before) / 1024 / float64(l.rooms), err
	}
	before, err := servers.Rest(ctx, s.PID())
	if err != nil {
		return err
	}
	first, err := l.fill(ctx, j, s, 0, state)
	defer func() { leave(first) }()
	if err != nil {
		return err
	}
	one, err := perRoom(before)
	if err != nil {
		return err
	}
	second, err := crowd(ctx, l.rooms, func(i int) load.Target { return s.Room(1 + i) })
	defer func() { leave(second) }()
	if err != nil {
		return err
	}
	two, err := perRoom(before)
	if err != nil {
		return err
	}
	leave(first)
	leave(second)
	first, second = nil, nil
	left, err := l.empty(ctx, perRoom, before)
	if err != nil {
		return err
	}
	others, err := l.fill(ctx, j, s, l.rooms, state)
	leave(others)
	if err != nil {
		return err
	}
	both, err := l.empty(ctx, perRoom, before)
	if err != nil {
		return err
	}
	j.m.Expected, j.m.Delivered = int64(3*l.rooms), int64(3*l.rooms) // each joined, or there was an error
	j.m.Values["kb_room"] = one
	j.m.Values["kb_less"] = one - (two - one)
	j.m.Values["kb_left"] = left
	j.m.Values["kb_more"] = both - left
	return nil
}

// empty waits until rooms that everybody has left are gone.
func (l manyRooms) empty(ctx context.Context, perRoom func(before int64) (float64, error), before int64) (float64, error) {
	select {
	case <-time.After(time.Duration(l.graceMS)*time.Millisecond + time.Second):
		return perRoom(before)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// fill brings the document into all rooms after the first few, and returns a
// client in each.
func (l manyRooms) fill(ctx context.Context, j *job, s *servers.Server, after int, state []byte) ([]*load.Client, error) {
	var mu sync.Mutex // guards what follows
	var clients []*load.Client
	var failed error
	var all sync.WaitGroup
	const workers = 8
	for part := range workers {
		all.Go(func() {
			for i := after + part; i < after+l.rooms; i += workers {
				_, c, err := j.fill(ctx, s, i+1, state)
				if err == nil && c == nil { // a relay
					c, err = load.Join(ctx, s.Room(i+1), load.Options{})
				}
				mu.Lock()
				if err != nil {
					failed = fmt.Errorf("room %d: %w", i+1, err)
				} else {
					clients = append(clients, c)
				}
				enough := failed != nil
				mu.Unlock()
				if enough {
					return
				}
			}
		})
	}
	all.Wait()
	return clients, failed
}

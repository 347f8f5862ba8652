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
	return fmt.Sprintf("%d rooms with a document of 2 KB (ours: a record of 2 KB as it is) and one client each, who then leave; "+
		"then one client each comes to as many other records and leaves: what a process has got for a crowd it may keep, what it keeps of each room it may not. "+
		"In a fresh process a second client joins each room, to tell the room from the connection. "+
		"Ours keeps an empty room for %d ms. Memory at rest, less that before.", sized(short, l.rooms), l.graceMS)
}

func (l manyRooms) run(ctx context.Context, j *job) error {
	l.rooms = j.size(l.rooms)
	state, err := smallDocument.make()
	if err != nil {
		return err
	}
	if err := l.comeAndGo(ctx, j, state); err != nil {
		return err
	}
	if err := j.stop(); err != nil {
		return err
	}
	return l.byTwo(ctx, j, state)
}

// comeAndGo measures rooms with one client, and what is left of them.
func (l manyRooms) comeAndGo(ctx context.Context, j *job, state []byte) error {
	s, perRoom, err := l.start(ctx, j)
	if err != nil {
		return err
	}
	first, err := l.fill(ctx, j, s, 0, state)
	defer func() { leave(first) }()
	if err != nil {
		return err
	}
	if j.m.Values["kb_room"], err = perRoom(); err != nil {
		return err
	}
	leave(first)
	first = nil
	left, err := l.empty(ctx, perRoom)
	if err != nil {
		return err
	}
	others, err := l.fill(ctx, j, s, l.rooms, state)
	leave(others)
	if err != nil {
		return err
	}
	both, err := l.empty(ctx, perRoom)
	j.m.Values["kb_left"], j.m.Values["kb_more"] = left, both-left
	j.m.Expected, j.m.Delivered = int64(2*l.rooms), int64(2*l.rooms) // each joined, or there was an error
	return err
}

// byTwo measures rooms with one client and with two.
func (l manyRooms) byTwo(ctx context.Context, j *job, state []byte) error {
	s, perRoom, err := l.start(ctx, j)
	if err != nil {
		return err
	}
	first, err := l.fill(ctx, j, s, 0, state)
	defer leave(first)
	if err != nil {
		return err
	}
	one, err := perRoom()
	if err != nil {
		return err
	}
	second, err := crowd(ctx, l.rooms, func(i int) load.Target { return s.Room(1 + i) })
	defer leave(second)
	if err != nil {
		return err
	}
	two, err := perRoom()
	j.m.Values["kb_less"] = one - (two - one)
	j.m.Expected += int64(2 * l.rooms)
	j.m.Delivered += int64(2 * l.rooms)
	return err
}

// start starts a server. perRoom tells what it has more at rest than now.
func (l manyRooms) start(ctx context.Context, j *job) (s *servers.Server, perRoom func() (float64, error), err error) {
	if s, err = j.start(ctx, servers.Options{Rooms: 2 * l.rooms, GraceMS: l.graceMS}); err != nil {
		return nil, nil, err
	}
	before, err := servers.Rest(ctx, s.PID())
	return s, func() (float64, error) {
		rss, err := servers.Rest(ctx, s.PID())
		return float64(rss-before) / 1024 / float64(l.rooms), err
	}, err
}

// empty waits until rooms that everybody has left are gone.
func (l manyRooms) empty(ctx context.Context, perRoom func() (float64, error)) (float64, error) {
	select {
	case <-time.After(time.Duration(l.graceMS)*time.Millisecond + time.Second):
		return perRoom()
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

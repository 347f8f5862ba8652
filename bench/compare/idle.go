package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// idle is people who have a record open and do nothing.
type idle struct {
	connections, rooms int
}

func (l idle) text(short bool) string {
	return fmt.Sprintf("%d connections in %d rooms, each with its document; memory is resident memory at rest (see README) less that before.", sized(short, l.connections), sized(short, l.rooms))
}

func (l idle) run(ctx context.Context, j *job) error {
	l.connections, l.rooms = j.size(l.connections), j.size(l.rooms)
	s, err := j.start(ctx, servers.Options{Rooms: l.rooms})
	if err != nil {
		return err
	}
	before, err := servers.Rest(ctx, s.PID())
	if err != nil {
		return err
	}
	clients, err := crowd(ctx, l.connections, func(i int) load.Target { return s.Room(1 + i%l.rooms) })
	defer leave(clients)
	if err != nil {
		return err
	}
	after, err := servers.Rest(ctx, s.PID())
	if err != nil {
		return err
	}
	j.m.Values["kb_conn"] = float64(after-before) / 1024 / float64(l.connections)
	m, err := startMeter(s)
	if err != nil {
		return err
	}
	const watch = 5 * time.Second
	select {
	case <-time.After(watch):
	case <-ctx.Done():
		return ctx.Err()
	}
	cpu, err := m.read(j)
	j.m.Values["cpu_ms_s"] = ms(cpu) / watch.Seconds()
	j.m.Expected = int64(l.connections)
	for _, c := range clients {
		if c.Err() == nil {
			j.m.Delivered++
		}
	}
	return err
}

// atOnce is how many clients connect at the same time.
const atOnce = 32

// crowd joins n clients. On an error it returns those who are there.
func crowd(ctx context.Context, n int, target func(i int) load.Target) ([]*load.Client, error) {
	var mu sync.Mutex // guards what follows
	var clients []*load.Client
	var failed []error
	next := make(chan int)
	var all sync.WaitGroup
	for range min(atOnce, n) {
		all.Go(func() {
			for i := range next {
				c, err := load.Join(ctx, target(i), load.Options{})
				mu.Lock()
				if err != nil {
					failed = append(failed, fmt.Errorf("client %d: %w", i+1, err))
				} else {
					clients = append(clients, c)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		mu.Lock()
		enough := len(failed) > 10
		mu.Unlock()
		if enough {
			break
		}
		next <- i
	}
	close(next)
	all.Wait()
	return clients, errors.Join(failed...)
}

func leave(clients []*load.Client) {
	var all sync.WaitGroup
	for part := range atOnce {
		all.Go(func() {
			for i := part; i < len(clients); i += atOnce {
				if clients[i] != nil {
					_ = clients[i].Close()
				}
			}
		})
	}
	all.Wait()
}

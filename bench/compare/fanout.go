package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// fanout is people who type, and others who read along.
type fanout struct {
	rooms, clients, writers int // clients and writers a room
	updates                 int // letters of each writer
	window                  int // letters of a writer on their way
	rate                    float64
}

func (f fanout) text(short bool) string {
	f.updates = sized(short, f.updates)
	how := fmt.Sprintf("as fast as it goes with at most %d updates of a writer on their way", f.window)
	if f.rate > 0 {
		how = fmt.Sprintf("%g a second", f.rate)
	}
	return fmt.Sprintf("%s of %s; in each %s of %d letters, one update a letter, %s.", plural(f.rooms, "room"), plural(f.clients, "client"), plural(f.writers, "writer"), f.updates, how)
}

func (f fanout) run(ctx context.Context, j *job) error {
	f.updates = j.size(f.updates)
	s, err := j.start(ctx, servers.Options{Rooms: f.rooms})
	if err != nil {
		return err
	}
	warm := min(200, f.updates/4) // not counted: caches, a compiler that learns
	rooms, err := openRooms(ctx, s, f.rooms, f.clients, f.writers, warm+f.updates)
	if err != nil {
		return err
	}
	defer closeRooms(rooms)
	if _, err := load.Run(ctx, rooms, load.Pace{To: warm, Window: 50}); err != nil {
		return err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return err
	}
	m, err := startMeter(s)
	if err != nil {
		return err
	}
	out, err := load.Run(ctx, rooms, load.Pace{From: warm, To: warm + f.updates, Window: f.window, Rate: f.rate})
	if err != nil {
		return err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil { // what it puts off counts
		return err
	}
	cpu, err := m.read(j)
	if err != nil {
		return err
	}
	j.outcome(out)
	if out.Delivered > 0 {
		j.m.Values["cpu_us"] = us(cpu) / float64(out.Delivered)
	}
	if f.rate == 0 && out.Length > 0 {
		j.m.Values["rate"] = float64(out.Delivered) / out.Length.Seconds()
	}
	j.took(out.Took)
	return nil
}

// openRooms opens rooms 1 to n with writers who have their letters ready.
func openRooms(ctx context.Context, s *servers.Server, n, clients, writers, letters int) ([]*load.Room, error) {
	rooms := make([]*load.Room, n)
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			var typing []*load.Typing
			for w := range writers {
				t, err := load.Type(uint64(1_000_000+1000*i+w), letters)
				if err != nil {
					failed[i] = err
					return
				}
				typing = append(typing, t)
			}
			rooms[i], failed[i] = load.Open(ctx, s.Room(i+1), load.Plan{Members: clients, Typing: typing})
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		closeRooms(rooms)
		return nil, err
	}
	return rooms, nil
}

func closeRooms(rooms []*load.Room) {
	for _, r := range rooms {
		if r != nil {
			_ = r.Close() // what went wrong on the way is in the outcome
		}
	}
}

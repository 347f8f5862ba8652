package main

import (
	"context"
	"fmt"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// observers is a council meeting: one types, everybody looks.
type observers struct {
	clients, updates int
	rate             float64
}

func (l observers) text(short bool) string {
	return fmt.Sprintf("%d clients that have said who they are, and one writer with %d letters, %g a second.", l.clients, sized(short, l.updates), l.rate)
}

func (l observers) run(ctx context.Context, j *job) error {
	l.updates = j.size(l.updates)
	s, err := j.start(ctx, servers.Options{Rooms: 1})
	if err != nil {
		return err
	}
	const warm = 10
	typing, err := load.Type(4711, warm+l.updates)
	if err != nil {
		return err
	}
	room, err := load.Open(ctx, s.Room(1), load.Plan{Members: 1 + l.clients, Typing: []*load.Typing{typing}, Presence: true})
	if err != nil {
		return err
	}
	rooms := []*load.Room{room}
	defer closeRooms(rooms)
	if _, err := load.Run(ctx, rooms, load.Pace{To: warm, Rate: l.rate}); err != nil {
		return err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return err
	}
	m, err := startMeter(s)
	if err != nil {
		return err
	}
	out, err := load.Run(ctx, rooms, load.Pace{From: warm, To: warm + l.updates, Rate: l.rate})
	if err != nil {
		return err
	}
	cpu, err := m.read(j)
	if err != nil {
		return err
	}
	j.outcome(out)
	j.took(out.Took)
	if out.Delivered > 0 {
		j.m.Values["cpu_us"] = us(cpu) / float64(out.Delivered)
	}
	return nil
}

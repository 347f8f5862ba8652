package main

import (
	"context"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// cursors is people who move their cursors.
type cursors struct {
	clients, moves int
	rate           float64
}

func (l cursors) text(short bool) string {
	return fmt.Sprintf("%d clients in one room; each moves its cursor %g times a second, %d times. A move is delivered to another client when that knows of it or of a later one of the same cursor.",
		l.clients, l.rate, sized(short, l.moves))
}

func (l cursors) run(ctx context.Context, j *job) error {
	s, err := j.start(ctx, servers.Options{Rooms: 1})
	if err != nil {
		return err
	}
	c, err := load.OpenCursors(ctx, s.Room(1), l.clients, j.size(l.moves))
	if err != nil {
		return err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return err
	}
	m, err := startMeter(s)
	if err != nil {
		return err
	}
	out, err := c.Move(ctx, l.rate, 5*time.Second)
	if err != nil {
		return err
	}
	cpu, err := m.read(j)
	if err != nil {
		return err
	}
	j.outcome(out)
	j.took(c.Took())
	if out.Delivered > 0 {
		j.m.Values["cpu_us"] = us(cpu) / float64(out.Delivered)
	}
	j.m.Values["percent"] = 100 * float64(out.Delivered) / float64(out.Expected)
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// slow is somebody who does not read while others work.
type slow struct {
	readers int
	updates int
	bytes   int // of an update
	rate    float64
}

func (l slow) text(short bool) string {
	n := sized(short, l.updates)
	return fmt.Sprintf("One writer replaces a paragraph of %d KB %g times a second, %d MB in all; %d readers; and, in another run on a fresh process, one more client that reads nothing until the writer is done. "+
		"Memory is the highest during the run less that before. Which of the two runs is first changes with the round.", l.bytes/1000, l.rate, n*l.bytes/1_000_000, l.readers)
}

func (l slow) run(ctx context.Context, j *job) error {
	l.updates = j.size(l.updates)
	const warm = 20
	typing, err := load.Paste(4711, warm+l.updates, l.bytes)
	if err != nil {
		return err
	}
	var both [2]slowResult // without and with a stalled client
	for turn := range both {
		stalled := (turn + j.round + 1) % 2
		if both[stalled], err = l.once(ctx, j, typing, warm, stalled); err != nil {
			return err
		}
		if err := j.stop(); err != nil {
			return err
		}
	}
	without, with := both[0], both[1]
	j.m.Values["rss_mb"] = float64(with.growth-without.growth) / (1 << 20)
	j.m.Values["growth_mb"] = float64(with.growth) / (1 << 20)
	j.m.Values["p99_ms"] = with.p99
	j.m.Values["p99_ratio"] = with.p99 / without.p99
	j.m.Values["lacks"] = float64(with.lacks)
	if with.err != nil {
		j.note(fmt.Sprintf("the stalled client lacks %d of %d updates in the end: %v", with.lacks, l.updates, with.err))
	}
	return nil
}

type slowResult struct {
	growth int64
	p99    float64
	lacks  int64
	err    error
}

func (l slow) once(ctx context.Context, j *job, typing *load.Typing, warm, stalled int) (r slowResult, err error) {
	s, err := j.start(ctx, servers.Options{Rooms: 1})
	if err != nil {
		return r, err
	}
	room, err := load.Open(ctx, s.Room(1), load.Plan{Members: 1 + l.readers + stalled, Typing: []*load.Typing{typing}, Slow: stalled})
	if err != nil {
		return r, err
	}
	defer closeRooms([]*load.Room{room})
	rooms := []*load.Room{room}
	if _, err := load.Run(ctx, rooms, load.Pace{To: warm, Rate: l.rate}); err != nil {
		return r, err
	}
	before, err := servers.Rest(ctx, s.PID())
	if err != nil {
		return r, err
	}
	if err := servers.ResetPeak(s.PID()); err != nil {
		return r, err
	}
	own := servers.OwnCPU()
	out, err := load.Run(ctx, rooms, load.Pace{From: warm, To: warm + l.updates, Rate: l.rate})
	if err != nil {
		return r, err
	}
	j.m.Generator += (servers.OwnCPU() - own).Seconds()
	j.m.Expected += out.Expected
	j.m.Delivered += out.Delivered
	peak, err := servers.PeakRSS(s.PID())
	if err != nil {
		return r, err
	}
	r.growth = peak - before
	if len(out.Took) > 0 {
		r.p99 = ms(percentile(out.Took, 99))
	}
	if stalled > 0 {
		const patience = 60 * time.Second
		if r.lacks = room.Resume(ctx, patience); r.lacks > 0 {
			r.err = fmt.Errorf("nothing more comes: %w", errOr(room.Err(), "its socket is open"))
		}
	}
	return r, nil
}

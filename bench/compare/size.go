package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// sizes is the same typing in documents of several sizes, in one with a long
// history, and among many rooms in which nothing happens. The first document is
// what the others are compared with.
type sizes struct {
	documents []sizedDocument
	idle      int // rooms
	updates   int
}

type sizedDocument struct {
	key   string
	state func() ([]byte, error)
}

func documentOf(key string, bytes int) sizedDocument {
	return sizedDocument{key, sync.OnceValues(func() ([]byte, error) { return page(bytes) })}
}

func (l sizes) text(short bool) string {
	return fmt.Sprintf("One writer types %d letters into a document of each size, the next one when its reader has the last; CPU of the server until it is quiet, by update. "+
		"Then into one that is the result of 260 000 edits, and into one of 1 KB while %d others are open with a client each. The server has one CPU to itself, so that it is not up to the kernel whether the two meet on one. Ours journals every edit, but its snapshots, of the whole document and by the clock, are switched off: the others save nothing.", sized(short, l.updates), sized(short, l.idle))
}

func (l sizes) run(ctx context.Context, j *job) (err error) {
	l.updates, l.idle = j.size(l.updates), j.size(l.idle)
	last := len(l.documents) + 1
	s, err := j.start(ctx, servers.Options{Rooms: last + l.idle, NoSnapshots: true})
	if err != nil {
		return err
	}
	together, err := servers.Apart(s.PID())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, together()) }()
	for i, d := range l.documents {
		took, err := l.one(ctx, j, s, i+1, d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.key, err)
		}
		j.m.Values["us_"+d.key] = took
	}
	first := l.documents[0]
	clients, err := crowd(ctx, l.idle, func(i int) load.Target { return s.Room(last + 1 + i) })
	defer leave(clients)
	if err == nil {
		j.m.Values["us_crowd"], err = l.one(ctx, j, s, last, first)
	}
	if err != nil {
		return fmt.Errorf("among %d rooms: %w", l.idle, err)
	}
	for key, of := range map[string]string{"growth": "us_10mb", "history": "us_b4", "crowd": "us_crowd"} {
		j.m.Values[key] = j.m.Values[of] / j.m.Values["us_"+first.key]
	}
	return nil
}

func (l sizes) one(ctx context.Context, j *job, s *servers.Server, n int, d sizedDocument) (float64, error) {
	state, err := d.state()
	if err != nil {
		return 0, err
	}
	_, holder, err := j.fill(ctx, s, n, state)
	if err != nil {
		return 0, err
	}
	defer leave([]*load.Client{holder})
	const warm = 1000
	typing, err := load.Type(4711, warm+l.updates)
	if err != nil {
		return 0, err
	}
	room, err := load.Open(ctx, s.Room(n), load.Plan{Members: 2, Typing: []*load.Typing{typing}})
	if err != nil {
		return 0, err
	}
	rooms := []*load.Room{room}
	defer closeRooms(rooms)
	if _, err := load.Run(ctx, rooms, load.Pace{To: warm, Window: 1}); err != nil {
		return 0, err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return 0, err
	}
	m, err := startMeter(s)
	if err != nil {
		return 0, err
	}
	out, err := load.Run(ctx, rooms, load.Pace{From: warm, To: warm + l.updates, Window: 1})
	if err != nil {
		return 0, err
	}
	if err := servers.Quiet(ctx, s.PID()); err != nil {
		return 0, err
	}
	cpu, err := m.read(j)
	j.outcome(out)
	return us(cpu) / float64(l.updates), err
}

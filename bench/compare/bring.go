package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/bench/compare/load"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// bring makes a state the document of a room: a client with the right to edit
// sends it as an update, and then newcomers get it. That client is returned; it
// stays, because not every server keeps a document that nobody has open. The
// relays are told by HTTP, and the client is nil.
func bring(ctx context.Context, s *servers.Server, room int, state []byte) (holder *load.Client, err error) {
	if done, err := s.SetBlob(ctx, room, state); done || err != nil {
		return nil, err
	}
	want, err := load.AppendRanges(nil, state)
	if err != nil {
		return nil, err
	}
	c, err := load.Join(ctx, s.Room(room), load.Options{})
	if err != nil {
		return nil, fmt.Errorf("bring the document: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("bring the document: %w", err), c.Err(), c.Close())
		}
	}()
	if err := c.SendUpdate(state); err != nil {
		return nil, err
	}
	for {
		probe, err := load.Join(ctx, s.Room(room), load.Options{KeepState: true})
		if err != nil {
			return nil, err
		}
		got := probe.State()
		if err := probe.Close(); err != nil {
			return nil, err
		}
		there, err := covers(got, want)
		if there || err != nil {
			return c, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("newcomers get %d bytes of %d: %w", len(got), len(state), ctx.Err())
		}
	}
}

// covers tells whether a state holds what was wanted.
func covers(state []byte, want []load.Range) (bool, error) {
	got, err := load.AppendRanges(nil, state)
	if err != nil {
		return false, err
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g load.Range) bool { return g.Client == w.Client && g.From <= w.From && g.To >= w.To }) {
			return false, nil
		}
	}
	return true, nil
}

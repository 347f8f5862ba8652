package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// side is one running server.
type side struct {
	storage string
	cmd     *exec.Cmd

	Realtime string `json:"realtime"`
	Users    map[string]struct {
		Token string `json:"token"`
	} `json:"users"`

	rooms []*room
}

func startSide(ctx context.Context, binary, dir, storage string, rooms int) (*side, error) {
	system := filepath.Join(dir, ".system-data")
	if err := os.MkdirAll(system, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", system, err)
	}
	yml := fmt.Sprintf("realtime:\n  snapshots:\n    storage: %s\n", storage)
	if err := os.WriteFile(filepath.Join(system, "realtime.yml"), []byte(yml), 0o600); err != nil {
		return nil, fmt.Errorf("write realtime.yml: %w", err)
	}
	s := &side{storage: storage}
	s.cmd = exec.Command(binary, "demo", "--json", "--dir", dir, "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0",
		"--unlimited", "--records", fmt.Sprint(rooms))
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start civicpress: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start civicpress: %w", err)
	}
	if err := json.NewDecoder(out).Decode(s); err != nil {
		return nil, errors.Join(fmt.Errorf("read what civicpress demo prints: %w", err), s.stop())
	}
	for i := range rooms {
		r, err := openRoom(ctx, s, fmt.Sprintf("bench-%d", i+1))
		if err != nil {
			return nil, errors.Join(err, s.stop())
		}
		s.rooms = append(s.rooms, r)
	}
	return s, nil
}

func (s *side) stop() error {
	for _, r := range s.rooms {
		r.close()
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop civicpress (%s): %w", s.storage, err)
	}
	return nil
}

// round offers the load for a while, waits until everything is saved and seen,
// and returns how long that took each.
func (s *side) round(ctx context.Context, l load, length time.Duration) (result, error) {
	edits := max(1, int(float64(l.rate)*length.Seconds()))
	began := time.Now()
	failed := make([]error, len(s.rooms))
	var all sync.WaitGroup
	for i, r := range s.rooms {
		all.Go(func() {
			// Edit n of all is due at n/rate; room i has each len(rooms)th.
			for n := i; n < edits; n += len(s.rooms) {
				due := began.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
				select {
				case <-time.After(time.Until(due)):
				case <-ctx.Done():
					failed[i] = ctx.Err()
					return
				}
				if failed[i] = r.edit(ctx); failed[i] != nil {
					return
				}
			}
			failed[i] = r.settled(ctx)
		})
	}
	all.Wait()
	var took result
	for _, r := range s.rooms {
		saved, seen := r.harvest()
		took.saved, took.seen = append(took.saved, saved...), append(took.seen, seen...)
	}
	slices.Sort(took.saved)
	slices.Sort(took.seen)
	return took, errors.Join(failed...)
}

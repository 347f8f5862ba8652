package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// diskAlone appends a page to a file and fsyncs it, every 20 ms as the journal
// commits, and returns how long after it was due each was done: what the
// machine adds whoever asks.
func diskAlone(ctx context.Context, name string, times int) (took delays, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	page := make([]byte, 4096)
	for began, i := time.Now(), 1; i <= times; i++ {
		due := began.Add(time.Duration(i) * 20 * time.Millisecond)
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if _, err := f.Write(page); err != nil {
			return nil, fmt.Errorf("measure the disk: %w", err)
		}
		if err := f.Sync(); err != nil {
			return nil, fmt.Errorf("measure the disk: %w", err)
		}
		took = append(took, time.Since(due))
	}
	slices.Sort(took)
	return took, nil
}

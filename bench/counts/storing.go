package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/records"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

// pause lets other goroutines run.
func pause() { runtime.Gosched() }

// deaf is a store.Listener that does not care.
type deaf struct{}

func (deaf) Durable(uint64)           {}
func (deaf) Failing(error, time.Time) {}
func (deaf) Recovered()               {}

// commit appends updates of one room to a journal on SQLite, as it is by
// default, and waits until they are on the disk.
func commit(ctx context.Context, updates, n int) (func() error, error) {
	made, err := letters(1)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "counts-journal-") // in the folder that the parent removes
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	s, err := sqlite.Open(ctx, sqlite.Options{Core: filepath.Join(dir, "civic.db"), Logger: logger})
	if err != nil {
		return nil, err
	}
	const room = "records:counted"
	if err := s.Create(ctx, room, store.Meta{Lineage: "counted"}, store.Snapshot{Room: room, State: []byte{0, 0}}); err != nil {
		return nil, err
	}
	j := store.NewJournal(s, store.JournalOptions{Logger: logger, CommitInterval: -1})
	if err := j.Start(ctx); err != nil {
		return nil, err
	}
	log, seq := j.Open(room, 0, deaf{}), uint64(0)
	return func() error {
		for range updates {
			seq++
			if err := log.Append(store.Entry{Seq: seq, Update: made[1], Author: 1}); err != nil {
				return err
			}
		}
		return log.Flush(ctx)
	}, nil
}

// writeBack writes a record of 2 KB back to its draft after each letter that
// was typed in it.
func writeBack(ctx context.Context, n int) (func() error, error) {
	core := memhost.New()
	core.PutRecord(host.Record{Fields: host.Fields{ID: "counted", Type: "bylaw", Title: "Counted", Body: string(body(12))}})
	h, err := records.New(records.Deps{Auth: core, Records: core, Drafts: core, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	seed, err := h.Seed(ctx, "counted")
	if err != nil {
		return nil, err
	}
	doc, err := loaded(seed.State)
	if err != nil {
		return nil, err
	}
	updates, err := letters(n)
	if err != nil {
		return nil, err
	}
	states := make([][]byte, len(updates))
	for i, u := range updates {
		if err := doc.ApplyUpdate(u, nil); err != nil {
			return nil, err
		}
		if states[i], err = doc.EncodeStateAsUpdate(nil); err != nil {
			return nil, err
		}
	}
	meta, i := seed.Meta, 0
	announce := func(context.Context, store.Meta) error { return nil }
	return func() error {
		i++
		out, err := h.WriteBack(ctx, store.Capture{Room: "records:counted", State: states[i], Seq: uint64(i), Meta: meta}, announce)
		if err != nil {
			return err
		}
		if !out.Wrote || out.Meta == nil {
			return fmt.Errorf("nothing was written")
		}
		meta = *out.Meta
		return nil
	}, nil
}

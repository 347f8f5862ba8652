package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/civicpress/realtimefx"
	"github.com/civicpress/realtimefx/config"
	"github.com/civicpress/realtimefx/host/instance"
	"github.com/civicpress/realtimefx/realtime/records"
	"github.com/civicpress/realtimefx/realtime/store"
)

// stored is an instance and its realtime data, opened to look at it.
type stored struct {
	in      *instance.Instance
	config  config.Loaded
	store   store.Store
	records *records.Handler
}

// openStored opens the data of an instance without a server. It changes
// nothing there.
func openStored(ctx context.Context, p program, dir string, log *slog.Logger) (*stored, error) {
	in, err := instance.Open(dir, instance.Options{Logger: log, Getenv: p.getenv})
	if err != nil {
		return nil, err
	}
	s := &stored{in: in}
	system := in.Layout().SystemDir
	if s.config, err = config.Load(filepath.Join(system, config.FileName), p.getenv); err != nil {
		return nil, closing(in, err)
	}
	d := realtimefx.Deps{Database: in, SystemDir: system, Logger: log}
	if s.store, err = realtimefx.OpenStore(ctx, d, s.config.Config); err != nil {
		return nil, closing(in, fmt.Errorf("open the realtime data: %w", err))
	}
	if s.records, err = records.New(records.Deps{Auth: in, Records: in, Drafts: in, Logger: log}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stored) close() error { return errors.Join(s.store.Close(), s.in.Close()) }

package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, entries []store.Entry) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	switch {
	case s.b.Room == nil:
		return ErrReadOnly
	case len(entries) == 0:
		return nil
	}
	if err := s.b.Append(ctx, entries); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// trimLater trims the journal after a commit that counts. If the journal is
// apart, a failure is only reported: the next snapshot trims what is left.
func (s *Store) trimLater(ctx context.Context, a *Access, room string, through uint64) error {
	err := a.Journal.Trim(ctx, room, through)
	if err == nil || !a.Apart {
		return err
	}
	if !errors.Is(err, context.Canceled) {
		s.b.Logger.Warn("journal could not be trimmed; tried again with the next snapshot", "room", room, "error", err)
	}
	return nil
}

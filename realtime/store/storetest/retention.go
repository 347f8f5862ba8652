package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

func deletes(b *bench) error {
	if err := b.s.Delete(b.ctx, room); err != nil {
		return fmt.Errorf("delete of an unknown room: %w", err)
	}
	if err := errors.Join(b.create(room), b.create("records:b"), b.append(room, 1, 3), b.append("records:b", 1, 2), b.snapshot(room, 2, 1), b.s.Delete(b.ctx, room)); err != nil {
		return err
	}
	if _, err := b.s.Load(b.ctx, room); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("load after delete: %v, want ErrNoRoom", err)
	}
	if _, err := b.s.Latest(b.ctx, room); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("latest after delete: %v, want ErrNoRoom", err)
	}
	// A commit that was under way may still leave an entry; it must not get
	// into a new room of that name.
	if err := errors.Join(b.append(room, 1, 1), b.reopen(), b.create(room)); err != nil {
		return err
	}
	if err := b.expect(room, want{aux: "seed"}); err != nil {
		return err
	}
	return b.expect("records:b", want{through: 2, aux: "seed"})
}

// A room's entries that a state covered are gone from the store's view before
// they are gone from its files, which another room may keep: a room that is made
// anew under that name must not find them, whatever happens to the process.
func namesake(b *bench) error {
	if err := errors.Join(b.create(room), b.create("records:b"), b.append(room, 1, 4), b.append("records:b", 1, 1), b.snapshot(room, 4, 1), b.snapshot(room, 4, 2)); err != nil {
		return err
	}
	if err := errors.Join(b.s.Delete(b.ctx, room), b.create(room), b.append(room, 1, 2), b.reopen()); err != nil {
		return err
	}
	return b.expect(room, want{through: 2, aux: "seed"})
}

func sweep(b *bench) error {
	old := time.Now().Add(-100 * time.Hour)
	for _, r := range []string{"records:idle", "records:live", "records:new"} {
		if err := errors.Join(b.create(r), b.append(r, 1, 6)); err != nil {
			return err
		}
		for i, seq := range []uint64{2, 4} {
			s := snap(r, seq)
			if r != "records:new" {
				s.CreatedAt = old.Add(time.Duration(i) * time.Hour)
			}
			if _, err := b.s.SaveSnapshot(b.ctx, s, meta(fmt.Sprint("at ", seq))); err != nil {
				return err
			}
		}
	}
	removed, err := b.s.Sweep(b.ctx, 48*time.Hour, func(r string) bool { return r == "records:live" })
	if err != nil {
		return err
	}
	for _, x := range removed {
		if x.Room != "records:idle" || x.Version >= 2 || x.Age < 48*time.Hour {
			return fmt.Errorf("sweep removed %+v", x)
		}
	}
	if len(removed) == 0 {
		return errors.New("sweep removed nothing of records:idle")
	}
	if again, err := b.s.Sweep(b.ctx, 48*time.Hour, func(r string) bool { return r == "records:live" }); err != nil || len(again) > 0 {
		return fmt.Errorf("second sweep removed %+v, %v", again, err)
	}
	if err := b.reopen(); err != nil {
		return err
	}
	for _, r := range []string{"records:idle", "records:live", "records:new"} {
		if err := b.expect(r, want{seq: 4, version: 2, through: 6, aux: "at 4"}); err != nil {
			return err
		}
		if err := b.snapshot(r, 6, 3); err != nil {
			return err
		}
	}
	return nil
}

func names(b *bench) error {
	ids := []string{
		"records:a", "records:A", "records:a ", "records:a.", "records:a/b", "records:a%2Fb", "records:a\\b", "records:../../etc/passwd",
		"records:..", "records:.", "device:a", "records:é", "records:e\u0301", "records:règlement-bruit-2024", "records:a'b\"c;--", "records:con",
		"records:a_b", "records:aXb", "records:a%b", "records:*", "records:" + strings.Repeat("long-", 80),
	}
	for _, id := range ids {
		if err := errors.Join(b.create(id), b.append(id, 1, 2), b.snapshot(id, 1, 1)); err != nil {
			return err
		}
	}
	if err := errors.Join(b.s.Delete(b.ctx, "records:a"), b.reopen()); err != nil {
		return err
	}
	for _, id := range ids[1:] {
		if err := b.expect(id, want{seq: 1, version: 1, through: 2, aux: "at 1"}); err != nil {
			return err
		}
	}
	got, err := b.s.Rooms(b.ctx)
	if err != nil {
		return err
	}
	want := slices.Clone(ids[1:])
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("rooms %q, want %q", got, want)
	}
	return nil
}

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/civicpress/realtimefx/realtime/store"
)

func damagedState(b *bench) error {
	if err := errors.Join(b.create(room), b.create("records:b"), b.append(room, 1, 9), b.snapshot(room, 3, 1), b.snapshot(room, 6, 2)); err != nil {
		return err
	}
	if err := b.damage(room, NewestState, 0); err != nil {
		return err
	}
	if s, err := b.s.Latest(b.ctx, room); err != nil || s.Version != 1 {
		return fmt.Errorf("latest with damaged newest: %+v, %v; want version 1", s, err)
	}
	// The state before and the journal behind it give everything back.
	if err := b.expect(room, want{seq: 3, version: 1, through: 9, aux: "at 6", damaged: true}); err != nil {
		return err
	}
	if err := b.expect("records:b", want{aux: "seed"}); err != nil {
		return fmt.Errorf("another room suffers: %w", err)
	}
	if err := b.append(room, 10, 10); err != nil {
		return err
	}
	// Whether the number of the damaged version is given again is open.
	version, err := b.s.SaveSnapshot(b.ctx, snap(room, 10), meta("at 10"))
	if err != nil || version < 2 {
		return fmt.Errorf("snapshot after damage: version %d, %w", version, err)
	}
	if err := b.reopen(); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 10, version: version, through: 10, aux: "at 10", anyDamag: true}); err != nil {
		return err
	}
	// The seed is a state as well.
	if err := errors.Join(b.append("records:b", 1, 2), b.snapshot("records:b", 2, 1)); err != nil {
		return err
	}
	if err := b.damage("records:b", NewestState, 0); err != nil {
		return err
	}
	return b.expect("records:b", want{through: 2, aux: "at 2", damaged: true})
}

// damagedLarge is damagedState with states that no store can pack, large enough
// that one may treat them otherwise.
func damagedLarge(b *bench) error {
	large := func(seq uint64) store.Snapshot {
		s := snap(room, seq)
		s.State = make([]byte, 200<<10)
		_, _ = rand.NewChaCha8([32]byte{byte(seq)}).Read(s.State)
		return s
	}
	err := b.create(room)
	for _, seq := range []uint64{1, 2} {
		err = errors.Join(err, b.append(room, seq, seq))
		_, saved := b.s.SaveSnapshot(b.ctx, large(seq), meta("large"))
		err = errors.Join(err, saved)
	}
	if err := errors.Join(err, b.reopen(), b.holds(large(2).State, false)); err != nil {
		return err
	}
	if err := b.damage(room, NewestState, 0); err != nil {
		return err
	}
	return b.holds(large(1).State, true)
}

// holds checks the state that is loaded.
func (b *bench) holds(state []byte, damaged bool) error {
	l, err := b.s.Load(b.ctx, room)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(l.Snapshot.State, state):
		return fmt.Errorf("a state of %d bytes is not the one of %d bytes that was saved", len(l.Snapshot.State), len(state))
	case (len(l.Damage) > 0) != damaged:
		return fmt.Errorf("damage %+v, want some: %t", l.Damage, damaged)
	}
	return nil
}

func damagedEntry(b *bench) error {
	if err := errors.Join(b.create(room), b.create("records:b"), b.append(room, 1, 3), b.snapshot(room, 3, 1), b.append(room, 4, 9), b.append("records:b", 1, 4)); err != nil {
		return err
	}
	if err := b.damage(room, JournalEntry, 7); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 3, version: 1, through: 6, aux: "at 3", damaged: true}); err != nil {
		return err
	}
	if err := b.expect("records:b", want{through: 4, aux: "seed"}); err != nil {
		return fmt.Errorf("another room suffers: %w", err)
	}
	// The room goes on under the numbers of what was put aside.
	if err := errors.Join(b.append(room, 7, 8), b.reopen()); err != nil {
		return err
	}
	return b.expect(room, want{seq: 3, version: 1, through: 8, aux: "at 3", anyDamag: true})
}

func damagedMeta(b *bench) error {
	if err := errors.Join(b.create(room), b.append(room, 1, 9), b.snapshot(room, 3, 1), b.snapshot(room, 6, 2)); err != nil {
		return err
	}
	if err := b.damage(room, NewestMeta, 0); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 6, version: 2, through: 9, aux: "", damaged: true}); err != nil {
		return err
	}
	if err := errors.Join(b.s.SaveMeta(b.ctx, room, 9, meta("nine")), b.reopen()); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 6, version: 2, through: 9, aux: "nine", anyDamag: true}); err != nil {
		return err
	}
	// With the state gone too, the one before takes over what there is.
	if err := errors.Join(b.damage(room, NewestMeta, 0), b.damage(room, NewestState, 0)); err != nil {
		return err
	}
	for range 2 {
		if err := b.expect(room, want{seq: 3, version: 1, through: 9, aux: "", anyDamag: true}); err != nil {
			return err
		}
		if err := b.reopen(); err != nil {
			return err
		}
	}
	return nil
}

func damagedMetas(b *bench) error {
	if err := errors.Join(b.create(room), b.append(room, 1, 9), b.snapshot(room, 3, 1), b.snapshot(room, 6, 2)); err != nil {
		return err
	}
	if err := b.damage(room, AllMetas, 0); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 6, version: 2, through: 9, unnamed: true, damaged: true}); err != nil {
		return err
	}
	if err := errors.Join(b.s.SaveMeta(b.ctx, room, 9, meta("nine")), b.reopen()); err != nil {
		return err
	}
	return b.expect(room, want{seq: 6, version: 2, through: 9, aux: "nine", anyDamag: true})
}

func damagedAll(b *bench) error {
	if err := errors.Join(b.create("records:b"), b.append("records:b", 1, 1), b.create(room), b.append(room, 1, 9), b.snapshot(room, 3, 1), b.snapshot(room, 6, 2)); err != nil {
		return err
	}
	if err := b.damage(room, AllStates, 0); err != nil {
		return err
	}
	l, err := b.s.Load(b.ctx, room)
	if !errors.Is(err, store.ErrNoRoom) || l == nil || len(l.Damage) == 0 {
		return fmt.Errorf("load with nothing intact: %+v, %v; want ErrNoRoom and a Loaded that reports the damage", l, err)
	}
	if err := b.create(room); err != nil {
		return fmt.Errorf("after everything was put aside: %w", err)
	}
	if err := b.expect(room, want{aux: "seed", anyDamag: true}); err != nil {
		return err
	}
	if err := errors.Join(b.append(room, 1, 1), b.reopen()); err != nil {
		return err
	}
	return b.expect(room, want{through: 1, aux: "seed", anyDamag: true})
}

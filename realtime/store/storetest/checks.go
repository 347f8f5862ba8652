package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Checks returns the suite.
func Checks() []Check {
	return []Check{
		{Name: "create and load", run: createLoad},
		{Name: "one creator wins", run: createRace},
		{Name: "entries keep order and fields", run: appendLoad},
		{Name: "append is idempotent and exclusive", run: appendTwice},
		{Name: "entries behind a gap are put aside", run: gap},
		{Name: "snapshots supersede entries", run: snapshots},
		{Name: "snapshot ahead of the journal", run: journalLags},
		{Name: "meta goes with the sequence", run: metas},
		{Name: "bytes are not shared", run: aliasing},
		{Name: "latest", run: latest},
		{Name: "delete", run: deletes},
		{Name: "a namesake of a deleted room starts empty", run: namesake},
		{Name: "sweep keeps the newest", run: sweep},
		{Name: "rooms are told apart", run: names},
		{Name: "large and empty values", run: sizes},
		{Name: "an ended context writes nothing", run: contexts},
		{Name: "close", run: closes},
		{Name: "concurrent rooms", run: concurrent},
		{Name: "random runs equal the model", run: model},
		{Name: "damaged newest state loses nothing", NeedsDamage: true, run: damagedState},
		{Name: "damaged large state loses nothing", NeedsDamage: true, run: damagedLarge},
		{Name: "damaged entry leaves the prefix", NeedsDamage: true, run: damagedEntry},
		{Name: "damaged meta is not replaced by an older one", NeedsDamage: true, run: damagedMeta},
		{Name: "without any meta the document stays", NeedsDamage: true, run: damagedMetas},
		{Name: "nothing intact", NeedsDamage: true, run: damagedAll},
	}
}

func createLoad(b *bench) error {
	if _, err := b.s.Load(b.ctx, room); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("load of an unknown room: %v, want ErrNoRoom", err)
	}
	if err := b.create(room); err != nil {
		return err
	}
	for range 2 {
		if err := b.expect(room, want{aux: "seed"}); err != nil {
			return err
		}
		if err := b.s.Create(b.ctx, room, meta("other"), store.Snapshot{State: []byte("other")}); !errors.Is(err, store.ErrRoomExists) {
			return fmt.Errorf("second create: %v, want ErrRoomExists", err)
		}
		if err := b.expect(room, want{aux: "seed"}); err != nil {
			return fmt.Errorf("after second create: %w", err)
		}
		if err := b.reopen(); err != nil {
			return err
		}
	}
	return nil
}

func createRace(b *bench) error {
	const n = 8
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			errs[i] = b.s.Create(b.ctx, room, meta("seed"), store.Snapshot{State: fmt.Append(nil, i)})
		})
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			return fmt.Errorf("creators %d and %d both won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, store.ErrRoomExists):
			return fmt.Errorf("creator %d: %w", i, err)
		}
	}
	if winner < 0 {
		return errors.New("nobody won")
	}
	return b.expect(room, want{aux: "seed", state: fmt.Sprint(winner)})
}

func appendLoad(b *bench) error {
	rooms := []string{room, "records:budget", "records:minutes"}
	for _, r := range rooms {
		if err := b.create(r); err != nil {
			return err
		}
	}
	for seq := uint64(1); seq <= 40; seq += 2 { // batches over all rooms
		var batch []store.Entry
		for _, r := range rooms {
			batch = append(batch, entry(r, seq), entry(r, seq+1))
		}
		if err := b.s.Append(b.ctx, batch); err != nil {
			return err
		}
	}
	for range 2 {
		for _, r := range rooms {
			if err := b.expect(r, want{through: 40, aux: "seed"}); err != nil {
				return err
			}
		}
		if err := b.reopen(); err != nil {
			return err
		}
	}
	return b.s.Append(b.ctx, nil)
}

func appendTwice(b *bench) error {
	if err := errors.Join(b.create(room), b.create("records:b"), b.append(room, 1, 5), b.append(room, 3, 6)); err != nil {
		return err
	}
	foreign := entry(room, 4)
	foreign.Update = []byte("somebody else's")
	err := b.s.Append(b.ctx, []store.Entry{entry("records:b", 1), foreign})
	var re *store.RoomError
	if !errors.Is(err, store.ErrSeqTaken) || !errors.As(err, &re) || re.Room != room {
		return fmt.Errorf("append under a taken number: %v, want a RoomError of %s with ErrSeqTaken", err, room)
	}
	if err := b.expect("records:b", want{aux: "seed"}); err != nil {
		return fmt.Errorf("a refused batch was written in part: %w", err)
	}
	return b.expect(room, want{through: 6, aux: "seed"})
}

func gap(b *bench) error {
	if err := errors.Join(b.create(room), b.append(room, 1, 3), b.append(room, 5, 6)); err != nil {
		return err
	}
	if err := b.expect(room, want{through: 3, aux: "seed", damaged: true}); err != nil {
		return err
	}
	// Put aside means that the numbers are free again, and the old entries
	// do not come back behind new ones.
	mine := entry(room, 4)
	if err := b.s.Append(b.ctx, []store.Entry{mine}); err != nil {
		return err
	}
	if err := b.expect(room, want{through: 4, aux: "seed", anyDamag: true}); err != nil {
		return err
	}
	other := entry(room, 5)
	other.Update = []byte("new five")
	return b.s.Append(b.ctx, []store.Entry{other})
}

func snapshots(b *bench) error {
	if _, err := b.s.SaveSnapshot(b.ctx, snap(room, 1), meta("")); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("snapshot of an unknown room: %v, want ErrNoRoom", err)
	}
	if err := errors.Join(b.create(room), b.append(room, 1, 10), b.snapshot(room, 4, 1)); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 4, version: 1, through: 10, aux: "at 4"}); err != nil {
		return err
	}
	if err := errors.Join(b.snapshot(room, 7, 2), b.append(room, 11, 12), b.snapshot(room, 7, 3), b.reopen()); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 7, version: 3, through: 12, aux: "at 7"}); err != nil {
		return err
	}
	if _, err := b.s.SaveSnapshot(b.ctx, snap(room, 6), meta("old")); !errors.Is(err, store.ErrSeqTaken) {
		return fmt.Errorf("snapshot at 6 after 7: %v, want ErrSeqTaken", err)
	}
	for v := int64(4); v < 9; v++ {
		if err := b.snapshot(room, 12, v); err != nil {
			return err
		}
	}
	return b.expect(room, want{seq: 12, version: 8, through: 12, aux: "at 12"})
}

func journalLags(b *bench) error {
	if err := errors.Join(b.create(room), b.append(room, 1, 3), b.snapshot(room, 5, 1), b.append(room, 4, 7)); err != nil {
		return err
	}
	if err := b.expect(room, want{seq: 5, version: 1, through: 7, aux: "at 5"}); err != nil {
		return err
	}
	// An entry that was never journaled because the snapshot came first.
	if err := errors.Join(b.snapshot(room, 9, 2), b.append(room, 10, 10), b.reopen()); err != nil {
		return err
	}
	return b.expect(room, want{seq: 9, version: 2, through: 10, aux: "at 9"})
}

func metas(b *bench) error {
	if err := b.s.SaveMeta(b.ctx, room, 0, meta("x")); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("meta of an unknown room: %v, want ErrNoRoom", err)
	}
	if err := errors.Join(b.create(room), b.append(room, 1, 2), b.s.SaveMeta(b.ctx, room, 2, meta("two"))); err != nil {
		return err
	}
	if err := b.expect(room, want{through: 2, aux: "two"}); err != nil {
		return err
	}
	m := meta("three")
	three := entry(room, 3)
	three.Meta = &m
	if err := errors.Join(b.s.Append(b.ctx, []store.Entry{three}), b.append(room, 4, 4), b.reopen()); err != nil {
		return err
	}
	if err := b.expect(room, want{through: 4, aux: "three"}); err != nil {
		return err
	}
	if err := b.s.SaveMeta(b.ctx, room, 2, meta("late")); err != nil { // as of 2: entry 3 still wins
		return err
	}
	if err := b.expect(room, want{through: 4, aux: "three"}); err != nil {
		return err
	}
	if err := b.s.SaveMeta(b.ctx, room, 4, meta("four")); err != nil {
		return err
	}
	if err := b.expect(room, want{through: 4, aux: "four"}); err != nil {
		return err
	}
	if err := b.snapshot(room, 4, 1); err != nil {
		return err
	}
	return b.expect(room, want{seq: 4, version: 1, through: 4, aux: "at 4"})
}

func aliasing(b *bench) error {
	seed, vector, aux := []byte("seed of "+room), vectorOf(room, 0), []byte("seed")
	if err := b.s.Create(b.ctx, room, store.Meta{Lineage: "L1", Aux: aux}, store.Snapshot{State: seed, Vector: vector}); err != nil {
		return err
	}
	e := entry(room, 1)
	if err := b.s.Append(b.ctx, []store.Entry{e}); err != nil {
		return err
	}
	clear(seed)
	clear(vector)
	clear(aux)
	clear(e.Update)
	for range 2 {
		if err := b.expect(room, want{through: 1, aux: "seed"}); err != nil {
			return err
		}
		l, err := b.s.Load(b.ctx, room)
		if err != nil {
			return err
		}
		clear(l.Snapshot.State)
		clear(l.Snapshot.Vector)
		clear(l.Meta.Aux)
		clear(l.Entries[0].Update)
	}
	s := snap(room, 1)
	if _, err := b.s.SaveSnapshot(b.ctx, s, meta("at 1")); err != nil {
		return err
	}
	clear(s.State)
	clear(s.Vector)
	got, err := b.s.Latest(b.ctx, room)
	if err != nil {
		return err
	}
	clear(got.State)
	clear(got.Vector)
	return b.expect(room, want{seq: 1, version: 1, through: 1, aux: "at 1"})
}

func latest(b *bench) error {
	if _, err := b.s.Latest(b.ctx, room); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("latest of an unknown room: %v, want ErrNoRoom", err)
	}
	if err := b.create(room); err != nil {
		return err
	}
	s, err := b.s.Latest(b.ctx, room)
	if err != nil || s.Version != 0 || string(s.State) != "seed of "+room {
		return fmt.Errorf("latest of a seeded room: %+v, %v", s, err)
	}
	began := time.Now().Add(-time.Second)
	if err := errors.Join(b.append(room, 1, 5), b.snapshot(room, 2, 1), b.snapshot(room, 4, 2), b.reopen()); err != nil {
		return err
	}
	s, err = b.s.Latest(b.ctx, room)
	if err != nil || s.Version != 2 || s.Seq != 4 || !bytes.Equal(s.State, snap(room, 4).State) || s.CreatedAt.Before(began) || s.Room != room {
		return fmt.Errorf("latest: %+v, %v; want version 2 at 4", s, err)
	}
	return nil
}

func sizes(b *bench) error {
	big := bytes.Repeat([]byte("By-law No. 2024-17 to regulate noise. "), 100_000) // 3.8 MB
	if err := b.s.Create(b.ctx, room, store.Meta{Lineage: "L1"}, store.Snapshot{State: nil}); err != nil {
		return err
	}
	if err := b.expect(room, want{state: "", version: 0}); err == nil {
		return errors.New("the empty seed was replaced by something")
	}
	e1, e2 := entry(room, 1), entry(room, 2)
	e1.Update, e2.Update = big, nil
	if err := errors.Join(b.s.Append(b.ctx, []store.Entry{e1, e2}), b.reopen()); err != nil {
		return err
	}
	l, err := b.s.Load(b.ctx, room)
	if err != nil {
		return err
	}
	if len(l.Entries) != 2 || !bytes.Equal(l.Entries[0].Update, big) || len(l.Entries[1].Update) != 0 || len(l.Snapshot.State) != 0 {
		return fmt.Errorf("large and empty entries: %d entries", len(l.Entries))
	}
	s := snap(room, 2)
	s.State = big
	if _, err := b.s.SaveSnapshot(b.ctx, s, store.Meta{Lineage: "L1", Aux: big}); err != nil {
		return err
	}
	if err := b.reopen(); err != nil {
		return err
	}
	return b.expect(room, want{seq: 2, version: 1, state: string(big), through: 2, aux: string(big)})
}

func contexts(b *bench) error {
	if err := b.create(room); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	_, snapErr := b.s.SaveSnapshot(ctx, snap(room, 0), meta("ended"))
	_, loadErr := b.s.Load(ctx, room)
	for what, err := range map[string]error{
		"append":   b.s.Append(ctx, []store.Entry{entry(room, 1)}),
		"create":   b.s.Create(ctx, "records:b", meta("seed"), store.Snapshot{}),
		"snapshot": snapErr,
		"meta":     b.s.SaveMeta(ctx, room, 0, meta("ended")),
		"delete":   b.s.Delete(ctx, room),
		"load":     loadErr,
	} {
		if err == nil {
			return fmt.Errorf("%s with an ended context returned no error", what)
		}
		if errors.Is(err, store.ErrNoRoom) || errors.Is(err, store.ErrRoomExists) {
			return fmt.Errorf("%s with an ended context answered %v", what, err)
		}
	}
	if _, err := b.s.Load(b.ctx, "records:b"); !errors.Is(err, store.ErrNoRoom) {
		return fmt.Errorf("a room was created with an ended context: %v", err)
	}
	return b.expect(room, want{aux: "seed"})
}

func closes(b *bench) error {
	if err := b.create(room); err != nil {
		return err
	}
	if err := b.s.Close(); err != nil {
		return err
	}
	_, err := b.s.Load(b.ctx, room)
	if !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("load after close: %v, want ErrClosed", err)
	}
	if err := b.s.Append(b.ctx, []store.Entry{entry(room, 1)}); !errors.Is(err, store.ErrClosed) {
		return fmt.Errorf("append after close: %v, want ErrClosed", err)
	}
	if err := b.s.Close(); err != nil {
		return fmt.Errorf("second close: %w", err)
	}
	return nil
}

func concurrent(b *bench) error {
	const rooms, rounds = 4, 12
	errs := make([]error, rooms)
	var wg sync.WaitGroup
	for i := range rooms {
		wg.Go(func() {
			id := fmt.Sprint("records:", i)
			if errs[i] = b.create(id); errs[i] != nil {
				return
			}
			for r := uint64(1); r <= rounds; r++ {
				errs[i] = errors.Join(b.append(id, 2*r-1, 2*r), b.snapshot(id, 2*r-1, int64(r)),
					b.expect(id, want{seq: 2*r - 1, version: int64(r), through: 2 * r, aux: fmt.Sprint("at ", 2*r-1)}))
				if errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/civicpress/realtimefx/realtime/store"
)

// model drives a store with random legal calls and restarts, and compares it
// with what it has to hold.
func model(b *bench) error {
	for seed := range uint64(6) {
		if err := modelRun(b, seed); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	return nil
}

func modelRun(b *bench, seed uint64) error {
	rnd := rand.New(rand.NewPCG(seed, 42))
	type state struct {
		exists  bool
		w       want // what Load shall return
		versons int64
	}
	rooms := map[string]*state{}
	ids := make([]string, 3)
	for i := range ids {
		ids[i] = fmt.Sprintf("records:model-%d-%d", seed, i)
		rooms[ids[i]] = &state{}
	}
	for step := range 60 {
		id := ids[rnd.IntN(len(ids))]
		r := rooms[id]
		var err error
		op := "nothing"
		switch n := rnd.IntN(20); {
		case !r.exists:
			op = "create"
			err = b.create(id)
			*r = state{exists: true, w: want{aux: "seed"}}
		case n < 10:
			op = "append"
			more := uint64(1 + rnd.IntN(3))
			err = b.append(id, r.w.through+1, r.w.through+more)
			r.w.through += more
		case n < 12:
			op = "retry"
			if r.w.through > r.w.seq {
				err = b.append(id, r.w.seq+1, r.w.through)
			}
		case n < 16:
			op = "snapshot"
			seq := r.w.seq + rnd.Uint64N(r.w.through-r.w.seq+1)
			r.versons++
			err = b.snapshot(id, seq, r.versons)
			r.w = want{seq: seq, version: r.versons, through: r.w.through, aux: fmt.Sprint("at ", seq)}
		case n < 17:
			op = "meta"
			r.w.aux = fmt.Sprint("meta ", step)
			err = b.s.SaveMeta(b.ctx, id, r.w.through, meta(r.w.aux))
		case n < 18:
			op = "delete"
			err = b.s.Delete(b.ctx, id)
			*r = state{}
		default:
			op = "reopen"
			err = b.reopen()
		}
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", step, op, err)
		}
		for _, id := range ids {
			if r := rooms[id]; r.exists {
				err = b.expect(id, r.w)
			} else if _, err = b.s.Load(b.ctx, id); errors.Is(err, store.ErrNoRoom) {
				err = nil
			} else {
				err = fmt.Errorf("room that does not exist: %v", err)
			}
			if err != nil {
				return fmt.Errorf("step %d, after %s: %w", step, op, err)
			}
		}
	}
	return nil
}

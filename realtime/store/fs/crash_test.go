package fs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/fs"
)

// promised is what a store has promised about a room by returning nil.
type promised struct {
	created, deleted bool
	// deleting: Delete was called and failed; the room may be there or not.
	creating, deleting bool
	through            uint64 // last entry or snapshot
	offered            uint64 // last that was tried
	meta               string
	metas              []string // that were tried after it
}

// work does everything that changes a store, retrying what fails as journal and
// keeper do, and notes what was promised. It ends early when the machine stops.
func work(s *fs.Store, p map[string]*promised) error {
	ctx := context.Background()
	try := func(call func() error) (err error) {
		for range patience {
			if err = call(); err == nil || errors.Is(err, errCrashed) {
				return err
			}
		}
		return err
	}
	a, b := "records:a", "records:b"
	for _, room := range []string{a, b} {
		q := &promised{creating: true, metas: []string{"seed"}}
		p[room] = q
		if err := try(func() error {
			err := s.Create(ctx, room, store.Meta{Lineage: "L", Aux: []byte("seed")}, store.Snapshot{State: []byte("seed")})
			if errors.Is(err, store.ErrRoomExists) { // of the try before
				err = nil
			}
			return err
		}); err != nil {
			return err
		}
		q.created, q.meta = true, "seed"
	}
	for round := uint64(0); round < 4; round++ {
		var es []store.Entry
		for _, room := range []string{a, b} {
			if p[room].deleted || p[room].deleting {
				continue
			}
			for k := uint64(1); k <= 3; k++ {
				seq := round*3 + k
				es = append(es, store.Entry{Room: room, Seq: seq, Update: fmt.Appendf(nil, "%s %d", room, seq), At: epoch})
				p[room].offered = seq
			}
		}
		if err := try(func() error { return s.Append(ctx, es) }); err != nil {
			return err
		}
		for _, e := range es {
			p[e.Room].through = e.Seq
		}
		q := p[a]
		seq, aux := round*3+2, fmt.Sprint("meta ", round)
		q.metas = append(q.metas, aux)
		if err := try(func() error {
			_, err := s.SaveSnapshot(ctx, store.Snapshot{Room: a, Seq: seq, State: fmt.Appendf(nil, "state %d", seq)}, store.Meta{Lineage: "L", Aux: []byte(aux)})
			return err
		}); err != nil {
			return err
		}
		q.meta, q.metas = aux, nil
		if round == 1 {
			q.metas = append(q.metas, "saved")
			if err := try(func() error { return s.SaveMeta(ctx, a, seq, store.Meta{Lineage: "L", Aux: []byte("saved")}) }); err != nil {
				return err
			}
			q.meta, q.metas = "saved", nil
		}
		if round == 2 {
			p[b].deleting = true
			if err := try(func() error { return s.Delete(ctx, b) }); err != nil {
				return err
			}
			p[b].deleted = true
		}
	}
	return nil
}

// holds checks the promises on a store.
func holds(s *fs.Store, p map[string]*promised) error {
	for room, q := range p {
		l, err := s.Load(context.Background(), room)
		switch {
		case errors.Is(err, store.ErrNoRoom):
			if q.created && !q.deleting {
				return fmt.Errorf("%s is gone", room)
			}
			continue
		case err != nil:
			return err
		case q.deleted:
			return fmt.Errorf("%s was deleted and is there", room)
		}
		if n := l.LastSeq(); n < q.through || n > max(q.offered, q.through) {
			return fmt.Errorf("%s is there through %d; promised %d, offered %d", room, n, q.through, q.offered)
		}
		want := "seed"
		if l.Snapshot.Seq > 0 {
			want = fmt.Sprintf("state %d", l.Snapshot.Seq)
		}
		if string(l.Snapshot.State) != want {
			return fmt.Errorf("%s: state %q, want %q", room, l.Snapshot.State, want)
		}
		for i, e := range l.Entries {
			if e.Seq != l.Snapshot.Seq+1+uint64(i) || string(e.Update) != fmt.Sprintf("%s %d", room, e.Seq) {
				return fmt.Errorf("%s: entry %d is %q", room, e.Seq, e.Update)
			}
		}
		known := string(l.Meta.Aux) == q.meta
		for _, m := range q.metas {
			known = known || string(l.Meta.Aux) == m
		}
		if !known {
			return fmt.Errorf("%s: meta %q, promised %q", room, l.Meta.Aux, q.meta)
		}
	}
	return nil
}

// TestEveryFault lets each file operation of a run fail in each way, alone and
// with the one or two after it, so that what clears up after a failure fails as
// well; it also stops the machine at each. Then it looks whether what was
// promised is there.
func TestEveryFault(t *testing.T) {
	run := func(at, span int, kind fault, seed uint64) (ops int, err error) { // ops of the work itself
		disk := newFaulty(seed)
		disk.at, disk.span, disk.fault = at, span, kind
		p := map[string]*promised{}
		o := fs.Options{Dir: "/town", OS: disk, SegmentBytes: 400, Logger: quiet}
		s, err := fs.Open(context.Background(), o)
		if err == nil {
			err = work(s, p)
			ops = disk.ops
			if err == nil {
				disk.at = 0 // the disk is well again
				err = holds(s, p)
			}
		}
		if kind != crash && err != nil && len(p) > 0 { // a fault that passes is survived
			return ops, fmt.Errorf("operation %q fails: %w", disk.names[at-1], err)
		}
		op := "the end"
		if at > 0 && at <= len(disk.names) {
			op = disk.names[at-1]
		}
		o.OS = disk.restart() // also after a single fault
		again, err := fs.Open(context.Background(), o)
		if err != nil {
			return ops, fmt.Errorf("open after %q: %w", op, err)
		}
		if err := holds(again, p); err != nil {
			return ops, fmt.Errorf("after %q: %w", op, err)
		}
		return ops, nil
	}
	total, err := run(0, 0, crash, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations", total)
	count := map[string]any{"run": "each file operation of the file store fails in each way"}
	runs, failed := 0, 0
	defer func() {
		count["kills"], count["lost"], count["failed"] = runs, failed, t.Failed()
		count["comment"] = fmt.Sprintf("crash, EIO, ENOSPC and short write at each of %d operations", total)
		report(t, count)
	}()
	for kind, name := range map[fault]string{crash: "crash", ioError: "I/O error", full: "full", short: "short write"} {
		for at := 1; at <= total; at++ {
			for seed := range uint64(3) {
				runs++
				if _, err := run(at, int(seed), kind, seed); err != nil {
					failed++
					t.Errorf("%s at %d and %d more, seed %d: %v", name, at, seed, seed, err)
					break
				}
			}
		}
	}
}

// report adds a row to the file that CRASH_REPORT names, for scripts/crashtable.
func report(t *testing.T, row map[string]any) {
	t.Helper()
	name := os.Getenv("CRASH_REPORT")
	if name == "" {
		return
	}
	b, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}

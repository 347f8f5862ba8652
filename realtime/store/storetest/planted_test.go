package storetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/realtime/store/storetest"
)

// bad is a memory store with one planted fault. Each field, if set, replaces
// or corrupts one method.
type bad struct {
	*mem.Store
	create   func(s *mem.Store, room string, m store.Meta, seed store.Snapshot) error
	load     func(l *store.Loaded)
	append   func(s *mem.Store, es []store.Entry) error
	snapshot func(s *mem.Store, snap store.Snapshot, m store.Meta) (int64, error)
	saveMeta func(s *mem.Store, room string, seq uint64, m store.Meta) error
	latest   func(s *store.Snapshot)
	sweep    func(s *mem.Store, ttl time.Duration) ([]store.Expired, error)
	delete   func(s *mem.Store, room string) error
	rooms    func(ids []string) []string
	loadErr  func(err error) error
	close    func(s *mem.Store) error
}

var bg = context.Background()

func (b *bad) Create(ctx context.Context, room string, m store.Meta, seed store.Snapshot) error {
	if b.create != nil && ctx.Err() == nil {
		return b.create(b.Store, room, m, seed)
	}
	return b.Store.Create(ctx, room, m, seed)
}

func (b *bad) Load(ctx context.Context, room string) (*store.Loaded, error) {
	l, err := b.Store.Load(ctx, room)
	if err != nil && b.loadErr != nil {
		return l, b.loadErr(err)
	}
	if err == nil && b.load != nil {
		b.load(l)
	}
	return l, err
}

func (b *bad) Append(ctx context.Context, es []store.Entry) error {
	if b.append != nil {
		return b.append(b.Store, es)
	}
	return b.Store.Append(ctx, es)
}

func (b *bad) SaveSnapshot(ctx context.Context, snap store.Snapshot, m store.Meta) (int64, error) {
	if b.snapshot != nil && ctx.Err() == nil {
		return b.snapshot(b.Store, snap, m)
	}
	return b.Store.SaveSnapshot(ctx, snap, m)
}

func (b *bad) SaveMeta(ctx context.Context, room string, seq uint64, m store.Meta) error {
	if b.saveMeta != nil && ctx.Err() == nil {
		return b.saveMeta(b.Store, room, seq, m)
	}
	return b.Store.SaveMeta(ctx, room, seq, m)
}

func (b *bad) Latest(ctx context.Context, room string) (*store.Snapshot, error) {
	s, err := b.Store.Latest(ctx, room)
	if err == nil && b.latest != nil {
		b.latest(s)
	}
	return s, err
}

func (b *bad) Sweep(ctx context.Context, ttl time.Duration, active func(string) bool) ([]store.Expired, error) {
	if b.sweep != nil {
		return b.sweep(b.Store, ttl)
	}
	return b.Store.Sweep(ctx, ttl, active)
}

func (b *bad) Delete(ctx context.Context, room string) error {
	if b.delete != nil && ctx.Err() == nil {
		return b.delete(b.Store, room)
	}
	return b.Store.Delete(ctx, room)
}

func (b *bad) Rooms(ctx context.Context) ([]string, error) {
	ids, err := b.Store.Rooms(ctx)
	if b.rooms != nil {
		ids = b.rooms(ids)
	}
	return ids, err
}

func (b *bad) Close() error {
	if b.close != nil {
		return b.close(b.Store)
	}
	return b.Store.Close()
}

// planted maps a fault to a store that has it and otherwise works.
var planted = map[string]bad{
	"create overwrites an existing room": {create: func(s *mem.Store, room string, m store.Meta, seed store.Snapshot) error {
		if err := s.Create(bg, room, m, seed); errors.Is(err, store.ErrRoomExists) {
			_ = s.Delete(bg, room)
			return s.Create(bg, room, m, seed)
		}
		return nil
	}},
	"create loses the meta": {create: func(s *mem.Store, room string, _ store.Meta, seed store.Snapshot) error {
		return s.Create(bg, room, store.Meta{}, seed)
	}},
	"unknown room loads empty": {loadErr: func(err error) error { return nil }},
	"load loses the last entry": {load: func(l *store.Loaded) {
		if n := len(l.Entries); n > 0 {
			l.Entries = l.Entries[:n-1]
		}
	}},
	"load returns the vector of an older state": {load: func(l *store.Loaded) {
		if l.Snapshot.Seq > 0 {
			l.Snapshot.Vector = []byte("of an older one")
		}
	}},
	"load swaps entries": {load: func(l *store.Loaded) {
		if n := len(l.Entries); n > 1 {
			l.Entries[0], l.Entries[1] = l.Entries[1], l.Entries[0]
		}
	}},
	"load forgets authors": {load: func(l *store.Loaded) {
		for i := range l.Entries {
			l.Entries[i].Author = 0
		}
	}},
	"append drops the last of a batch": {append: func(s *mem.Store, es []store.Entry) error {
		if len(es) > 1 {
			es = es[:len(es)-1]
		}
		return s.Append(bg, es)
	}},
	"append stops at an error but keeps what came before": {append: func(s *mem.Store, es []store.Entry) error {
		for _, e := range es {
			if err := s.Append(bg, []store.Entry{e}); err != nil {
				return err
			}
		}
		return nil
	}},
	"append refuses a retry": {append: func(s *mem.Store, es []store.Entry) error {
		for _, e := range es {
			if l, err := s.Load(bg, e.Room); err == nil && e.Seq <= l.LastSeq() {
				return &store.RoomError{Room: e.Room, Err: store.ErrSeqTaken}
			}
		}
		return s.Append(bg, es)
	}},
	"append ignores a taken number": {append: func(s *mem.Store, es []store.Entry) error {
		if err := s.Append(bg, es); !errors.Is(err, store.ErrSeqTaken) {
			return err
		}
		return nil
	}},
	"append ignores the context": {append: func(s *mem.Store, es []store.Entry) error { return s.Append(bg, es) }},
	"append loses meta of entries": {append: func(s *mem.Store, es []store.Entry) error {
		for i := range es {
			es[i].Meta = nil
		}
		return s.Append(bg, es)
	}},
	"snapshot goes backwards": {snapshot: func(s *mem.Store, snap store.Snapshot, m store.Meta) (int64, error) {
		v, err := s.SaveSnapshot(bg, snap, m)
		if errors.Is(err, store.ErrSeqTaken) {
			return 0, nil
		}
		return v, err
	}},
	"snapshot is not stored": {snapshot: func(s *mem.Store, snap store.Snapshot, m store.Meta) (int64, error) { return 1, nil }},
	"snapshot trims the whole journal": {snapshot: func(s *mem.Store, snap store.Snapshot, m store.Meta) (int64, error) {
		l, err := s.Load(bg, snap.Room)
		if err != nil {
			return 0, err
		}
		snap.Seq = l.LastSeq()
		return s.SaveSnapshot(bg, snap, m)
	}},
	"snapshot loses its meta": {snapshot: func(s *mem.Store, snap store.Snapshot, m store.Meta) (int64, error) {
		return s.SaveSnapshot(bg, snap, store.Meta{Lineage: m.Lineage})
	}},
	"late meta wins over an entry's": {saveMeta: func(s *mem.Store, room string, _ uint64, m store.Meta) error {
		return s.SaveMeta(bg, room, 1<<40, m)
	}},
	"latest has the wrong version": {latest: func(s *store.Snapshot) { s.Version++ }},
	"sweep ignores who is active": {sweep: func(s *mem.Store, ttl time.Duration) ([]store.Expired, error) {
		return s.Sweep(bg, ttl, func(string) bool { return false })
	}},
	"sweep takes the newest": {sweep: func(s *mem.Store, ttl time.Duration) ([]store.Expired, error) {
		x, err := s.Sweep(bg, ttl, func(r string) bool { return r == "records:live" })
		_ = s.Delete(bg, "records:idle")
		return x, err
	}},
	"sweep does nothing":  {sweep: func(*mem.Store, time.Duration) ([]store.Expired, error) { return nil, nil }},
	"delete does nothing": {delete: func(*mem.Store, string) error { return nil }},
	"delete removes everything": {delete: func(s *mem.Store, room string) error {
		ids, err := s.Rooms(bg)
		for _, id := range ids {
			err = errors.Join(err, s.Delete(bg, id))
		}
		return err
	}},
	"rooms forgets one":    {rooms: func(ids []string) []string { return ids[:max(0, len(ids)-1)] }},
	"close does not close": {close: func(*mem.Store) error { return nil }},
	"damage is invented": {load: func(l *store.Loaded) {
		l.Damage = append(l.Damage, store.Damage{Room: l.Snapshot.Room, What: "x", Reason: "y"})
	}},
}

// TestPlantedFaults checks that the suite finds each fault, and that it finds
// none without one.
func TestPlantedFaults(t *testing.T) {
	run := func(b bad) (failed []string) {
		for _, c := range storetest.Checks() {
			if c.NeedsDamage {
				continue
			}
			disk := mem.New()
			err := c.Run(t.Context(), storetest.Harness{Open: func() (store.Store, error) {
				b := b
				b.Store = disk.Reopen()
				return &b, nil
			}})
			if err != nil {
				failed = append(failed, c.Name)
			}
		}
		return failed
	}
	if failed := run(bad{}); len(failed) > 0 {
		t.Fatalf("without a fault these checks fail: %q", failed)
	}
	for name, b := range planted {
		if failed := run(b); len(failed) == 0 {
			t.Errorf("the suite does not notice: %s", name)
		} else {
			t.Logf("%s: found by %q", name, failed)
		}
	}
}

// TestPlantedLossOnRestart checks the one promise that matters most: a store
// that forgets at a restart is found.
func TestPlantedLossOnRestart(t *testing.T) {
	found := 0
	for _, c := range storetest.Checks() {
		if c.NeedsDamage {
			continue
		}
		if c.Run(t.Context(), storetest.Harness{Open: func() (store.Store, error) { return mem.New(), nil }}) != nil {
			found++
		}
	}
	if found < 5 {
		t.Errorf("only %d checks notice a store that forgets everything at a restart", found)
	}
}

// TestPlantedDamage checks that a store that neither notices nor reports
// damage is found: the memory store does not look at a file, so whatever
// Damage says, it loads on happily.
func TestPlantedDamage(t *testing.T) {
	for _, c := range storetest.Checks() {
		if !c.NeedsDamage {
			continue
		}
		disk := mem.New()
		err := c.Run(t.Context(), storetest.Harness{
			Open:   func() (store.Store, error) { return disk.Reopen(), nil },
			Damage: func(string, storetest.Target, uint64) error { return nil },
		})
		if err == nil {
			t.Errorf("check %q passes a store that does not notice damage", c.Name)
		}
	}
}

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Harness is one fresh place for data.
type Harness struct {
	// Open opens the store on the data; it is called again after Close, as
	// after a restart.
	Open func() (store.Store, error)
	// Damage flips bits in the stored data of a room while the store is
	// closed. nil for stores that cannot be damaged.
	Damage func(room string, target Target, seq uint64) error
}

// Target is what Damage hits.
type Target int

// The targets.
const (
	NewestState Target = iota // the newest snapshot or seed
	AllStates
	JournalEntry // the entry with the sequence number
	NewestMeta   // the meta that was saved last
	AllMetas
)

// Check is one rule of the port.
type Check struct {
	Name string
	// NeedsDamage: the check needs Harness.Damage.
	NeedsDamage bool
	run         func(*bench) error
}

// Run runs the check on a fresh harness. A panic is a failure.
func (c Check) Run(ctx context.Context, h Harness) (err error) {
	b := &bench{ctx: ctx, h: h}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if b.s != nil {
			err = errors.Join(err, b.s.Close())
		}
	}()
	if err := b.reopen(); err != nil {
		return err
	}
	return c.run(b)
}

// Run runs all checks as subtests, each on a fresh harness.
func Run(t *testing.T, fresh func(t *testing.T) Harness) {
	for _, c := range Checks() {
		t.Run(c.Name, func(t *testing.T) {
			h := fresh(t)
			if c.NeedsDamage && h.Damage == nil {
				t.Skip("this store cannot be damaged")
			}
			if err := c.Run(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
	}
}

// bench is an open store with helpers.
type bench struct {
	ctx context.Context
	h   Harness
	s   store.Store
}

// reopen closes and opens the store.
func (b *bench) reopen() error {
	if b.s != nil {
		s := b.s
		b.s = nil
		if err := s.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
	}
	s, err := b.h.Open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	b.s = s
	return nil
}

// damage closes the store, damages it, and opens it again.
func (b *bench) damage(room string, target Target, seq uint64) error {
	s := b.s
	b.s = nil
	if err := s.Close(); err != nil {
		return err
	}
	if err := b.h.Damage(room, target, seq); err != nil {
		return fmt.Errorf("damage: %w", err)
	}
	return b.reopen()
}

const room = "records:noise-bylaw"

// create makes a room with a recognisable seed.
func (b *bench) create(room string) error {
	err := b.s.Create(b.ctx, room, meta("seed"), store.Snapshot{State: []byte("seed of " + room), Vector: vectorOf(room, 0)})
	if err != nil {
		return fmt.Errorf("create %s: %w", room, err)
	}
	return nil
}

// append appends entries from..to to a room.
func (b *bench) append(room string, from, to uint64) error {
	var es []store.Entry
	for seq := from; seq <= to; seq++ {
		es = append(es, entry(room, seq))
	}
	if err := b.s.Append(b.ctx, es); err != nil {
		return fmt.Errorf("append %s %d to %d: %w", room, from, to, err)
	}
	return nil
}

// snapshot saves a snapshot of a room.
func (b *bench) snapshot(room string, seq uint64, version int64) error {
	got, err := b.s.SaveSnapshot(b.ctx, snap(room, seq), meta(fmt.Sprint("at ", seq)))
	if err != nil {
		return fmt.Errorf("save snapshot of %s at %d: %w", room, seq, err)
	}
	if got != version {
		return fmt.Errorf("snapshot of %s at %d has version %d, want %d", room, seq, got, version)
	}
	return nil
}

func meta(aux string) store.Meta { return store.Meta{Lineage: "L1", Aux: []byte(aux)} }

// vectorOf is the state vector of the snapshot at seq.
func vectorOf(room string, seq uint64) []byte {
	return fmt.Appendf(nil, "vector of %s at %d", room, seq)
}

func snap(room string, seq uint64) store.Snapshot {
	return store.Snapshot{Room: room, Seq: seq, State: fmt.Appendf(nil, "state of %s at %d", room, seq), Vector: vectorOf(room, seq), CreatedAt: time.Now()}
}

func entry(room string, seq uint64) store.Entry {
	return store.Entry{
		Room: room, Seq: seq, Update: fmt.Appendf(nil, "update %d of %s", seq, room),
		Author: int64(seq) * 3, At: time.UnixMilli(1_700_000_000_000 + int64(seq)),
	}
}

// want is what Load shall return.
type want struct {
	seq      uint64 // of the snapshot
	state    string // "" = as snap makes it, or the seed at 0
	version  int64
	through  uint64 // entries from seq+1 to through
	aux      string
	unnamed  bool // the lineage is lost with all metas
	damaged  bool // some Damage must be reported
	anyDamag bool // Damage may be reported
}

// expect loads a room and compares.
func (b *bench) expect(room string, w want) error {
	l, err := b.s.Load(b.ctx, room)
	if err != nil {
		return fmt.Errorf("load %s: %w", room, err)
	}
	if l.Snapshot == nil {
		return fmt.Errorf("load %s: no snapshot", room)
	}
	state := w.state
	if state == "" {
		state = string(snap(room, w.seq).State)
		if w.version == 0 {
			state = "seed of " + room
		}
	}
	if s := l.Snapshot; s.Seq != w.seq || s.Version != w.version || string(s.State) != state || s.Room != room {
		return fmt.Errorf("load %s: snapshot %q of %q at %d, version %d; want %q at %d, version %d", room, s.State, s.Room, s.Seq, s.Version, state, w.seq, w.version)
	}
	// A store need not keep the vector, but it must be that of the state.
	if v := l.Snapshot.Vector; v != nil && !bytes.Equal(v, vectorOf(room, w.seq)) {
		return fmt.Errorf("load %s: the vector is %q, want none or %q", room, v, vectorOf(room, w.seq))
	}
	if l.Snapshot.CreatedAt.IsZero() {
		return fmt.Errorf("load %s: snapshot without time", room)
	}
	lineage := "L1"
	if w.unnamed {
		lineage = ""
	}
	if l.Meta.Lineage != lineage || string(l.Meta.Aux) != w.aux {
		return fmt.Errorf("load %s: meta %q %q, want %q %q", room, l.Meta.Lineage, l.Meta.Aux, lineage, w.aux)
	}
	if n := int(w.through) - int(w.seq); len(l.Entries) != n {
		return fmt.Errorf("load %s: %d entries after %d, want %d", room, len(l.Entries), w.seq, n)
	}
	if l.LastSeq() != w.through {
		return fmt.Errorf("load %s: last seq %d, want %d", room, l.LastSeq(), w.through)
	}
	for i, got := range l.Entries {
		if err := sameEntry(got, entry(room, w.seq+1+uint64(i))); err != nil {
			return fmt.Errorf("load %s: %w", room, err)
		}
	}
	if w.damaged && len(l.Damage) == 0 {
		return fmt.Errorf("load %s: damage is not reported", room)
	}
	if !w.damaged && !w.anyDamag && len(l.Damage) > 0 {
		return fmt.Errorf("load %s: damage %v reported, but there is none", room, l.Damage)
	}
	for _, d := range l.Damage {
		if d.Room != room || d.What == "" || d.Reason == "" {
			return fmt.Errorf("load %s: damage report lacks something: %+v", room, d)
		}
	}
	return nil
}

func sameEntry(got, want store.Entry) error {
	if got.Room != want.Room || got.Seq != want.Seq || !bytes.Equal(got.Update, want.Update) || got.Author != want.Author || !got.At.Equal(want.At) {
		return fmt.Errorf("entry %+v, want %+v", got, want)
	}
	return nil
}

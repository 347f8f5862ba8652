package room

import (
	"context"
	"testing"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// seeded is a room type whose documents tell the seed they grew from.
type seeded struct{ plain }

func (*seeded) Foreign(store.Meta, yjs.StateVector) bool { return false }

func (*seeded) Lineage(sv yjs.StateVector) string {
	if sv[7] > 0 { // the client of plain's seed
		return "seven"
	}
	return ""
}

// forgetful is a store in which every meta was damaged.
type forgetful struct{ store.Store }

func (f forgetful) Load(ctx context.Context, room string) (*store.Loaded, error) {
	l, err := f.Store.Load(ctx, room)
	if l != nil {
		l.Meta = store.Meta{}
	}
	return l, err
}

// The document tells a lineage that the store has lost, asleep or with edits
// behind the last snapshot.
func TestTheDocumentTellsALostLineage(t *testing.T) {
	for name, edits := range map[string]int{"asleep": 0, "edited": 2} {
		t.Run(name, func(t *testing.T) {
			m := newManager(t, Options{}, &seeded{plain{kind: "records"}})
			seed, err := m.handlers["records"].Seed(t.Context(), "x")
			check(t, err)
			check(t, m.deps.Store.Create(t.Context(), "records:x", store.Meta{Lineage: "seven"}, store.Snapshot{State: seed.State}))
			for i, u := range newTypist(11).types(edits) {
				check(t, m.deps.Store.Append(t.Context(), []store.Entry{{Room: "records:x", Seq: uint64(i + 1), Update: u}}))
			}
			m.deps.Store = forgetful{m.deps.Store}
			m.join(t, "x", 1)
			if c := mustCapture(t, mustRoom(t, m, "x")); c.Meta.Lineage != "seven" {
				t.Errorf("lineage %q", c.Meta.Lineage)
			}
		})
	}
}

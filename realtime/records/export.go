package records

import (
	"context"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Exported is a record's document as it is stored.
type Exported struct {
	Markdown []byte
	State    []byte // Yjs update V1 of the full state
	Seq      uint64 // last edit in it
	Lineage  string
	Damage   []store.Damage
	// Stored is false if the record was never opened for editing: then the
	// Markdown is its draft or file, and the state is what it would start
	// from.
	Stored bool
}

// Export reads a record's document without a server; of a deleted record the
// one that was put away last. room.ErrRoomNotFound if there is none.
func (h *Handler) Export(ctx context.Context, s store.Store, id string) (*Exported, error) {
	p, ok := s.(store.Peeker)
	if !ok {
		return nil, fmt.Errorf("export %s: %w", id, errors.ErrUnsupported)
	}
	full := RoomType + ":" + id
	l, err := p.Peek(ctx, full)
	if !errors.Is(err, store.ErrNoRoom) {
		return h.exportLoaded(ctx, id, l, err)
	}
	out := &Exported{}
	if l != nil {
		out.Damage = l.Damage
	}
	seed, err := h.Seed(ctx, id)
	if errors.Is(err, room.ErrRoomNotFound) {
		ids, listErr := s.Rooms(ctx)
		if kept := room.LatestDeleted(ids, full); kept != "" {
			l, err := p.Peek(ctx, kept)
			return h.exportLoaded(ctx, id, l, err)
		}
		err = errors.Join(err, listErr)
	}
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", id, err)
	}
	out.State, out.Lineage = seed.State, seed.Meta.Lineage
	out.Markdown, err = h.Markdown(ctx, store.Capture{Room: full, State: seed.State, Meta: seed.Meta})
	return out, err
}

func (h *Handler) exportLoaded(ctx context.Context, id string, l *store.Loaded, err error) (*Exported, error) {
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", id, err)
	}
	state, _, err := assemble(l)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", id, err)
	}
	out := &Exported{State: state, Seq: l.LastSeq(), Lineage: l.Meta.Lineage, Damage: l.Damage, Stored: true}
	out.Markdown, err = h.Markdown(ctx, store.Capture{Room: RoomType + ":" + id, State: state, Seq: out.Seq, Meta: l.Meta})
	return out, err
}

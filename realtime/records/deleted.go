package records

import (
	"context"

	"github.com/civicpress/realtimefx/realtime/store"
)

// Exists implements room.Deletable: a record exists while there is a published
// text or a draft.
func (h *Handler) Exists(ctx context.Context, id string) (bool, error) {
	p, err := h.look(ctx, id)
	return err == nil && (p.record != nil || p.draft != nil), err
}

// Restored implements room.Deletable: a record is the one that was deleted if
// its text is one that the room knew. What else has its id is a new record.
func (h *Handler) Restored(ctx context.Context, id string, meta store.Meta) (bool, error) {
	p, err := h.look(ctx, id)
	if err != nil {
		return false, err
	}
	b, err := decodeBase(meta.Aux)
	if err != nil || p.record == nil && p.draft == nil {
		return false, nil // it cannot be told: a new one
	}
	d := digestOf(p.text())
	return d == b.written || b.pending != nil && d == b.pending.written || b.published != "" && d == digestOf(b.published), nil
}

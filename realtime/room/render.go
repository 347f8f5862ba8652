package room

import (
	"context"
	"errors"

	"github.com/civicpress/realtimefx/realtime/store"
)

// MarkdownRenderer is an optional capability of a Handler: it writes a
// captured document as its archive would hold it, without storing anything.
// It may block.
type MarkdownRenderer interface {
	Markdown(ctx context.Context, c store.Capture) ([]byte, error)
}

// Markdown renders the document as it is now, off the loop.
// errors.ErrUnsupported if the room type has no Markdown.
func (r *Room) Markdown(ctx context.Context) ([]byte, error) {
	h, ok := r.handler.(MarkdownRenderer)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	c, err := r.Capture(ctx)
	if err != nil {
		return nil, err
	}
	return h.Markdown(ctx, c)
}

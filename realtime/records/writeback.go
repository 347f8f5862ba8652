package records

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/realtime/store"
)

// maxTries bounds how often a write starts over because somebody else wrote at
// the same moment.
const maxTries = 5

// WriteBack implements store.WriteBacker.
func (h *Handler) WriteBack(ctx context.Context, c store.Capture, announce func(context.Context, store.Meta) error) (store.Outcome, error) {
	w := &writing{h: h, id: recordID(c.Room), c: c, state: sha256.Sum256(c.State), announce: announce}
	var err error
	if w.base, err = decodeBase(c.Meta.Aux); err != nil {
		if !errors.Is(err, errNoBase) {
			h.log.Error("the text that is there is compared with the document instead", "room", c.Room, "error", err)
		}
		w.base = nil
	}
	for range maxTries {
		p, err := h.look(ctx, w.id)
		if err != nil {
			return store.Outcome{}, &store.StageError{Stage: "draft", Err: err}
		}
		if p.record == nil && p.draft == nil {
			return store.Outcome{Gone: true}, nil
		}
		if w.untouched(p) {
			return store.Outcome{}, nil
		}
		out, err := w.bring(ctx, p)
		if errors.Is(err, host.ErrConflict) || errors.Is(err, host.ErrNotFound) {
			continue // somebody was faster: look again
		}
		return out, err
	}
	return store.Outcome{}, &store.StageError{Stage: "draft", Err: fmt.Errorf("record %s keeps changing", w.id)}
}

// writing is one WriteBack.
type writing struct {
	h        *Handler
	id       string
	c        store.Capture
	state    digest // of c.State
	base     *base  // nil = not known
	announce func(context.Context, store.Meta) error

	rendered bool
	text     string // what the document renders to
	source   []byte // that belongs to text
}

// untouched reports whether neither the document nor what is there has changed
// since both said the same.
func (w *writing) untouched(p *present) bool {
	b := w.base
	return b != nil && b.pending == nil && b.state == w.state &&
		b.written == digestOf(p.text()) && sameText(b.published, p.published())
}

// bring brings the document and what is there together.
func (w *writing) bring(ctx context.Context, p *present) (store.Outcome, error) {
	if err := w.render(); err != nil {
		return store.Outcome{}, err
	}
	there := p.text()
	switch {
	case w.base != nil:
	case isSeed(w.c.Meta.Lineage), w.c.Seq > 0:
		return w.reconcile(ctx, p)
	default:
		// From the Node server, and nobody has typed here since. What the
		// document says itself is the base: the text that is there wins, as it
		// is never older than the snapshot.
		w.base = &base{written: digestOf(w.text), source: w.source, published: p.published()}
	}
	next := &base{written: digestOf(there), source: w.sourceOf(there), published: p.published()}
	fileChanged := w.fileChanged(p)
	switch {
	case next.source == nil: // somebody else's text
		if fileChanged {
			next.published = w.base.published // its turn comes with the next look
		}
		return w.merge(ctx, p, w.base.source, there, next)
	case fileChanged:
		from, err := w.h.text.source(w.c.State, w.base.published)
		if err != nil {
			return store.Outcome{}, &store.StageError{Stage: "serialize", Err: err}
		}
		return w.merge(ctx, p, from, p.record.Body, next)
	case sameText(there, w.text):
		next.state = w.state
		if next.same(w.base) {
			return store.Outcome{}, nil
		}
		return store.Outcome{Meta: w.meta(next)}, nil
	}
	return w.write(ctx, p, next)
}

// reconcile finds a base when the one that we had is damaged. Document and text
// both may have what the other has not: neither may lose it, and what both have
// must not be doubled.
func (w *writing) reconcile(ctx context.Context, p *present) (store.Outcome, error) {
	there := p.text()
	w.h.log.Warn("what the room remembers of its record's text is damaged; document and text are united", "record", w.id)
	next := &base{written: digestOf(there), source: w.source, published: p.published()}
	if all := markdown.Union(w.text, there); !sameText(all, w.text) {
		return w.merge(ctx, p, w.source, all, next)
	}
	w.base = next // the document has all of it
	return w.bring(ctx, p)
}

// render renders the captured document once.
func (w *writing) render() error {
	if w.rendered {
		return nil
	}
	var from []byte
	if w.base != nil {
		from = w.base.source
	}
	var err error
	if w.text, w.source, err = w.h.text.render(w.c.State, from); err != nil {
		return &store.StageError{Stage: "serialize", Err: fmt.Errorf("render %s: %w", w.id, err)}
	}
	w.rendered = true
	return nil
}

// sourceOf returns the source of a text that the document has or that we wrote
// or read, nil for any other.
func (w *writing) sourceOf(text string) []byte {
	d, b := digestOf(text), w.base
	switch {
	case sameText(text, w.text):
		return notNil(w.source)
	case d == b.written:
		return notNil(b.source)
	case b.pending != nil && d == b.pending.written:
		return notNil(b.pending.source)
	}
	return nil
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// fileChanged reports whether the published text changed under a draft, to
// something else than what the draft or the document says.
func (w *writing) fileChanged(p *present) bool {
	if p.draft == nil || p.record == nil || w.base.published == "" {
		return false
	}
	now := p.record.Body
	return !sameText(now, w.base.published) && w.sourceOf(now) == nil
}

// merge makes the change from outside an update of the document.
func (w *writing) merge(ctx context.Context, p *present, from []byte, changed string, next *base) (store.Outcome, error) {
	update, source, err := w.h.text.merge(w.c.State, from, changed)
	if err != nil {
		return store.Outcome{}, &store.StageError{Stage: "serialize", Err: fmt.Errorf("merge the change from outside into %s: %w", w.id, err)}
	}
	if next.source == nil {
		next.source = source
	}
	if update != nil {
		w.h.log.Info("record was changed outside; merged", "record", w.id, "update_bytes", len(update))
		return store.Outcome{Update: update, Meta: w.meta(next)}, nil
	}
	// The document has it already: go on with the new base.
	w.base, w.rendered = next, false
	return w.bring(ctx, p)
}

// write puts the rendered text into the draft.
func (w *writing) write(ctx context.Context, p *present, next *base) (store.Outcome, error) {
	announced := *w.base
	announced.pending = &pending{written: digestOf(w.text), source: w.source}
	if err := w.announce(ctx, *w.meta(&announced)); err != nil {
		return store.Outcome{}, err
	}
	var err error
	if p.draft != nil {
		err = w.h.drafts.SaveDraftBody(ctx, w.id, p.draft.Body, w.text)
	} else {
		err = w.h.drafts.CreateDraft(ctx, newDraft(p.record, w.text))
	}
	if err != nil {
		return store.Outcome{}, &store.StageError{Stage: "draft", Err: fmt.Errorf("save draft of %s: %w", w.id, err)}
	}
	next.written, next.source, next.state = digestOf(w.text), w.source, w.state
	return store.Outcome{Wrote: true, Meta: w.meta(next)}, nil
}

func (w *writing) meta(b *base) *store.Meta {
	return &store.Meta{Lineage: w.c.Meta.Lineage, Aux: b.encode()}
}

// newDraft takes over everything that the record has, so that publishing the
// draft loses nothing.
func newDraft(r *host.Record, body string) host.Draft {
	d := host.Draft{Fields: r.Fields, CreatedBy: Author}
	d.Body = body
	d.Author = Author
	return d
}

// Markdown implements room.MarkdownRenderer: what WriteBack would put into the
// draft.
func (h *Handler) Markdown(_ context.Context, c store.Capture) ([]byte, error) {
	var from []byte
	if b, err := decodeBase(c.Meta.Aux); err == nil {
		from = b.source
	}
	text, _, err := h.text.render(c.State, from)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", recordID(c.Room), err)
	}
	return []byte(text), nil
}

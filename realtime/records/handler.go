package records

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
)

// RoomType is the first part of the room ids.
const RoomType = "records"

// Author is what stands in author and created_by of drafts that we create, as
// CivicPress has it.
const Author = "realtime-snapshot"

var (
	_ room.Handler          = (*Handler)(nil)
	_ room.LineageChecker   = (*Handler)(nil)
	_ room.MarkdownRenderer = (*Handler)(nil)
	_ room.Deletable        = (*Handler)(nil)
)

// Deps are the services of the core that the handler needs.
type Deps struct {
	Auth    host.Auth
	Records host.Records
	Drafts  host.DraftStore
	Logger  *slog.Logger // nil = slog.Default()
}

// Handler implements room.Handler for records.
type Handler struct {
	auth    host.Auth
	records host.Records
	drafts  host.DraftStore
	log     *slog.Logger
	text    converter
}

// New returns the handler. It does no I/O.
func New(d Deps) (*Handler, error) {
	if d.Auth == nil || d.Records == nil || d.Drafts == nil {
		return nil, errors.New("records: auth service, records and draft store are all needed")
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return &Handler{auth: d.Auth, records: d.Records, drafts: d.Drafts, log: d.Logger, text: mapping{}}, nil
}

// RoomType implements room.Handler.
func (h *Handler) RoomType() string { return RoomType }

// present is what the core has of a record now.
type present struct {
	record *host.Record // nil = not published
	draft  *host.Draft  // nil = no draft
}

// text is what people see as the record's working text.
func (p *present) text() string {
	switch {
	case p.draft != nil:
		return p.draft.Body
	case p.record != nil:
		return p.record.Body
	}
	return ""
}

// published is the text of the record, "" if it was never published.
func (p *present) published() string {
	if p.record == nil {
		return ""
	}
	return p.record.Body
}

// look reads record and draft. Both nil means that there is no such record.
func (h *Handler) look(ctx context.Context, id string) (*present, error) {
	p := &present{}
	switch r, err := h.records.Record(ctx, id); {
	case err == nil:
		p.record = &r
	case !errors.Is(err, host.ErrNotFound):
		return nil, fmt.Errorf("read record %s: %w", id, err)
	}
	switch d, err := h.drafts.Draft(ctx, id); {
	case err == nil:
		p.draft = &d
	case !errors.Is(err, host.ErrNotFound):
		return nil, fmt.Errorf("read draft of %s: %w", id, err)
	}
	return p, nil
}

// Authorize implements room.Handler. A published record opens for those who may
// view its type. One that was never published is known only to those who may
// edit it.
func (h *Handler) Authorize(ctx context.Context, s host.Session, id string) (room.Grant, error) {
	kind, err := h.records.RecordType(ctx, id)
	published := err == nil
	switch {
	case errors.Is(err, host.ErrNotFound):
		d, err := h.drafts.Draft(ctx, id)
		if errors.Is(err, host.ErrNotFound) {
			return room.Grant{}, room.ErrRoomNotFound
		}
		if err != nil {
			return room.Grant{}, fmt.Errorf("read draft of %s: %w", id, err)
		}
		kind = d.Type
	case err != nil:
		return room.Grant{}, fmt.Errorf("read record %s: %w", id, err)
	}
	view, err := h.auth.Can(ctx, s.User, host.PermissionRecordsView, kind)
	if err != nil {
		return room.Grant{}, fmt.Errorf("ask for the right to view %s: %w", id, err)
	}
	edit, err := h.auth.Can(ctx, s.User, host.PermissionRecordsEdit, kind)
	if err != nil {
		return room.Grant{}, fmt.Errorf("ask for the right to edit %s: %w", id, err)
	}
	switch {
	case !published && !edit:
		return room.Grant{}, room.ErrRoomNotFound
	case !view:
		return room.Grant{}, room.ErrPermissionDenied
	}
	return room.Grant{View: true, Edit: edit}, nil
}

// Seed implements room.Handler.
func (h *Handler) Seed(ctx context.Context, id string) (room.Seed, error) {
	p, err := h.look(ctx, id)
	if err != nil {
		return room.Seed{}, err
	}
	if p.record == nil && p.draft == nil {
		return room.Seed{}, room.ErrRoomNotFound
	}
	seeded, err := h.text.seed(id, p.text())
	if err != nil {
		return room.Seed{}, fmt.Errorf("read the Markdown of %s: %w", id, err)
	}
	b := base{written: digestOf(p.text()), source: seeded.source, published: p.published(), state: sha256.Sum256(seeded.state)}
	return room.Seed{State: seeded.state, Meta: store.Meta{Lineage: seeded.lineage, Aux: b.encode()}}, nil
}

// recordID is the record of a room.
func recordID(roomID string) string { return strings.TrimPrefix(roomID, RoomType+":") }

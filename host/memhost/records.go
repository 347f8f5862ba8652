package memhost

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// PutRecord publishes a record, or replaces a published one, from outside the
// plugin, and announces it. Missing time stamps are filled in.
func (h *Host) PutRecord(r host.Record) {
	h.mu.Lock()
	old, existed := h.records[r.ID]
	now := h.now()
	if r.CreatedAt.IsZero() {
		r.CreatedAt = now
		if existed {
			r.CreatedAt = old.CreatedAt
		}
	}
	r.UpdatedAt = now
	h.records[r.ID] = cloneRecord(r)
	h.mu.Unlock()

	ev := recordEvent(r.Fields)
	switch {
	case !existed:
		h.announce(host.EventRecordCreated, ev)
	default:
		h.announce(host.EventRecordUpdated, ev)
		if old.Status != r.Status {
			ev.OldStatus = old.Status
			h.announce(host.EventStatusChanged, ev)
		}
	}
}

// DeleteRecord removes a record and its draft and announces it.
func (h *Host) DeleteRecord(id string) {
	h.mu.Lock()
	r, ok := h.records[id]
	d, hadDraft := h.drafts[id]
	delete(h.records, id)
	delete(h.drafts, id)
	h.mu.Unlock()
	switch {
	case ok:
		h.announce(host.EventRecordDeleted, recordEvent(r.Fields))
	case hadDraft:
		h.announce(host.EventRecordDeleted, recordEvent(d.Fields))
	}
}

// PutDraft saves a draft from outside the plugin and announces it.
func (h *Host) PutDraft(d host.Draft) {
	h.mu.Lock()
	old, existed := h.drafts[d.ID]
	now := h.now()
	if d.CreatedAt.IsZero() {
		d.CreatedAt = now
		if existed {
			d.CreatedAt = old.CreatedAt
		}
	}
	d.UpdatedAt, d.LastSavedAt = now, now
	h.drafts[d.ID] = cloneDraft(d)
	h.mu.Unlock()
	event := host.EventDraftUpdated
	if !existed {
		event = host.EventDraftCreated
	}
	h.announce(event, recordEvent(d.Fields))
}

// DeleteDraft throws a draft away and announces it.
func (h *Host) DeleteDraft(id string) {
	h.mu.Lock()
	d, ok := h.drafts[id]
	delete(h.drafts, id)
	h.mu.Unlock()
	if ok {
		h.announce(host.EventDraftDeleted, recordEvent(d.Fields))
	}
}

// Publish makes the draft the published text, removes it and announces it.
// Without a draft it does nothing and returns ErrNotFound.
func (h *Host) Publish(id string) error {
	h.mu.Lock()
	d, ok := h.drafts[id]
	if !ok {
		h.mu.Unlock()
		return fmt.Errorf("publish %s: no draft: %w", id, host.ErrNotFound)
	}
	now := h.now()
	r, existed := h.records[id]
	if !existed {
		r.CreatedAt = now
	}
	path := r.Path
	if path == "" {
		path = fmt.Sprintf("records/%s/%d/%s.md", d.Type, now.UTC().Year(), id)
	}
	r = host.Record{Fields: d.Fields, Path: path, CreatedAt: r.CreatedAt, UpdatedAt: now}
	h.records[id] = r
	delete(h.drafts, id)
	h.mu.Unlock()
	ev := recordEvent(r.Fields)
	ev.Path = path
	h.announce(host.EventRecordPublished, ev)
	h.announce(host.EventRecordCommitted, ev)
	return nil
}

// Record returns a published record.
func (h *Host) Record(ctx context.Context, id string) (host.Record, error) {
	if err := h.enter(ctx, OpRecord); err != nil {
		return host.Record{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.records[id]
	if !ok {
		return host.Record{}, fmt.Errorf("record %s: %w", id, host.ErrNotFound)
	}
	return cloneRecord(r), nil
}

// RecordType returns the type of a published record.
func (h *Host) RecordType(ctx context.Context, id string) (string, error) {
	r, err := h.Record(ctx, id)
	return r.Type, err
}

// Draft returns a draft.
func (h *Host) Draft(ctx context.Context, id string) (host.Draft, error) {
	if err := h.enter(ctx, OpDraft); err != nil {
		return host.Draft{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.drafts[id]
	if !ok {
		return host.Draft{}, fmt.Errorf("draft %s: %w", id, host.ErrNotFound)
	}
	return cloneDraft(d), nil
}

// SaveDraftBody replaces the body if it still equals base.
func (h *Host) SaveDraftBody(ctx context.Context, id, base, body string) error {
	if err := h.enter(ctx, OpSaveDraftBody); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d, ok := h.drafts[id]
	if !ok {
		return fmt.Errorf("save draft %s: %w", id, host.ErrNotFound)
	}
	if d.Body != base {
		return fmt.Errorf("save draft %s: %w", id, host.ErrConflict)
	}
	d.Body = body
	d.LastSavedAt = h.now().UTC().Truncate(time.Second)
	d.UpdatedAt = d.LastSavedAt
	h.drafts[id] = d
	return nil
}

// CreateDraft inserts a draft.
func (h *Host) CreateDraft(ctx context.Context, d host.Draft) error {
	if err := h.enter(ctx, OpCreateDraft); err != nil {
		return err
	}
	if d.ID == "" || d.Title == "" || d.Type == "" {
		return fmt.Errorf("create draft %q: id, title and type must not be empty", d.ID)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.drafts[d.ID]; ok {
		return fmt.Errorf("create draft %s: %w", d.ID, host.ErrConflict)
	}
	now := h.now().UTC().Truncate(time.Second)
	d.CreatedAt, d.UpdatedAt, d.LastSavedAt = now, now, now
	h.drafts[d.ID] = cloneDraft(d)
	return nil
}

func recordEvent(f host.Fields) host.RecordEvent {
	return host.RecordEvent{RecordID: f.ID, Type: f.Type, Status: f.Status}
}

func cloneRecord(r host.Record) host.Record {
	r.Fields = cloneFields(r.Fields)
	return r
}

func cloneDraft(d host.Draft) host.Draft {
	d.Fields = cloneFields(d.Fields)
	return d
}

func cloneFields(f host.Fields) host.Fields {
	f.Metadata = slices.Clone(f.Metadata)
	f.Geography = slices.Clone(f.Geography)
	f.AttachedFiles = slices.Clone(f.AttachedFiles)
	f.LinkedRecords = slices.Clone(f.LinkedRecords)
	f.LinkedGeographyFiles = slices.Clone(f.LinkedGeographyFiles)
	return f
}

package instance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/civicpress/realtimefx/host"
)

// Draft returns the draft of the record.
func (in *Instance) Draft(ctx context.Context, id string) (host.Draft, error) {
	d := host.Draft{Fields: host.Fields{ID: id}}
	var metadata, geography, attached, linked, linkedGeo sql.NullString
	var saved, created, updated string
	err := in.queryRow(ctx, `
		SELECT title, type, COALESCE(status, ''), COALESCE(workflow_state, ''), COALESCE(markdown_body, ''), metadata, geography,
			attached_files, linked_records, linked_geography_files, COALESCE(author, ''), COALESCE(created_by, ''),
			COALESCE(CAST(last_draft_saved_at AS TEXT), ''), COALESCE(CAST(created_at AS TEXT), ''), COALESCE(CAST(updated_at AS TEXT), '')
		FROM record_drafts WHERE id = ?`, id).
		Scan(&d.Title, &d.Type, &d.Status, &d.WorkflowState, &d.Body, &metadata, &geography,
			&attached, &linked, &linkedGeo, &d.Author, &d.CreatedBy, &saved, &created, &updated)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return host.Draft{}, fmt.Errorf("draft %.80q: %w", id, host.ErrNotFound)
	case err != nil:
		return host.Draft{}, queryError(ctx, fmt.Sprintf("draft %.80q", id), err)
	}
	d.Metadata, d.Geography = jsonOrNil(metadata), jsonOrNil(geography)
	d.AttachedFiles, d.LinkedRecords, d.LinkedGeographyFiles = jsonOrNil(attached), jsonOrNil(linked), jsonOrNil(linkedGeo)
	d.LastSavedAt, d.CreatedAt, d.UpdatedAt = sqlTime(saved), sqlTime(created), sqlTime(updated)
	return d, nil
}

// SaveDraftBody compares and swaps the body in one statement. No event is
// emitted: the caller is the plugin.
func (in *Instance) SaveDraftBody(ctx context.Context, id, base, body string) error {
	what := fmt.Sprintf("save draft %.80q", id)
	res, err := in.db.ExecContext(ctx, `
		UPDATE record_drafts SET markdown_body = ?, last_draft_saved_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP
		WHERE id = ? AND COALESCE(markdown_body, '') = ?`, body, id, base)
	if err != nil {
		return queryError(ctx, what, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	var one int
	switch err := in.db.QueryRowContext(ctx, `SELECT 1 FROM record_drafts WHERE id = ?`, id).Scan(&one); {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", what, host.ErrNotFound)
	case err != nil:
		return queryError(ctx, what, err)
	}
	return fmt.Errorf("%s: %w", what, host.ErrConflict)
}

// CreateDraft inserts a draft as the core does: an empty body is NULL, time
// stamps are the database's.
func (in *Instance) CreateDraft(ctx context.Context, d host.Draft) error {
	what := fmt.Sprintf("create draft %.80q", d.ID)
	if d.ID == "" || d.Title == "" || d.Type == "" {
		return fmt.Errorf("%s: id, title and type must not be empty", what)
	}
	if d.Status == "" {
		d.Status = "draft"
	}
	if d.WorkflowState == "" {
		d.WorkflowState = "draft"
	}
	res, err := in.db.ExecContext(ctx, `
		INSERT INTO record_drafts (id, title, type, status, workflow_state, markdown_body, metadata, geography,
			attached_files, linked_records, linked_geography_files, author, created_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		d.ID, d.Title, d.Type, d.Status, d.WorkflowState, nullText(d.Body), nullJSON(d.Metadata), nullJSON(d.Geography),
		nullJSON(d.AttachedFiles), nullJSON(d.LinkedRecords), nullJSON(d.LinkedGeographyFiles), d.Author, d.CreatedBy)
	if err != nil {
		return queryError(ctx, what, err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("%s: %w", what, host.ErrConflict)
}

// PutDraft creates a draft or replaces all of it, as a person does through
// the REST, and announces it. CreatedBy and the creation time of an existing
// draft stay.
func (in *Instance) PutDraft(ctx context.Context, d host.Draft, userID int64) error {
	what := fmt.Sprintf("put draft %.80q", d.ID)
	created := true
	err := in.inTransaction(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			UPDATE record_drafts SET title = ?, type = ?, status = ?, workflow_state = ?, markdown_body = ?, metadata = ?, geography = ?,
				attached_files = ?, linked_records = ?, linked_geography_files = ?,
				last_draft_saved_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP
			WHERE id = ?`,
			d.Title, d.Type, d.Status, d.WorkflowState, d.Body, nullJSON(d.Metadata), nullJSON(d.Geography),
			nullJSON(d.AttachedFiles), nullJSON(d.LinkedRecords), nullJSON(d.LinkedGeographyFiles), d.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			created = false
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO record_drafts (id, title, type, status, workflow_state, markdown_body, metadata, geography,
				attached_files, linked_records, linked_geography_files, author, created_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			d.ID, d.Title, d.Type, d.Status, d.WorkflowState, nullText(d.Body), nullJSON(d.Metadata), nullJSON(d.Geography),
			nullJSON(d.AttachedFiles), nullJSON(d.LinkedRecords), nullJSON(d.LinkedGeographyFiles), d.Author, fmt.Sprint(userID))
		return err
	})
	if err != nil {
		return queryError(ctx, what, err)
	}
	event := host.EventDraftUpdated
	if created {
		event = host.EventDraftCreated
	}
	in.announce(event, host.RecordEvent{RecordID: d.ID, Type: d.Type, Status: d.Status, UserID: userID})
	return nil
}

// DeleteDraft throws a draft away and announces it.
func (in *Instance) DeleteDraft(ctx context.Context, id string, userID int64) error {
	what := fmt.Sprintf("delete draft %.80q", id)
	var recordType string
	err := in.db.QueryRowContext(ctx, `DELETE FROM record_drafts WHERE id = ? RETURNING type`, id).Scan(&recordType)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", what, host.ErrNotFound)
	case err != nil:
		return queryError(ctx, what, err)
	}
	in.announce(host.EventDraftDeleted, host.RecordEvent{RecordID: id, Type: recordType, UserID: userID})
	return nil
}

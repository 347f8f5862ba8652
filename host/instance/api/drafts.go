package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/instance"
)

// draftInput is what a client may set; absent members stay as they are.
type draftInput struct {
	Title                *string         `json:"title"`
	Type                 *string         `json:"type"`
	Status               *string         `json:"status"`
	WorkflowState        *string         `json:"workflowState"`
	MarkdownBody         *string         `json:"markdownBody"`
	Metadata             json.RawMessage `json:"metadata"`
	Geography            json.RawMessage `json:"geography"`
	AttachedFiles        json.RawMessage `json:"attachedFiles"`
	LinkedRecords        json.RawMessage `json:"linkedRecords"`
	LinkedGeographyFiles json.RawMessage `json:"linkedGeographyFiles"`
}

// apply puts the input over a draft. The error is a sentence for the client.
func (in draftInput) apply(d *host.Draft) error {
	for _, c := range []struct {
		from *string
		into *string
	}{{in.Title, &d.Title}, {in.Type, &d.Type}, {in.Status, &d.Status}, {in.WorkflowState, &d.WorkflowState}, {in.MarkdownBody, &d.Body}} {
		if c.from != nil {
			*c.into = *c.from
		}
	}
	for _, c := range []struct {
		name  string
		from  json.RawMessage
		into  *json.RawMessage
		begin byte
	}{
		{"metadata", in.Metadata, &d.Metadata, '{'}, {"geography", in.Geography, &d.Geography, '{'},
		{"attachedFiles", in.AttachedFiles, &d.AttachedFiles, '['}, {"linkedRecords", in.LinkedRecords, &d.LinkedRecords, '['},
		{"linkedGeographyFiles", in.LinkedGeographyFiles, &d.LinkedGeographyFiles, '['},
	} {
		value := bytes.TrimSpace(c.from)
		switch {
		case len(value) == 0:
		case string(value) == "null":
			*c.into = nil
		case value[0] != c.begin:
			return fmt.Errorf("%s must be JSON that begins with %c", c.name, c.begin)
		default:
			*c.into = value
		}
	}
	if d.Title == "" || d.Type == "" {
		return errors.New("title and type must not be empty")
	}
	return nil
}

// createDraft makes a draft of a new record.
func (a *API) createDraft(w http.ResponseWriter, r *http.Request, s host.Session) {
	var in draftInput
	if !readJSON(w, r, &in) {
		return
	}
	d := host.Draft{Fields: host.Fields{
		ID: fmt.Sprintf("record-%d", time.Now().UnixMilli()), Status: "draft", WorkflowState: "draft", Author: s.User.Username,
	}}
	if err := in.apply(&d); err != nil {
		fail(w, http.StatusBadRequest, "VALIDATION_ERROR", sentence(err))
		return
	}
	if !a.allowed(w, r, s.User, "records:create", d.Type) {
		return
	}
	a.saveDraft(w, r, s, d, http.StatusCreated)
}

// putDraft saves a draft. The first one of a published record takes over all
// that the record has.
func (a *API) putDraft(w http.ResponseWriter, r *http.Request, s host.Session) {
	var in draftInput
	if !readJSON(w, r, &in) {
		return
	}
	d, found := a.draftOrRecord(w, r)
	if !found || !a.allowed(w, r, s.User, host.PermissionRecordsEdit, d.Type) {
		return
	}
	before := d.Type
	if err := in.apply(&d); err != nil {
		fail(w, http.StatusBadRequest, "VALIDATION_ERROR", sentence(err))
		return
	}
	if d.Type != before && !a.allowed(w, r, s.User, host.PermissionRecordsEdit, d.Type) {
		return
	}
	a.saveDraft(w, r, s, d, http.StatusOK)
}

func (a *API) saveDraft(w http.ResponseWriter, r *http.Request, s host.Session, d host.Draft, status int) {
	if err := a.in.PutDraft(r.Context(), d, s.User.ID); err != nil {
		a.internal(w, r, err)
		return
	}
	a.audit(r, s.User.ID, "draft:saved", "record", d.ID, d.Title)
	saved, err := a.in.Draft(r.Context(), d.ID)
	if err != nil {
		a.internal(w, r, err)
		return
	}
	ok(w, status, draftJSON(saved))
}

// draftOrRecord returns the draft, or a new one of the published record; it
// answers 404 if there is neither.
func (a *API) draftOrRecord(w http.ResponseWriter, r *http.Request) (host.Draft, bool) {
	id := r.PathValue("id")
	d, err := a.in.Draft(r.Context(), id)
	if errors.Is(err, host.ErrNotFound) {
		var record host.Record
		record, err = a.in.Record(r.Context(), id)
		d = host.Draft{Fields: record.Fields}
	}
	switch {
	case errors.Is(err, host.ErrNotFound):
		fail(w, http.StatusNotFound, "RECORD_NOT_FOUND", "Record not found")
	case err != nil:
		a.internal(w, r, err)
	default:
		return d, true
	}
	return host.Draft{}, false
}

func (a *API) deleteDraft(w http.ResponseWriter, r *http.Request, s host.Session) {
	id := r.PathValue("id")
	d, err := a.in.Draft(r.Context(), id)
	if err == nil {
		if !a.allowed(w, r, s.User, host.PermissionRecordsEdit, d.Type) {
			return
		}
		err = a.in.DeleteDraft(r.Context(), id, s.User.ID)
	}
	switch {
	case errors.Is(err, host.ErrNotFound):
		fail(w, http.StatusNotFound, "DRAFT_NOT_FOUND", "There is no draft of this record")
	case err != nil:
		a.internal(w, r, err)
	default:
		a.audit(r, s.User.ID, "draft:deleted", "record", id, d.Title)
		ok(w, http.StatusOK, object{"message": "Draft deleted"})
	}
}

// publish makes the draft the published text, in the name of the user.
func (a *API) publish(w http.ResponseWriter, r *http.Request, s host.Session) {
	var in struct {
		Status string `json:"status"`
	}
	if !readJSON(w, r, &in) {
		return
	}
	id := r.PathValue("id")
	d, found := a.draftOrRecord(w, r)
	if !found || !a.allowed(w, r, s.User, host.PermissionRecordsEdit, d.Type) {
		return
	}
	if a.o.BeforePublish != nil {
		if err := a.o.BeforePublish(r.Context(), id); err != nil {
			a.internal(w, r, err)
			return
		}
	}
	p, err := a.in.Publish(r.Context(), id, in.Status, s.User)
	switch {
	case errors.Is(err, host.ErrNotFound):
		fail(w, http.StatusNotFound, "DRAFT_NOT_FOUND", "There is no draft of this record, so there is nothing to publish")
	case errors.Is(err, instance.ErrFrontMatter), errors.Is(err, fs.ErrExist):
		fail(w, http.StatusConflict, "RECORD_FILE_UNUSABLE", sentence(err))
	case errors.Is(err, instance.ErrUnsafePath):
		fail(w, http.StatusBadRequest, "UNSAFE_PATH", sentence(err))
	case errors.Is(err, instance.ErrNoRepository):
		fail(w, http.StatusConflict, "NO_GIT_REPOSITORY", sentence(err))
	case err != nil:
		a.internal(w, r, err)
	default:
		a.audit(r, s.User.ID, "record:published", "record", id, p.Record.Title)
		answer := recordJSON(p.Record, p.DraftKept)
		answer["commit"] = nullable(p.Commit)
		ok(w, http.StatusOK, answer)
	}
}

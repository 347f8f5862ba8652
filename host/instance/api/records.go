package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/civicpress/realtimefx/host"
)

// List limits.
const (
	defaultPage = 100
	maxPage     = 1000
)

// listRecords lists the published records that the visitor may view, and for
// editors also the drafts that were never published. Query: type, limit, and
// after (the last id of the page before).
func (a *API) listRecords(w http.ResponseWriter, r *http.Request) {
	u, through := a.visitor(w, r)
	if !through {
		return
	}
	limit := defaultPage
	if text := r.FormValue("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			fail(w, http.StatusBadRequest, "VALIDATION_ERROR", "limit must be a number from 1 to "+strconv.Itoa(maxPage))
			return
		}
		limit = n
	}
	can := map[string]bool{} // by permission and record type, for this request only
	may := func(p host.Permission, recordType string) (bool, error) {
		key := string(p) + " " + recordType
		if known, found := can[key]; found {
			return known, nil
		}
		yes, err := a.in.Can(r.Context(), u, p, recordType)
		can[key] = yes
		return yes, err
	}
	list, err := a.in.List(r.Context(), u.ID != 0, r.FormValue("type"), r.FormValue("after"), limit)
	if err != nil {
		a.internal(w, r, err)
		return
	}
	records := []object{}
	next := ""
	for _, s := range list {
		next = s.ID
		need := host.PermissionRecordsView
		if !s.Published {
			need = host.PermissionRecordsEdit
		}
		yes, err := may(need, s.Type)
		if err != nil {
			a.internal(w, r, err)
			return
		}
		if !yes {
			continue
		}
		records = append(records, object{
			"id": s.ID, "title": s.Title, "type": s.Type, "status": s.Status, "workflowState": nullable(s.WorkflowState), "path": nullable(s.Path),
			"author": s.Author, "created_at": moment(s.CreatedAt), "updated_at": moment(s.UpdatedAt),
			"isDraft": !s.Published, "hasUnpublishedChanges": s.HasDraft,
		})
	}
	data := object{"records": records, "totalCount": len(records)}
	if len(list) == limit {
		data["next"] = next
	}
	ok(w, http.StatusOK, data)
}

// getRecord returns the published record, or with ?edit=true, to those who may
// edit it, its draft.
func (a *API) getRecord(w http.ResponseWriter, r *http.Request) {
	u, through := a.visitor(w, r)
	if !through {
		return
	}
	id := r.PathValue("id")
	draft, draftErr := a.in.Draft(r.Context(), id)
	if draftErr != nil && !errors.Is(draftErr, host.ErrNotFound) {
		a.internal(w, r, draftErr)
		return
	}
	record, recordErr := a.in.Record(r.Context(), id)
	if recordErr != nil && !errors.Is(recordErr, host.ErrNotFound) {
		a.internal(w, r, recordErr)
		return
	}
	recordType := record.Type
	if recordErr != nil {
		recordType = draft.Type
	}
	edits, err := a.in.Can(r.Context(), u, host.PermissionRecordsEdit, recordType)
	if err != nil {
		a.internal(w, r, err)
		return
	}
	edits = edits && r.FormValue("edit") == "true"
	switch {
	case edits && draftErr == nil:
		ok(w, http.StatusOK, draftJSON(draft))
	case recordErr != nil:
		// To those who may not edit, a record that was never published does
		// not exist.
		fail(w, http.StatusNotFound, "RECORD_NOT_FOUND", "Record not found")
	case a.allowed(w, r, u, host.PermissionRecordsView, record.Type):
		answer := recordJSON(record, draftErr == nil)
		if edits {
			answer["markdownBody"] = record.Body
		}
		ok(w, http.StatusOK, answer)
	}
}

func recordJSON(rec host.Record, hasDraft bool) object {
	answer := object{
		"id": rec.ID, "title": rec.Title, "type": rec.Type, "status": rec.Status, "workflowState": nullable(rec.WorkflowState),
		"content": rec.Body, "metadata": orEmpty(rec.Metadata), "geography": orNull(rec.Geography),
		"attachedFiles": orList(rec.AttachedFiles), "linkedRecords": orList(rec.LinkedRecords),
		"linkedGeographyFiles": orList(rec.LinkedGeographyFiles), "path": rec.Path, "author": rec.Author,
		"created_at": moment(rec.CreatedAt), "updated_at": moment(rec.UpdatedAt),
		"isDraft": false, "hasUnpublishedChanges": hasDraft,
	}
	var meta struct {
		Authors json.RawMessage `json:"authors"`
	}
	if json.Unmarshal(rec.Metadata, &meta) == nil && meta.Authors != nil {
		answer["authors"] = meta.Authors
	}
	return answer
}

func draftJSON(d host.Draft) object {
	return object{
		"id": d.ID, "title": d.Title, "type": d.Type, "status": d.Status, "workflowState": nullable(d.WorkflowState),
		"markdownBody": d.Body, "metadata": orEmpty(d.Metadata), "geography": orNull(d.Geography),
		"attachedFiles": orList(d.AttachedFiles), "linkedRecords": orList(d.LinkedRecords),
		"linkedGeographyFiles": orList(d.LinkedGeographyFiles), "author": d.Author, "created_by": d.CreatedBy,
		"created_at": moment(d.CreatedAt), "updated_at": moment(d.UpdatedAt), "last_draft_saved_at": moment(d.LastSavedAt),
		"isDraft": true,
	}
}

// A column may hold text that is no JSON; the answer must be JSON all the same.
func orElse(b json.RawMessage, otherwise string) json.RawMessage {
	if !json.Valid(b) {
		return json.RawMessage(otherwise)
	}
	return b
}

func orNull(b json.RawMessage) json.RawMessage  { return orElse(b, "null") }
func orEmpty(b json.RawMessage) json.RawMessage { return orElse(b, "{}") }
func orList(b json.RawMessage) json.RawMessage  { return orElse(b, "[]") }

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// sentence makes an error's text a sentence for people.
func sentence(err error) string {
	text := err.Error()
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

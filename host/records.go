package host

import (
	"context"
	"encoding/json"
	"time"
)

// Record is a published record: its Markdown file with the columns that the
// core keeps beside it.
type Record struct {
	Fields
	Path      string // relative to the data directory
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Draft is a row of record_drafts: the unpublished working copy of a record,
// or a record that was never published.
type Draft struct {
	Fields
	CreatedBy   string
	LastSavedAt time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Fields is what a record and its draft have in common. JSON fields hold the
// core's JSON text unchanged (nil = NULL), so that writing a record back
// loses nothing that this module does not know.
type Fields struct {
	ID                   string
	Title                string
	Type                 string
	Status               string
	WorkflowState        string
	Body                 string // Markdown without front matter
	Metadata             json.RawMessage
	Geography            json.RawMessage
	AttachedFiles        json.RawMessage
	LinkedRecords        json.RawMessage
	LinkedGeographyFiles json.RawMessage
	Author               string
}

// Records reads published records.
type Records interface {
	// Record returns the published record, ErrNotFound if there is none.
	Record(ctx context.Context, id string) (Record, error)

	// RecordType returns the type that Record would. It is asked at each join
	// and should cost little.
	RecordType(ctx context.Context, id string) (string, error)
}

// DraftStore reads and writes drafts.
type DraftStore interface {
	// Draft returns the draft of the record, ErrNotFound if there is none.
	Draft(ctx context.Context, id string) (Draft, error)

	// SaveDraftBody replaces the body of an existing draft if its present
	// body still equals base (compare and swap), touching only the body and
	// the two time stamps. Otherwise it changes nothing and returns
	// ErrConflict; with no draft at all ErrNotFound.
	SaveDraftBody(ctx context.Context, id, base, body string) error

	// CreateDraft inserts a draft. If one exists already it changes nothing
	// and returns ErrConflict.
	CreateDraft(ctx context.Context, d Draft) error
}

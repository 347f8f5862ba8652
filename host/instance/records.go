package instance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// recordColumns are those of records but for the text: with a file at hand it
// is not needed.
const recordColumns = `id, title, type, COALESCE(status, ''), COALESCE(workflow_state, ''), metadata, geography,
	attached_files, linked_records, linked_geography_files, COALESCE(path, ''), COALESCE(author, ''),
	COALESCE(CAST(created_at AS TEXT), ''), COALESCE(CAST(updated_at AS TEXT), '')`

// scanRow reads recordColumns.
func scanRow(scan func(...any) error) (host.Record, error) {
	var r host.Record
	var metadata, geography, attached, linked, linkedGeo sql.NullString
	var created, updated string
	err := scan(&r.ID, &r.Title, &r.Type, &r.Status, &r.WorkflowState, &metadata, &geography,
		&attached, &linked, &linkedGeo, &r.Path, &r.Author, &created, &updated)
	r.Metadata, r.Geography = jsonOrNil(metadata), jsonOrNil(geography)
	r.AttachedFiles, r.LinkedRecords, r.LinkedGeographyFiles = jsonOrNil(attached), jsonOrNil(linked), jsonOrNil(linkedGeo)
	r.CreatedAt, r.UpdatedAt = sqlTime(created), sqlTime(updated)
	return r, err
}

func jsonOrNil(s sql.NullString) json.RawMessage {
	if !s.Valid || s.String == "" {
		return nil
	}
	return json.RawMessage(s.String)
}

// row returns a row of records without its text.
func (in *Instance) row(ctx context.Context, id string) (host.Record, error) {
	r, err := scanRow(in.queryRow(ctx, `SELECT `+recordColumns+` FROM records WHERE id = ?`, id).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return host.Record{}, fmt.Errorf("record %.80q: %w", id, host.ErrNotFound)
	case err != nil:
		return host.Record{}, queryError(ctx, fmt.Sprintf("record %.80q", id), err)
	}
	return r, nil
}

// Record returns a published record: what its file says, or, if there is no
// file or its front matter cannot be used, what the database says. JSON fields
// of a file are its YAML values as JSON; authors, source and unknown keys are
// in Metadata.
func (in *Instance) Record(ctx context.Context, id string) (host.Record, error) {
	r, err := in.row(ctx, id)
	if err != nil {
		return host.Record{}, err
	}
	return in.withFile(ctx, r)
}

// withFile puts what the record's file says over its row.
func (in *Instance) withFile(ctx context.Context, r host.Record) (host.Record, error) {
	src, err := in.readRecordFile(r.Path)
	if err == nil {
		var fromFile host.Record
		if fromFile, err = in.heads.parseRecord(r.Path, src); err == nil {
			fromFile.ID, fromFile.Path, fromFile.WorkflowState = r.ID, r.Path, r.WorkflowState
			return fromFile, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrUnsafePath) {
		return host.Record{}, fmt.Errorf("record %.80q: %w", r.ID, err)
	}
	var content sql.NullString
	if err := in.db.QueryRowContext(ctx, `SELECT content FROM records WHERE id = ?`, r.ID).Scan(&content); err != nil {
		return host.Record{}, queryError(ctx, fmt.Sprintf("record %.80q", r.ID), err)
	}
	if !content.Valid {
		// An empty text must not stand in for one that exists somewhere.
		return host.Record{}, fmt.Errorf("record %.80q: the database holds no text, and the file cannot be used: %w", r.ID, err)
	}
	in.log.Warn("record file not usable, the database columns stand in", "record", r.ID, "file", r.Path, "error", err)
	r.Body = content.String
	return r, nil
}

// readRecordFile reads a file by the path of a database row.
func (in *Instance) readRecordFile(path string) (string, error) {
	local, err := localPath(path)
	if err != nil {
		return "", err
	}
	src, err := in.data.ReadFile(local)
	if err != nil {
		// os.Root has no sentinel for a link that leads out of it; but it is
		// the only error that does not come from the system.
		var errno syscall.Errno
		if !errors.As(err, &errno) || errno == syscall.EISDIR {
			return "", fmt.Errorf("%w: %q (%w)", ErrUnsafePath, path, err)
		}
	}
	return string(src), err
}

// localPath refuses paths that lead out of the data directory by their text;
// links that do are refused by os.Root.
func localPath(path string) (string, error) {
	local := filepath.FromSlash(path)
	if path == "" {
		return "", fmt.Errorf("record has no path: %w", fs.ErrNotExist)
	}
	if !filepath.IsLocal(local) || filepath.Clean(local) == "." {
		return "", fmt.Errorf("%w: %q", ErrUnsafePath, path)
	}
	local = filepath.Clean(local)
	for _, part := range strings.Split(local, string(filepath.Separator)) {
		if strings.HasPrefix(part, ".") { // .git, .civic
			return "", fmt.Errorf("%w: %q is in a hidden place", ErrUnsafePath, path)
		}
	}
	return local, nil
}

// Keys of front matter that have a column of their own, and their spellings
// in older files.
var (
	identityKeys = map[string]bool{"id": true, "title": true, "type": true, "status": true, "author": true,
		"created": true, "updated": true, "created_at": true, "updated_at": true}
	columnKeys = map[string]string{
		"geography_data": "geography_data", "geography": "geography_data",
		"linked_records": "linked_records", "linkedRecords": "linked_records",
		"linked_geography_files": "linked_geography_files", "linkedGeographyFiles": "linked_geography_files",
		"attached_files": "attached_files", "attachedFiles": "attached_files",
	}
)

// parseRecord reads a record's file. An error means that the core, too, would
// not use it.
func parseRecord(src string) (host.Record, error) {
	d, ok := splitDocument(src)
	if !ok {
		return host.Record{}, errNoFrontMatter
	}
	r, err := parseHead(d.yaml)
	r.Body = d.body
	return r, err
}

var errNoFrontMatter = fmt.Errorf("%w: the file does not begin with a --- block", ErrFrontMatter)

// parseHead reads a record's front matter.
func parseHead(src string) (host.Record, error) {
	f, err := parseFrontMatter(src)
	if err != nil {
		return host.Record{}, err
	}
	r := host.Record{Fields: host.Fields{
		Title: f.text("title"), Type: f.text("type"), Status: f.text("status"), Author: authorOf(f),
	}}
	created, updated := firstText(f, "created", "created_at"), firstText(f, "updated", "updated_at")
	for _, needed := range []struct{ key, value string }{
		{"id", f.text("id")}, {"title", r.Title}, {"type", r.Type}, {"status", r.Status}, {"created", created}, {"updated", updated},
	} {
		if needed.value == "" {
			return host.Record{}, fmt.Errorf("%w: the key %s is missing or empty", ErrFrontMatter, needed.key)
		}
	}
	r.CreatedAt, r.UpdatedAt = sqlTime(created), sqlTime(updated)
	columns := columnsOf(f)
	for _, c := range []struct {
		key  string
		into *json.RawMessage
	}{
		{"geography_data", &r.Geography}, {"linked_records", &r.LinkedRecords},
		{"linked_geography_files", &r.LinkedGeographyFiles}, {"attached_files", &r.AttachedFiles},
	} {
		if v := columns.get(c.key); v != nil {
			if *c.into, err = marshalJSON(v); err != nil {
				return host.Record{}, fmt.Errorf("%w: %s: %w", ErrFrontMatter, c.key, err)
			}
		}
	}
	if m := metadataOf(f); len(m) > 0 {
		if r.Metadata, err = marshalJSON(m); err != nil {
			return host.Record{}, fmt.Errorf("%w: %w", ErrFrontMatter, err)
		}
	}
	return r, nil
}

// columnsOf returns the values that have a column, by their present names.
func columnsOf(f fields) fields {
	var out fields
	for _, e := range f {
		if name := columnKeys[e.key]; name != "" && (name == e.key || f.get(name) == nil) {
			out = append(out, field{name, e.value})
		}
	}
	return out
}

// metadataOf returns everything else: top-level keys, then what stands in the
// metadata block under other names.
func metadataOf(f fields) fields {
	var out fields
	for _, e := range f {
		if !identityKeys[e.key] && columnKeys[e.key] == "" && e.key != "metadata" && e.value != nil {
			out = append(out, e)
		}
	}
	if nested, ok := f.get("metadata").(fields); ok {
		for _, e := range nested {
			if e.value != nil && out.get(e.key) == nil {
				out = append(out, e)
			}
		}
	}
	return out
}

// authorOf falls back to the first of the authors, as the core does.
func authorOf(f fields) string {
	if a := f.text("author"); a != "" {
		return a
	}
	if list, ok := f.get("authors").([]any); ok && len(list) > 0 {
		switch first := list[0].(type) {
		case string:
			return first
		case fields:
			if name := firstText(first, "username", "name"); name != "" {
				return name
			}
		}
	}
	return "unknown"
}

func firstText(f fields, keys ...string) string {
	for _, k := range keys {
		if s := f.text(k); s != "" {
			return s
		}
	}
	return ""
}

// Summary is a line of a list of records.
type Summary struct {
	ID, Title, Type, Status, WorkflowState, Path, Author string
	CreatedAt, UpdatedAt                                 time.Time
	// Published is false for a draft that was never published.
	Published bool
	// HasDraft: there is a draft, which is newer than the published text.
	HasDraft bool
}

// List returns published records and, if drafts is set, those that were never
// published, in the order of their ids, after the given id.
func (in *Instance) List(ctx context.Context, drafts bool, recordType, after string, limit int) ([]Summary, error) {
	query := `
		SELECT r.id, r.title, r.type, COALESCE(r.status, ''), COALESCE(r.workflow_state, ''), COALESCE(r.path, ''), COALESCE(r.author, ''),
			COALESCE(CAST(r.created_at AS TEXT), ''), COALESCE(CAST(r.updated_at AS TEXT), ''), 1, d.id IS NOT NULL
		FROM records r LEFT JOIN record_drafts d ON d.id = r.id
		WHERE r.id > ?1 AND (?2 = '' OR r.type = ?2)
		UNION ALL
		SELECT d.id, d.title, d.type, COALESCE(d.status, ''), COALESCE(d.workflow_state, ''), '', COALESCE(d.author, ''),
			COALESCE(CAST(d.created_at AS TEXT), ''), COALESCE(CAST(d.updated_at AS TEXT), ''), 0, 1
		FROM record_drafts d
		WHERE ?3 AND d.id > ?1 AND (?2 = '' OR d.type = ?2) AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = d.id)
		ORDER BY 1 LIMIT ?4`
	rows, err := in.db.QueryContext(ctx, query, after, recordType, drafts, limit)
	if err != nil {
		return nil, queryError(ctx, "list records", err)
	}
	defer rows.Close()
	var list []Summary
	for rows.Next() {
		var s Summary
		var created, updated string
		if err := rows.Scan(&s.ID, &s.Title, &s.Type, &s.Status, &s.WorkflowState, &s.Path, &s.Author, &created, &updated,
			&s.Published, &s.HasDraft); err != nil {
			return nil, queryError(ctx, "list records", err)
		}
		s.CreatedAt, s.UpdatedAt = sqlTime(created), sqlTime(updated)
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, queryError(ctx, "list records", err)
	}
	return list, nil
}

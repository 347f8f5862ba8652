package instance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// Published is what Publish did.
type Published struct {
	Record    host.Record
	Created   bool   // the record had never been published before
	Commit    string // hash, "" if the file was in Git in this form already
	DraftKept bool   // somebody saved the draft meanwhile, so it is still there
}

// Publish makes the draft of a record its published text, in the name of a
// user: the file keeps its front matter byte for byte but for what the draft
// changes (and the time stamp "updated"), is committed to Git, and the draft
// is removed. status "" leaves the draft's status.
//
// It may be repeated after a failure: what was done already is found done.
func (in *Instance) Publish(ctx context.Context, id, status string, by host.User) (Published, error) {
	what := fmt.Sprintf("publish %.80q", id)
	select {
	case in.publishing <- struct{}{}:
		defer func() { <-in.publishing }()
	case <-ctx.Done():
		return Published{}, fmt.Errorf("%s: %w", what, ctx.Err())
	}

	draft, err := in.Draft(ctx, id)
	if err != nil {
		return Published{}, fmt.Errorf("%s: %w", what, err)
	}
	if status != "" {
		draft.Status = status
	}
	old, err := in.row(ctx, id)
	created := errors.Is(err, host.ErrNotFound)
	if err != nil && !created {
		return Published{}, fmt.Errorf("%s: %w", what, err)
	}
	if _, err := openRepository(in.layout.DataDir); err != nil {
		return Published{}, fmt.Errorf("%s: %w", what, err)
	}
	f, err := in.compose(draft, old, created, by)
	if err != nil {
		return Published{}, fmt.Errorf("%s: %w", what, err)
	}
	record, err := parseRecord(f.after)
	if err != nil {
		return Published{}, fmt.Errorf("%s: the file would not be readable: %w", what, err)
	}
	record.ID, record.Path = id, filepath.ToSlash(f.local)

	// From here on it is carried through, even if the client goes away.
	ctx = context.WithoutCancel(ctx)
	p := Published{Record: record, Created: created}
	if p.Commit, err = in.writeAndCommit(ctx, f, commitMessage(record, created, by), by); err != nil {
		return Published{}, fmt.Errorf("%s: %w", what, err)
	}
	if p.DraftKept, err = in.storePublished(ctx, record, draft.Body); err != nil {
		return Published{}, fmt.Errorf("%s: the file is written, but the database is not up to date (publish again): %w", what, err)
	}
	in.announcePublished(p, old.Status, by)
	return p, nil
}

// recordFile is a file before and after it is published.
type recordFile struct {
	local  string // in the data directory
	exists bool
	before string
	after  string
}

// compose makes the text of the file to publish.
func (in *Instance) compose(d host.Draft, old host.Record, created bool, by host.User) (recordFile, error) {
	path := old.Path
	if path == "" {
		if !safeName.MatchString(d.ID) || !safeName.MatchString(d.Type) {
			return recordFile{}, fmt.Errorf("%w: id %.80q and type %.80q must consist of letters, digits, '-', '_' and '.'", ErrUnsafePath, d.ID, d.Type)
		}
		path = fmt.Sprintf("records/%s/%d/%s.md", d.Type, time.Now().UTC().Year(), d.ID)
	}
	f := recordFile{}
	var err error
	if f.local, err = localPath(path); err != nil {
		return recordFile{}, err
	}
	f.before, err = in.readRecordFile(path)
	switch {
	case err == nil && created && old.Path == "":
		// A publish that was cut short left its own file; anybody else's is
		// not overwritten.
		if r, err := parseRecord(f.before); err != nil || r.Body != trimmed(d.Body) {
			return recordFile{}, fmt.Errorf("%w: %s exists already and belongs to no record", fs.ErrExist, path)
		}
		f.exists = true
	case err == nil:
		f.exists = true
	case !errors.Is(err, fs.ErrNotExist):
		return recordFile{}, err
	}
	if f.exists {
		f.after, err = revise(f.before, d)
	} else {
		f.after, err = draftFile(d, old, by)
	}
	return f, err
}

// safeName is what an id or a type must look like to become part of a new
// file's path.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

func trimmed(s string) string {
	_, body, _ := trimWhiteSpace(s)
	return body
}

// revise puts the draft into an existing file.
func revise(src string, d host.Draft) (string, error) {
	doc, ok := splitDocument(src)
	if !ok {
		return "", errNoFrontMatter
	}
	f, err := parseFrontMatter(doc.yaml)
	if err != nil {
		return "", err
	}
	changes, err := draftChanges(f, d)
	if err != nil {
		return "", err
	}
	if body := trimmed(d.Body); body != doc.body {
		doc.body = body
	} else if len(changes) == 0 {
		return src, nil
	}
	if doc.lead == "" {
		doc.lead = "\n" // the body must not run into the delimiter
	}
	if f.get("updated") != nil {
		changes = append(changes, field{"updated", isoMillis(time.Now())})
	}
	if doc, err = setKeys(doc, changes); err != nil {
		return "", err
	}
	return doc.String(), nil
}

// draftChanges returns the top-level keys that the draft sets to something
// else. What the draft does not have (NULL, or a key that is absent from its
// metadata) stays: existing servers make drafts that lack half of the fields.
func draftChanges(f fields, d host.Draft) (fields, error) {
	var changes fields
	for _, c := range []field{{"title", d.Title}, {"type", d.Type}, {"status", d.Status}} {
		if c.value != "" && c.value != f.text(c.key) {
			changes = append(changes, c)
		}
	}
	present := columnsOf(f)
	for _, c := range []struct {
		key string
		src json.RawMessage
	}{
		{"geography_data", d.Geography}, {"linked_records", d.LinkedRecords},
		{"linked_geography_files", d.LinkedGeographyFiles}, {"attached_files", d.AttachedFiles},
	} {
		if len(c.src) == 0 {
			continue
		}
		v, err := parseJSON(c.src)
		if err != nil {
			return nil, fmt.Errorf("%w: the draft's %s is not usable JSON: %w", ErrFrontMatter, c.key, err)
		}
		if isEmpty(v) {
			v = nil
		}
		if !same(v, present.get(c.key)) {
			key := c.key
			for older, name := range columnKeys { // the file may use an older spelling
				if name == key && f.get(older) != nil && f.get(key) == nil {
					key = older
				}
			}
			changes = append(changes, field{key, v})
		}
	}
	if len(d.Metadata) == 0 || string(d.Metadata) == "null" {
		return changes, nil
	}
	meta, err := parseJSONObject(d.Metadata)
	if err != nil {
		return nil, fmt.Errorf("%w: the draft's metadata is not a usable JSON object: %w", ErrFrontMatter, err)
	}
	return append(changes, metadataChanges(f, meta)...), nil
}

// metadataChanges finds the place of each changed value of the metadata: at
// the top, or in the metadata block.
func metadataChanges(f, meta fields) fields {
	var changes, nestedChanges fields
	nested, _ := f.get("metadata").(fields)
	now := metadataOf(f)
	for _, e := range meta {
		if identityKeys[e.key] || columnKeys[e.key] != "" || e.key == "metadata" || same(e.value, now.get(e.key)) {
			continue
		}
		if f.get(e.key) == nil && (nested.get(e.key) != nil || groupOf(e.key) == len(groups)) {
			nestedChanges = append(nestedChanges, e)
		} else {
			changes = append(changes, e)
		}
	}
	if len(nestedChanges) > 0 {
		changes = append(changes, field{"metadata", applied(nested, nestedChanges)})
	}
	return changes
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case fields:
		return len(v) == 0
	}
	return false
}

// draftFile makes the file of a record that has none.
func draftFile(d host.Draft, old host.Record, by host.User) (string, error) {
	now := time.Now()
	createdAt := old.CreatedAt
	if createdAt.IsZero() {
		createdAt = d.CreatedAt
	}
	if createdAt.IsZero() {
		createdAt = now
	}
	writer := old.Author
	if writer == "" && d.Author != snapshotAuthor {
		writer = d.Author
	}
	if writer == "" {
		writer = by.Username
	}
	for _, c := range []struct{ draft, old *json.RawMessage }{
		{&d.Metadata, &old.Metadata}, {&d.Geography, &old.Geography}, {&d.AttachedFiles, &old.AttachedFiles},
		{&d.LinkedRecords, &old.LinkedRecords}, {&d.LinkedGeographyFiles, &old.LinkedGeographyFiles},
	} {
		if len(*c.draft) == 0 {
			*c.draft = *c.old
		}
	}
	status := d.Status
	if status == "" {
		status = "draft"
	}
	f := fields{
		{"id", d.ID}, {"title", d.Title}, {"type", d.Type}, {"status", status}, {"author", writer},
		{"created", isoMillis(createdAt)}, {"updated", isoMillis(now)},
	}
	changes, err := draftChanges(f, d)
	if err != nil {
		return "", err
	}
	head, err := renderFrontMatter(applied(f, changes))
	if err != nil {
		return "", err
	}
	text := head + "\n" + trimmed(d.Body) + "\n"
	doc, ok := splitDocument(text)
	if !ok {
		return "", fmt.Errorf("%w: what was written cannot be read", ErrFrontMatter)
	}
	if got, err := parseFrontMatter(doc.yaml); err != nil || !same(got, applied(f, changes)) {
		return "", fmt.Errorf("%w: what was written reads differently (%v)", ErrFrontMatter, err)
	}
	return text, nil
}

// snapshotAuthor is the author of drafts that the plugin makes.
const snapshotAuthor = "realtime-snapshot"

// writeAndCommit writes the file and commits it. If it cannot be committed,
// the old file is put back.
func (in *Instance) writeAndCommit(ctx context.Context, f recordFile, message string, by host.User) (string, error) {
	if !f.exists || f.after != f.before {
		if err := in.writeFile(f.local, f.after); err != nil {
			return "", err
		}
	}
	hash, err := commitFile(ctx, in.layout.DataDir, f.local, message, authorFor(by))
	if err == nil || f.after == f.before {
		return hash, err
	}
	var undo error
	if f.exists {
		undo = in.writeFile(f.local, f.before)
	} else {
		undo = in.data.Remove(f.local)
	}
	return "", errors.Join(err, undo)
}

func authorFor(u host.User) author {
	email := u.Email
	if email == "" {
		email = u.Username + "@localhost"
	}
	return author{Name: u.DisplayName(), Email: email}
}

// commitMessage is the core's.
func commitMessage(r host.Record, created bool, by host.User) string {
	verb := "Update"
	if created {
		verb = "Create"
	}
	title := strings.Join(strings.Fields(r.Title), " ")
	return fmt.Sprintf("feat(%s): %s record: %s", by.Role, verb, title)
}

// storePublished brings the row up to date and removes the draft, unless it
// is no longer the one that was published.
func (in *Instance) storePublished(ctx context.Context, r host.Record, body string) (draftKept bool, err error) {
	err = in.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO records (id, title, type, status, workflow_state, content, metadata, geography, attached_files,
				linked_records, linked_geography_files, path, author)
			VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET title = excluded.title, type = excluded.type, status = excluded.status, workflow_state = NULL,
				content = excluded.content, metadata = excluded.metadata, geography = excluded.geography,
				attached_files = excluded.attached_files, linked_records = excluded.linked_records,
				linked_geography_files = excluded.linked_geography_files, path = excluded.path, updated_at = CURRENT_TIMESTAMP`,
			r.ID, r.Title, r.Type, r.Status, r.Body, nullJSON(r.Metadata), nullJSON(r.Geography), nullJSON(r.AttachedFiles),
			nullJSON(r.LinkedRecords), nullJSON(r.LinkedGeographyFiles), r.Path, r.Author); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM record_drafts WHERE id = ? AND COALESCE(markdown_body, '') = ?`, r.ID, body)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		draftKept = n == 0
		return err
	})
	return draftKept, err
}

func (in *Instance) announcePublished(p Published, oldStatus string, by host.User) {
	ev := host.RecordEvent{RecordID: p.Record.ID, Type: p.Record.Type, Status: p.Record.Status, Path: p.Record.Path, UserID: by.ID}
	if p.Created {
		in.announce(host.EventRecordCreated, ev)
	} else {
		in.announce(host.EventRecordUpdated, ev)
		if oldStatus != p.Record.Status {
			changed := ev
			changed.OldStatus = oldStatus
			in.announce(host.EventStatusChanged, changed)
		}
	}
	in.announce(host.EventRecordPublished, ev)
	if p.Commit != "" {
		ev.Commit = p.Commit
		in.announce(host.EventRecordCommitted, ev)
	}
}

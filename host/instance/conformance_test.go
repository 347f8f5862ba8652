package instance

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/hosttest"
)

func TestConformance(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) hosttest.Fixture {
		in := open(t)
		return hosttest.Fixture{
			Host: in,
			AddUser: func(t *testing.T, username, role string) (host.User, string) {
				return addUser(t, in, username, role)
			},
			Expire: func(t *testing.T, token string) {
				hash, _ := in.signer.open(token)
				execSQL(t, in, `UPDATE sessions SET expires_at = ? WHERE token_hash = ?`, isoMillis(time.Now().Add(-time.Second)), hash)
			},
			Revoke: func(t *testing.T, id int64, reason string) {
				// The only revocation of this host is a new password.
				if reason != "password_changed" {
					t.Fatalf("unknown reason %q", reason)
				}
				if err := in.SetPassword(t.Context(), id, "a new password"); err != nil {
					t.Fatal(err)
				}
			},
			Logout: func(t *testing.T, token string) {
				s, err := in.ValidateSession(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				if err := in.EndSession(t.Context(), s, "logout"); err != nil {
					t.Fatal(err)
				}
			},
			SetRole: func(t *testing.T, id int64, role string) {
				execSQL(t, in, `UPDATE users SET role = ? WHERE id = ?`, role, id)
			},
			PutRecord: func(t *testing.T, r host.Record) { putRecord(t, in, r) },
			Break: func(t *testing.T) func() {
				good := in.db
				bad, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "missing", "civic.db")+"?mode=rw")
				if err != nil {
					t.Fatal(err)
				}
				in.kept.close() // they belong to the database
				in.db = bad
				return func() {
					in.kept.close()
					in.db = good
					if err := bad.Close(); err != nil {
						t.Error(err)
					}
				}
			},
		}
	})
}

func addUser(t *testing.T, in *Instance, username, role string) (host.User, string) {
	t.Helper()
	execSQL(t, in, `INSERT INTO users (username, role, email, name) VALUES (?, ?, ?, ?)`, username, role, username+"@example.org", "Name of "+username)
	var id int64
	_, _ = fmt.Sscan(column(t, in, `SELECT id FROM users WHERE username = ?`, username), &id)
	token, s, err := in.StartSession(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s.User, token
}

// putRecord writes a record's file and row as the core does.
func putRecord(t *testing.T, in *Instance, r host.Record) {
	t.Helper()
	path := "records/2024/" + r.ID + ".md"
	f := fields{
		{"id", r.ID}, {"title", r.Title}, {"type", r.Type}, {"status", r.Status}, {"author", r.Author},
		{"created", "2024-05-01T10:00:00.000Z"}, {"updated", "2024-05-02T10:00:00.000Z"},
	}
	for _, c := range []struct {
		key string
		src json.RawMessage
	}{{"geography_data", r.Geography}, {"linked_records", r.LinkedRecords}, {"linked_geography_files", r.LinkedGeographyFiles}, {"attached_files", r.AttachedFiles}} {
		if c.src != nil {
			v, err := parseJSON(c.src)
			if err != nil {
				t.Fatal(err)
			}
			f = append(f, field{c.key, v})
		}
	}
	if r.Metadata != nil {
		m, err := parseJSONObject(r.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		f = append(f, m...)
	}
	head, err := renderFrontMatter(f)
	if err != nil {
		t.Fatal(err)
	}
	writeData(t, in, path, head+"\n"+r.Body)
	execSQL(t, in, `INSERT INTO records (id, title, type, status, workflow_state, content, path, author) VALUES (?, ?, ?, ?, ?, 'stale', ?, ?)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, status = excluded.status`,
		r.ID, r.Title, r.Type, r.Status, r.WorkflowState, path, r.Author)
}

func writeData(t *testing.T, in *Instance, path, text string) {
	t.Helper()
	full := filepath.Join(in.layout.DataDir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	lookAgain(in)
}

// lookAgain ends every glance at a file.
func lookAgain(in *Instance) {
	in.roles.mu.Lock()
	in.roles.looked = time.Time{}
	in.roles.mu.Unlock()
	in.hooks.watchedFile.mu.Lock()
	in.hooks.looked = time.Time{}
	in.hooks.watchedFile.mu.Unlock()
	in.seen.mu.Lock()
	defer in.seen.mu.Unlock()
	for id, k := range in.seen.kinds {
		k.looked = time.Time{}
		in.seen.kinds[id] = k
	}
}

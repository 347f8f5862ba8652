package instance

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/civicpress/realtimefx/host"
)

//go:embed demo/*.md
var demoFiles embed.FS

// DemoOptions of Demo.
type DemoOptions struct {
	// Records adds that many records bench-1, bench-2, … of about 2 KB.
	Records int
}

// DemoUser is an account of the demo.
type DemoUser struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Password string `json:"password"`
	Token    string `json:"token"` // of a session with at least an hour to live
}

// DemoContent is what the demo instance holds.
type DemoContent struct {
	Users   []DemoUser
	Records []string // ids of the published records, bench records last
	Drafts  []string // ids of drafts that were never published
}

// demoUsers are made in this order. A password is the user name and "-demo".
var demoUsers = []DemoUser{
	{Username: "alice", Name: "Alice Tremblay", Role: "clerk", Password: "alice-demo"},
	{Username: "bob", Name: "Bob Okafor", Role: "clerk", Password: "bob-demo"},
	{Username: "carol", Name: "Carol Fraser", Role: "public", Password: "carol-demo"},
	{Username: "dave", Name: "Dave Marchetti", Role: "admin", Password: "dave-demo"},
}

// Demo opens the instance in dir as a demo: it makes the instance if there is
// none, adds the users and records that are missing, and returns a session
// token for each user. What is there stays; a token is kept from one start to
// the next for as long as its session lives.
func Demo(ctx context.Context, dir string, o Options, d DemoOptions) (*Instance, DemoContent, error) {
	if err := Init(dir); err != nil {
		return nil, DemoContent{}, err
	}
	in, err := Open(dir, o)
	if err != nil {
		return nil, DemoContent{}, err
	}
	content, err := in.fillDemo(ctx, d)
	if err != nil {
		return nil, DemoContent{}, errors.Join(fmt.Errorf("demo in %s: %w", dir, err), in.Close())
	}
	return in, content, nil
}

func (in *Instance) fillDemo(ctx context.Context, d DemoOptions) (DemoContent, error) {
	var content DemoContent
	var err error
	if content.Users, err = in.demoAccounts(ctx); err != nil {
		return content, err
	}
	records, drafts, err := demoRecords()
	if err != nil {
		return content, err
	}
	for i := range d.Records {
		records = append(records, benchRecord(i+1))
	}
	added := 0
	err = in.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, r := range records {
			content.Records = append(content.Records, r.record.ID)
			isNew, err := in.addRecord(ctx, tx, r)
			if err != nil {
				return fmt.Errorf("record %s: %w", r.record.ID, err)
			}
			if isNew {
				added++
			}
		}
		for _, r := range drafts {
			content.Drafts = append(content.Drafts, r.record.ID)
			if err := addDraft(ctx, tx, r.record); err != nil {
				return fmt.Errorf("draft %s: %w", r.record.ID, err)
			}
		}
		return nil
	})
	if err != nil || added == 0 {
		return content, err
	}
	repo, err := openRepository(in.layout.DataDir)
	if err != nil {
		return content, err
	}
	return content, commitAll(repo, fmt.Sprintf("Add %d records", added), author{"Alice Tremblay", "alice@riviere-aux-pins.example"})
}

// demoFile is a record with the text of its file.
type demoFile struct {
	record host.Record
	text   string
}

// demoRecords returns the records to publish and the drafts.
func demoRecords() (records, drafts []demoFile, err error) {
	entries, err := fs.ReadDir(demoFiles, "demo")
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		src, err := demoFiles.ReadFile(path.Join("demo", e.Name()))
		if err != nil {
			return nil, nil, err
		}
		id, isDraft := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".md"), ".draft")
		f, err := newDemoFile(id, string(src))
		if err != nil {
			return nil, nil, fmt.Errorf("demo file %s: %w", e.Name(), err)
		}
		if isDraft {
			drafts = append(drafts, f)
		} else {
			records = append(records, f)
		}
	}
	large, err := newDemoFile("zoning-bylaw-consolidated", zoningBylaw())
	return append(records, large), drafts, err
}

func newDemoFile(id, text string) (demoFile, error) {
	r, err := parseRecord(text)
	r.ID = id
	r.Path = fmt.Sprintf("records/%s/%d/%s.md", r.Type, r.CreatedAt.Year(), id)
	return demoFile{r, text}, err
}

// addRecord writes the file and the row of a record that is not there yet.
func (in *Instance) addRecord(ctx context.Context, tx *sql.Tx, f demoFile) (added bool, err error) {
	var one int
	err = tx.QueryRowContext(ctx, `SELECT 1 FROM records WHERE id = ?`, f.record.ID).Scan(&one)
	if !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	r := f.record
	local := filepath.FromSlash(r.Path)
	if err := in.data.MkdirAll(filepath.Dir(local), 0o755); err != nil {
		return false, err
	}
	if err := in.data.WriteFile(local, []byte(f.text), 0o644); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO records (id, title, type, status, workflow_state, content, metadata, geography, attached_files, linked_records,
			linked_geography_files, path, author, created_at, updated_at)
		VALUES (?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Title, r.Type, r.Status, r.Body, nullJSON(r.Metadata), nullJSON(r.Geography), nullJSON(r.AttachedFiles),
		nullJSON(r.LinkedRecords), nullJSON(r.LinkedGeographyFiles), r.Path, r.Author,
		r.CreatedAt.Format(time.DateTime), r.UpdatedAt.Format(time.DateTime))
	return true, err
}

// addDraft adds a draft unless there is one, or a record, of that id.
func addDraft(ctx context.Context, tx *sql.Tx, r host.Record) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO record_drafts (id, title, type, status, workflow_state, markdown_body, metadata, author, created_by)
		SELECT ?1, ?2, ?3, ?4, 'draft', ?5, ?6, ?7, (SELECT CAST(id AS TEXT) FROM users WHERE username = ?7)
		WHERE NOT EXISTS (SELECT 1 FROM records WHERE id = ?1)
		ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Title, r.Type, r.Status, r.Body, nullJSON(r.Metadata), r.Author)
	return err
}

// demoAccounts makes the users that are missing and finds or starts a session
// for each.
func (in *Instance) demoAccounts(ctx context.Context) ([]DemoUser, error) {
	kept := in.keptTokens()
	users := make([]DemoUser, len(demoUsers))
	for i, u := range demoUsers {
		err := in.db.QueryRowContext(ctx, `SELECT id, role, COALESCE(name, '') FROM users WHERE username = ?`, u.Username).Scan(&u.ID, &u.Role, &u.Name)
		if errors.Is(err, sql.ErrNoRows) {
			u.ID, err = in.addDemoUser(ctx, u)
		}
		if err != nil {
			return nil, queryError(ctx, "demo user "+u.Username, err)
		}
		s, err := in.ValidateSession(ctx, kept[u.Username])
		if err == nil && s.User.ID == u.ID && time.Until(s.ExpiresAt) > time.Hour {
			u.Token = kept[u.Username]
		} else if u.Token, _, err = in.StartSession(ctx, u.ID); err != nil {
			return nil, err
		}
		users[i] = u
	}
	return users, in.keepTokens(users)
}

func (in *Instance) addDemoUser(ctx context.Context, u DemoUser) (int64, error) {
	// The least cost: these passwords are public.
	hash, err := bcrypt.GenerateFromPassword([]byte(u.Password), bcrypt.MinCost)
	if err != nil {
		return 0, err
	}
	res, err := in.db.ExecContext(ctx, `INSERT INTO users (username, role, email, name, password_hash) VALUES (?, ?, ?, ?, ?)`,
		u.Username, u.Role, u.Username+"@riviere-aux-pins.example", u.Name, string(hash))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// The database holds hashes of tokens only, so the demo keeps its tokens in a
// file of its own.
func (in *Instance) tokenFile() string { return filepath.Join(in.layout.SystemDir, "demo-tokens.json") }

func (in *Instance) keptTokens() map[string]string {
	tokens := map[string]string{}
	if src, err := os.ReadFile(in.tokenFile()); err == nil {
		_ = json.Unmarshal(src, &tokens) // a broken file means new tokens
	}
	return tokens
}

func (in *Instance) keepTokens(users []DemoUser) error {
	tokens := map[string]string{}
	for _, u := range users {
		tokens[u.Username] = u.Token
	}
	src, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(in.tokenFile(), append(src, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep demo tokens: %w", err)
	}
	return nil
}

package instance

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/civicpress/realtimefx/host"
)

func TestLocate(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a #strange% folder?")
	if err := os.MkdirAll(filepath.Join(root, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Init(root); err != nil {
		t.Fatal(err)
	}
	want := Layout{
		Root: root, DataDir: filepath.Join(root, "data"), SystemDir: filepath.Join(root, ".system-data"),
		Database: filepath.Join(root, ".system-data", "civic.db"), ConfigFile: filepath.Join(root, ".civicrc"),
	}
	for _, dir := range []string{root, want.DataDir} {
		if got, err := Locate(dir); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", dir, got, err, want)
		}
		reopen(t, dir) // the database's name survives '#', '%' and '?'
	}
	for name, dir := range map[string]string{
		"subfolder": filepath.Join(root, "deep"), "missing": filepath.Join(root, "none"), "file": filepath.Join(root, ".civicrc"),
	} {
		if _, err := Locate(dir); !errors.Is(err, ErrNoInstance) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v, want ErrNoInstance naming the folder", name, err)
		}
	}

	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(want.ConfigFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("dataDir: ./archive\ndatabase: {type: sqlite, sqlite: {file: /var/civic.db}}\nmodules: [x]\n")
	if got, err := Locate(root); err != nil || got.DataDir != filepath.Join(root, "archive") || got.Database != "/var/civic.db" {
		t.Errorf("got %+v, %v", got, err)
	}
	write("database: {type: postgres}\n")
	if _, err := Locate(root); err == nil || !strings.Contains(err.Error(), "postgres") {
		t.Errorf("got %v, want a refusal of postgres", err)
	}
	write("dataDir: [\n")
	if _, err := Locate(root); err == nil || !strings.Contains(err.Error(), ".civicrc") {
		t.Errorf("got %v, want an error naming .civicrc", err)
	}
	// Without .civicrc the usual places are tried.
	if err := os.Remove(want.ConfigFile); err != nil {
		t.Fatal(err)
	}
	want.ConfigFile = ""
	for _, dir := range []string{root, want.DataDir} {
		if got, err := Locate(dir); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", dir, got, err, want)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(root string) error
		want string
		is   error
	}{
		"no database": {func(r string) error { return os.Remove(filepath.Join(r, ".system-data", "civic.db")) }, "civic.db does not exist", nil},
		"no secret":   {func(r string) error { return os.Remove(filepath.Join(r, ".system-data", "secrets.yml")) }, "CIVICPRESS_SECRET", ErrNoSecret},
		"no data":     {func(r string) error { return os.RemoveAll(filepath.Join(r, "data")) }, "data does not exist", nil},
		"broken roles": {func(r string) error {
			return os.WriteFile(filepath.Join(r, "data/.civic/roles.yml"), []byte("roles: 3"), 0o644)
		}, "roles.yml", nil},
		"broken hooks": {func(r string) error {
			return os.WriteFile(filepath.Join(r, "data/.civic/hooks.yml"), []byte("hooks: {a: {enabled: maybe}}"), 0o644)
		}, "hooks.a.enabled", nil},
		"not a database": {func(r string) error {
			return os.WriteFile(filepath.Join(r, ".system-data/civic.db"), []byte(strings.Repeat("x", 5000)), 0o644)
		}, "civic.db", nil},
		"empty database": {func(r string) error { return os.WriteFile(filepath.Join(r, ".system-data/civic.db"), nil, 0o644) }, "table records", ErrSchema},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := Init(root); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"-wal", "-shm"} {
				_ = os.Remove(filepath.Join(root, ".system-data", "civic.db"+suffix))
			}
			if err := c.harm(root); err != nil {
				t.Fatal(err)
			}
			in, err := Open(root, quiet(nil))
			if err == nil {
				_ = in.Close()
				t.Fatal("it opens")
			}
			if !strings.Contains(err.Error(), c.want) || (c.is != nil && !errors.Is(err, c.is)) || strings.Contains(err.Error(), "\n\t") {
				t.Errorf("got %q, want it to name %q", err, c.want)
			}
		})
	}
}

// TestBesideAnotherProcess writes from a second process, as the Node core
// would, while the instance is in use: this test binary, started again.
func TestBesideAnotherProcess(t *testing.T) {
	const rounds = 60
	if path := os.Getenv("TEST_OTHER_PROCESS_DATABASE"); path != "" {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range rounds {
			if _, err := db.ExecContext(t.Context(), `UPDATE record_drafts SET markdown_body = markdown_body + 1 WHERE id = 'theirs'`); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	in := open(t)
	for _, d := range []string{"ours", "theirs"} {
		if err := in.CreateDraft(t.Context(), host.Draft{Fields: host.Fields{ID: d, Title: "T", Type: "bylaw", Body: "0"}}); err != nil {
			t.Fatal(err)
		}
	}
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBesideAnotherProcess$")
	other.Env = append(os.Environ(), "TEST_OTHER_PROCESS_DATABASE="+in.Path())
	var out bytes.Buffer
	other.Stdout, other.Stderr = &out, &out
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	base := "0"
	for range rounds {
		if err := in.SaveDraftBody(t.Context(), "ours", base, base+"1"); err != nil {
			t.Fatal(err)
		}
		base += "1"
	}
	if err := other.Wait(); err != nil {
		t.Fatalf("the other process: %v\n%s", err, &out)
	}
	if got := mustDraft(t, in, "theirs").Body; got != fmt.Sprint(rounds) {
		t.Errorf("got %s, want %d", got, rounds)
	}
	if mode := column(t, in, `PRAGMA journal_mode`); mode != "wal" {
		t.Errorf("got journal mode %s", mode)
	}
}

func TestDraftColumnsAreTheCores(t *testing.T) {
	in := open(t)
	d := host.Draft{Fields: host.Fields{ID: "d", Title: "T", Type: "bylaw"}, CreatedBy: snapshotAuthor}
	if err := in.CreateDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	const all = `SELECT COALESCE(markdown_body, 'NULL') || '|' || COALESCE(metadata, 'NULL') || '|' || status || '|' || workflow_state FROM record_drafts`
	if got := column(t, in, all); got != "NULL|NULL|draft|draft" {
		t.Errorf("got %s", got)
	}
	execSQL(t, in, `UPDATE record_drafts SET last_draft_saved_at = '2020-01-01 00:00:00', updated_at = '2020-01-01 00:00:00', created_at = '2020-01-01 00:00:00'`)
	if err := in.SaveDraftBody(t.Context(), "d", "", "x"); err != nil {
		t.Fatal(err)
	}
	if err := in.SaveDraftBody(t.Context(), "d", "x", ""); err != nil {
		t.Fatal(err)
	}
	if got := column(t, in, all); got != "|NULL|draft|draft" {
		t.Errorf("got %s, want an empty text and no NULL after an update", got)
	}
	if got := column(t, in, `SELECT count(*) FROM record_drafts WHERE last_draft_saved_at GLOB '20[2-9][0-9]-[0-1][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]'
		AND updated_at = last_draft_saved_at AND last_draft_saved_at > '2021' AND created_at = '2020-01-01 00:00:00'`); got != "1" {
		t.Error("time stamps are not the core's")
	}
}

func TestRolesFileIsReadAgain(t *testing.T) {
	in := open(t)
	clerk := host.User{ID: 1, Role: "clerk"}
	may := func() bool {
		t.Helper()
		ok, err := in.Can(t.Context(), clerk, host.PermissionRecordsEdit, "")
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	announced := 0
	in.Subscribe(host.EventRolesChanged, func(context.Context, any) { announced++ })
	if !may() {
		t.Fatal("a clerk must be allowed to edit")
	}
	writeData(t, in, rolesPath, "roles: {clerk: {permissions: ['records:view']}, public: {}}")
	if may() {
		t.Error("the demotion does not bite")
	}
	if announced != 1 {
		t.Errorf("announced %d times, want once", announced)
	}
	// A broken file keeps the last good one in force, and health says so.
	writeData(t, in, rolesPath, "roles: {clerk: {permissions: ['records:edit'")
	if may() {
		t.Error("a broken file gave a right")
	}
	if r := in.Ask(t.Context())["core"]; r.Status != host.Degraded || len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0], "roles.yml") {
		t.Errorf("got %+v", r)
	}
	writeData(t, in, rolesPath, "roles: {clerk: {permissions: ['records:edit']}}")
	if !may() || in.Ask(t.Context())["core"].Status != host.Healthy {
		t.Error("the repaired file is not in force")
	}
	if err := os.Remove(filepath.Join(in.layout.DataDir, rolesPath)); err != nil {
		t.Fatal(err)
	}
	lookAgain(in)
	if !may() {
		t.Error("without a file the built-in roles count")
	}
}

func TestHooksFileDisables(t *testing.T) {
	in := open(t)
	n := 0
	in.Subscribe(host.EventRecordUpdated, func(context.Context, any) { n++ })
	emit := func() {
		t.Helper()
		if err := in.Emit(t.Context(), host.EventRecordUpdated, host.RecordEvent{RecordID: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	emit()
	writeData(t, in, hooksPath, "hooks: {'record:updated': {enabled: {value: false}, workflows: {value: [update-index]}}}")
	emit()
	if n != 1 {
		t.Errorf("delivered %d times, want once: before it was disabled", n)
	}
}

func TestOldestSessionsEnd(t *testing.T) {
	in := open(t)
	u, first := addUser(t, in, "alice", "clerk")
	var ended []host.SessionEnded
	in.Subscribe(host.EventSessionEnded, func(_ context.Context, p any) { ended = append(ended, p.(host.SessionEnded)) })
	for range maxSessionsPerUser {
		if _, _, err := in.StartSession(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := in.ValidateSession(t.Context(), first); !errors.Is(err, host.ErrUnauthenticated) {
		t.Errorf("the sixth login must end the first session: %v", err)
	}
	if len(ended) != 1 || ended[0].UserID != u.ID {
		t.Errorf("got %+v", ended)
	}
	if got := column(t, in, `SELECT count(*) FROM sessions WHERE expires_at GLOB '*T*.???Z'`); got != "5" {
		t.Errorf("got %s sessions with ISO times, want 5", got)
	}
}

func TestNobodysHash(t *testing.T) {
	hash, err := nobody(bcryptCost)
	if err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost(hash); err != nil || cost != bcryptCost {
		t.Errorf("got cost %d, %v: the answer for an unknown user would take another time", cost, err)
	}
	if passwordMatches(hash, "") || passwordMatches(hash, nobodysHash) {
		t.Error("a password matches")
	}
}

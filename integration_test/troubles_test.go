package integration_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// rewrite changes a file of the town.
func rewrite(t *testing.T, file string, change func(string) string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := change(string(b))
	if changed == string(b) {
		t.Fatalf("nothing changes in %s", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBrowserDowngraded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, dir)
	v, _ := visitTo(t, s)
	roles := filepath.Join(dir, "data", ".civic", "roles.yml")
	const right = "      - records:edit\n"
	browse(t, "downgraded", v, map[string]func(){
		"clerks may view": func() { rewrite(t, roles, func(s string) string { return strings.Replace(s, right, "", 1) }) },
		"clerks may edit": func() {
			rewrite(t, roles, func(s string) string {
				return strings.Replace(s, "      - records:create\n", "      - records:create\n"+right, 1)
			})
		},
	}, nil)
}

func TestBrowserDiskInTrouble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, dir)
	v, _ := visitTo(t, s)
	var heal func()
	browse(t, "disk in trouble", v, map[string]func(){
		"break the disk": func() {
			if heal = inject(t, s.cmd.Process.Pid, "io_uring_enter,fsync,fdatasync:error=EIO"); heal == nil {
				t.Error("strace may not trace here")
			}
		},
		"mend the disk": func() { heal() },
	}, nil)
}

// The state of the room is lost and its record changed: what the server makes
// of it has another lineage than the window.
func TestBrowserAnotherLineage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, dir)
	v, _ := visitTo(t, s)
	addr := func(url string) string { return url[strings.LastIndex(url, "/")+1:] }
	browse(t, "another lineage", v, map[string]func(){
		"stop and begin anew": func() {
			if code := s.stop(t, syscall.SIGTERM); code != 0 {
				t.Errorf("stop: exit status %d", code)
			}
			system := filepath.Join(dir, ".system-data")
			if err := os.RemoveAll(filepath.Join(system, "realtime-journal")); err != nil {
				t.Error(err)
			}
			db, err := sql.Open("sqlite", "file:"+filepath.Join(system, "civic.db"))
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			for _, statement := range []string{
				"DELETE FROM realtime_states", "DELETE FROM realtime_snapshots",
				"UPDATE record_drafts SET markdown_body = replace(markdown_body, 'Before. ', '')",
			} {
				if _, err := db.ExecContext(context.Background(), statement); err != nil {
					t.Errorf("%s: %v", statement, err)
				}
			}
			if _, err := db.ExecContext(context.Background(), "UPDATE record_drafts SET markdown_body = markdown_body || char(10) || char(10) || 'A new last paragraph.'"); err != nil {
				t.Error(err)
			}
		},
		"start": func() {
			again, err := launch(t, "demo", "--json", "--dir", dir, "--api-addr", addr(s.API), "--realtime-addr", addr(s.Realtime))
			if err != nil {
				t.Fatal(err)
			}
			s = again
		},
	}, nil)
}

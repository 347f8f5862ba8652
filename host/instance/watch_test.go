package instance

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/civicpress/realtimefx/host"
)

func TestWatchSeesWhatOthersDo(t *testing.T) {
	in, bob := withPublished(t, published)
	carol, _ := addUser(t, in, "carol", "clerk")
	if err := in.CreateDraft(t.Context(), draftFor("d1", "memo", "one")); err != nil {
		t.Fatal(err)
	}
	// The Node core: another connection to the same file.
	node, err := sql.Open("sqlite", "file:"+in.Path()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	write := func(query string, args ...any) {
		t.Helper()
		if _, err := node.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, e := range []string{
		host.EventSessionEnded, host.EventSessionsRevoked, host.EventRolesChanged, host.EventStatusChanged,
		host.EventDraftCreated, host.EventDraftUpdated, host.EventDraftDeleted,
		host.EventRecordCreated, host.EventRecordUpdated, host.EventRecordDeleted,
	} {
		in.Subscribe(e, func(_ context.Context, p any) {
			switch ev := p.(type) {
			case host.RecordEvent:
				got = append(got, e+" "+ev.RecordID)
			case host.SessionEnded:
				got = append(got, fmt.Sprint(e, " ", ev.UserID))
			case host.SessionsRevoked:
				got = append(got, fmt.Sprint(e, " ", ev.UserID))
			case host.RolesChanged:
				got = append(got, fmt.Sprint(e, " ", ev.UserID))
			}
		})
	}
	w, err := in.newWatcher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	look := func(what string, want ...string) {
		t.Helper()
		got = nil
		if err := w.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}

	look("nothing")
	write(`UPDATE record_drafts SET markdown_body = 'three' WHERE id = 'd1'`)
	look("draft saved", "draft:updated d1")
	write(`INSERT INTO record_drafts (id, title, type) VALUES ('d2', 'T', 'memo')`)
	write(`DELETE FROM record_drafts WHERE id = 'd1'`)
	look("drafts come and go", "draft:created d2", "draft:deleted d1")
	write(`UPDATE records SET status = 'archived' WHERE id = 'noise'`)
	look("status", "record:updated noise", "status:changed noise")
	write(`INSERT INTO records (id, title, type, content) VALUES ('r2', 'T', 'memo', '')`)
	look("published", "record:created r2")
	write(`DELETE FROM records WHERE id = 'r2'`)
	look("deleted", "record:deleted r2")
	write(`UPDATE users SET role = 'public' WHERE id = ?`, carol.ID)
	look("demoted", fmt.Sprint("auth:roles:changed ", carol.ID))
	write(`DELETE FROM sessions WHERE user_id = ?`, carol.ID)
	look("logged out", fmt.Sprint("auth:session:ended ", carol.ID))
	write(`DELETE FROM users WHERE id = ?`, carol.ID)
	look("account deleted", fmt.Sprint("auth:sessions:revoked ", carol.ID))
	writeData(t, in, rolesPath, "roles: {clerk: {}, public: {}}")
	look("roles.yml", "auth:roles:changed 0")
	look("nothing again")

	// A git pull: the file changes, and so does the index.
	writeData(t, in, "records/bylaws/noise.md", published+" Pulled.")
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	for _, args := range [][]string{{"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "pulled"}} {
		cmd := exec.Command(git, append([]string{"-C", in.layout.DataDir, "-c", "safe.directory=*"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	look("pulled", "record:updated noise")

	// What this process publishes is announced by the publish itself.
	draftOf(t, in, "noise", "changed")
	if _, err := in.Publish(t.Context(), "noise", "", bob); err != nil {
		t.Fatal(err)
	}
	look("published here", "record:updated noise", "record:updated noise", "status:changed noise")
	look("nothing at last")
}

func TestWatchStops(t *testing.T) {
	in := open(t)
	seen := make(chan struct{}, 1)
	in.Subscribe(host.EventRolesChanged, func(context.Context, any) {
		select {
		case seen <- struct{}{}:
		default:
		}
	})
	stop, err := in.Watch(time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	writeData(t, in, filepath.FromSlash(rolesPath), "roles: {clerk: {}}")
	<-seen
	stop()
	stop()
}

// Reading the records again makes no new strings that stay.
func TestWatchKeepsItsStrings(t *testing.T) {
	in, _ := withPublished(t, published)
	w, err := in.newWatcher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	before := w.records
	if err := w.readRecords(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(before) == 0 || len(w.records) != len(before) {
		t.Fatalf("%d records, then %d", len(before), len(w.records))
	}
	for id, now := range w.records {
		old := before[id]
		if unsafe.StringData(id) != unsafe.StringData(old.id) || unsafe.StringData(now.path) != unsafe.StringData(old.path) {
			t.Errorf("the strings of %s are new", id)
		}
	}
}

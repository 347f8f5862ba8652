package instance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
)

// elsewhere is the same instance, opened as another process would.
func elsewhere(t *testing.T, in *Instance) *Instance {
	t.Helper()
	return reopen(t, in.layout.DataDir)
}

func TestSessionsAreRememberedUntilTheDatabaseChanges(t *testing.T) {
	in := open(t)
	u, token := addUser(t, in, "alice", "clerk")
	hash, _ := in.signer.open(token)
	remembered := func() bool {
		_, _, ok := in.seen.session(t.Context(), hash, time.Now())
		return ok
	}
	look := func(want error) host.Session {
		t.Helper()
		s, err := in.ValidateSession(t.Context(), token)
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		return s
	}
	look(nil)
	if !remembered() {
		t.Error("the next one who asks reads the tables again")
	}
	other := elsewhere(t, in)
	execSQL(t, other, `UPDATE users SET role = 'viewer' WHERE id = ?`, u.ID)
	if s := look(nil); s.User.Role != "viewer" {
		t.Errorf("the role is %s after another process changed it", s.User.Role)
	}
	execSQL(t, in, `UPDATE users SET role = 'clerk' WHERE id = ?`, u.ID)
	if s := look(nil); s.User.Role != "clerk" {
		t.Errorf("the role is %s after this process changed it", s.User.Role)
	}
	// Time passes without anybody writing.
	if _, _, ok := in.seen.session(t.Context(), hash, time.Now().Add(sessionLife+time.Second)); ok {
		t.Error("an expired session is remembered")
	}
	execSQL(t, other, `DELETE FROM sessions`)
	look(host.ErrUnauthenticated)
	look(host.ErrUnauthenticated)
}

// What was read before a change must not be remembered after it.
func TestWhatWasReadBeforeAChangeIsNotRemembered(t *testing.T) {
	in := open(t)
	_, token := addUser(t, in, "alice", "clerk")
	hash, _ := in.signer.open(token)
	_, round, _ := in.seen.session(t.Context(), hash, time.Now())
	old := host.Session{ID: 1, ExpiresAt: time.Now().Add(time.Hour)}
	execSQL(t, in, `UPDATE users SET role = 'viewer'`)
	if _, _, ok := in.seen.kind(t.Context(), "nothing"); ok { // somebody else asks, and a new round begins
		t.Error("a record that nobody looked up is known")
	}
	in.seen.keepSession(hash, old, round)
	if s, _, ok := in.seen.session(t.Context(), hash, time.Now()); ok {
		t.Errorf("%+v is remembered", s)
	}
}

func TestTypesAreRememberedUntilTheFileChanges(t *testing.T) {
	in := open(t)
	r := host.Record{Fields: host.Fields{ID: "r", Title: "R", Type: "bylaw", Status: "published", Author: "a"}}
	putRecord(t, in, r)
	file := filepath.Join(in.layout.DataDir, "records", "2024", "r.md")
	age := func(by time.Duration) {
		t.Helper()
		at := time.Now().Add(-by)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		lookAgain(in)
	}
	look := func(want string) {
		t.Helper()
		if got, err := in.RecordType(t.Context(), "r"); err != nil || got != want {
			t.Fatalf("type %q, %v, want %q", got, err, want)
		}
	}
	remembered := func() bool {
		_, _, ok := in.seen.kind(t.Context(), "r")
		return ok
	}
	look("bylaw")
	if remembered() {
		t.Error("a file that was just written may change again without its stamp telling")
	}
	age(time.Hour)
	look("bylaw")
	if !remembered() {
		t.Error("the next one who asks reads the file again")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "type: bylaw", "type: motto", 1)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	age(time.Minute)
	look("motto")
	if err := os.Remove(file); err != nil { // the row stands in
		t.Fatal(err)
	}
	look("motto") // it was looked at just now
	lookAgain(in)
	look("bylaw")
}

// A connection that breaks costs a lookup, not an answer.
func TestLookupsOutliveTheirConnection(t *testing.T) {
	in := open(t)
	_, token := addUser(t, in, "alice", "clerk")
	hash, _ := in.signer.open(token)
	look := func() {
		t.Helper()
		if _, err := in.ValidateSession(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if err := in.seen.conn.Close(); err != nil { // nobody asks at present
		t.Fatal(err)
	}
	look() // and finds it broken
	look() // and makes another
	if _, _, ok := in.seen.session(t.Context(), hash, time.Now()); !ok {
		t.Error("nothing is remembered any more")
	}
}

package instance

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
)

func TestDemo(t *testing.T) {
	dir := t.TempDir()
	in, first, err := Demo(t.Context(), dir, quiet(nil), DemoOptions{Records: 3})
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]string{}
	for _, u := range first.Users {
		roles[u.Username] = u.Role
		s, err := in.ValidateSession(t.Context(), u.Token)
		if err != nil || s.User.ID != u.ID || s.User.Name != u.Name {
			t.Errorf("%s: got %+v, %v", u.Username, s.User, err)
		}
		if _, s, err = in.Login(t.Context(), u.Username, u.Password); err != nil || s.User.ID != u.ID {
			t.Errorf("%s cannot log in with the documented password: %v", u.Username, err)
		}
	}
	if roles["alice"] != "clerk" || roles["bob"] != "clerk" || roles["carol"] != "public" || roles["dave"] != "admin" {
		t.Errorf("got roles %v", roles)
	}
	if len(first.Records) < 6+3 || !slices.Contains(first.Records, "bench-3") || len(first.Drafts) != 1 {
		t.Errorf("got records %q and drafts %q", first.Records, first.Drafts)
	}
	largest := 0
	for _, id := range first.Records {
		r, err := in.Record(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(r.Body))
		if strings.HasPrefix(id, "bench-") && (len(r.Body) < 1500 || len(r.Body) > 3000) {
			t.Errorf("%s has %d bytes", id, len(r.Body))
		}
		if got, err := in.readRecordFile(r.Path); err != nil || !strings.Contains(got, r.Body) || r.Body == "" {
			t.Errorf("%s: not read from its file: %v", id, err)
		}
	}
	if largest < 195_000 || largest > 210_000 {
		t.Errorf("the largest record has %d bytes, want about 200 KB", largest)
	}
	if _, err := in.Record(t.Context(), first.Drafts[0]); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("the draft is published: %v", err)
	}
	if out := gitOutput(t, in, "status", "--porcelain"); out != "" {
		t.Errorf("not everything is committed:\n%s", out)
	}
	if err := in.SaveDraftBody(t.Context(), first.Drafts[0], mustBody(t, in, first.Drafts[0]), "kept"); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}

	again, second, err := Demo(t.Context(), dir, quiet(nil), DemoOptions{Records: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for i, u := range second.Users {
		if u != first.Users[i] {
			t.Errorf("got %+v, want what the first start gave: %+v", u, first.Users[i])
		}
	}
	if len(second.Records) != len(first.Records)+1 || mustBody(t, again, first.Drafts[0]) != "kept" {
		t.Error("the second start did not keep what is there")
	}

	// An expired session gets a new token, the others stay.
	hash, _ := again.signer.open(second.Users[0].Token)
	execSQL(t, again, `UPDATE sessions SET expires_at = ? WHERE token_hash = ?`, isoMillis(time.Now().Add(time.Minute)), hash)
	third, err := again.fillDemo(t.Context(), DemoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if third.Users[0].Token == second.Users[0].Token || third.Users[1].Token != second.Users[1].Token {
		t.Error("want a new token for the first user only")
	}
}

func mustBody(t *testing.T, in *Instance, id string) string {
	t.Helper()
	d, err := in.Draft(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Body
}

// gitOutput runs the real git in the data directory; the test is skipped
// without it.
func gitOutput(t *testing.T, in *Instance, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	out, err := exec.Command(path, append([]string{"-C", in.layout.DataDir, "-c", "safe.directory=*"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args, err, out)
	}
	return string(out)
}

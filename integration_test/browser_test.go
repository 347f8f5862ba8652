package integration_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/civicpress/realtimefx/web"
)

// A visit is what a scenario of js/browser/scenarios.mjs is told.
type visit struct {
	Editor   string            `json:"editor"`
	Chromium string            `json:"chromium"`
	Shots    string            `json:"shots"`
	Record   string            `json:"record"`
	Text     string            `json:"text"` // a paragraph of the record that is plain text on one line
	Names    map[string]string `json:"names"`
	Records  []string          `json:"records"`
	Password string            `json:"password"` // alice's

	TrustKey  string            `json:"trust_key,omitempty"` // fingerprint of the key of a site with its own certificate
	Passwords map[string]string `json:"passwords,omitempty"` // by user name, where nobody can be chosen from a list
}

// chromium returns the browser to drive.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if file, err := exec.LookPath(name); err == nil {
			return file
		}
	}
	lacking(t, "no Chromium: install it (Debian: apt-get install chromium) or name one in CHROMIUM")
	return ""
}

// browse runs a scenario in a real browser against the server. Whatever the
// scenario asks for meanwhile is done by name; its result goes into result.
func browse(t *testing.T, name string, v visit, asked map[string]func(), result any) {
	t.Helper()
	if !web.Built() {
		lacking(t, "the web pages are not built: run \"make web\"")
	}
	if _, err := os.Stat(filepath.Join("js", "browser", "node_modules", "playwright-core")); err != nil {
		lacking(t, "the packages of integration_test/js/browser are not installed: run \"make setup-test\"")
	}
	v.Chromium = chromium(t)
	cmd := exec.CommandContext(t.Context(), "node", "scenarios.mjs", name)
	cmd.Dir = filepath.Join("js", "browser")
	cmd.Stderr = os.Stderr
	// SIGTERM lets playwright end its browser; a killed Node would leave it.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tell := json.NewEncoder(stdin)
	err = tell.Encode(v)
	if err == nil {
		err = converse(stdout, tell, asked, result)
	}
	_ = stdin.Close()
	if _, rest := io.Copy(io.Discard, stdout); err == nil {
		err = rest
	}
	if exit := cmd.Wait(); err == nil {
		err = exit
	}
	if err != nil {
		t.Fatalf("%s: %v\n(SHOTS=DIR keeps pictures of the pages as they were)", name, err)
	}
}

// converse does what the scenario asks until it has a result or fails.
func converse(stdout io.Reader, tell *json.Encoder, asked map[string]func(), result any) error {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Ask    string          `json:"ask"`
			Error  string          `json:"error"`
			Result json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("the scenario says %q: %w", lines.Text(), err)
		}
		switch {
		case line.Error != "":
			return fmt.Errorf("%s", line.Error)
		case line.Result != nil:
			if result == nil {
				return nil
			}
			return json.Unmarshal(line.Result, result)
		case asked[line.Ask] == nil:
			return fmt.Errorf("the scenario asks for %q, which this test does not do", line.Ask)
		default:
			asked[line.Ask]()
			if err := tell.Encode(true); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("the scenario ended without a result: %w", lines.Err())
}

// shots is where pictures go: SHOTS, to look at them afterwards, or a
// directory that goes with the test.
func shots(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return t.TempDir()
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// plainLine matches a paragraph in which Markdown and text are the same.
var plainLine = regexp.MustCompile(`^[A-Z][^*_\x60\[\]<>|#~\\&!]{60,}[a-z]\.$`)

// visitTo chooses a record that has a plain paragraph of one line, and returns
// its published Markdown too.
func visitTo(t *testing.T, s *server) (visit, string) {
	t.Helper()
	v := visit{Editor: s.Editor, Shots: shots(t), Names: map[string]string{}, Records: s.Records, Password: "alice-demo"}
	for name, user := range s.Users {
		v.Names[name] = user.Name
	}
	for _, id := range s.Records {
		body := published(t, s, id)
		lines := strings.Split(body, "\n")
		for i, line := range lines {
			alone := i > 0 && lines[i-1] == "" && (i+1 == len(lines) || lines[i+1] == "")
			if alone && plainLine.MatchString(line) && strings.Count(body, line) == 1 {
				v.Record, v.Text = id, line
				return v, body
			}
		}
	}
	t.Fatalf("none of %q has a plain paragraph on one line", s.Records)
	return v, ""
}

func TestBrowserTwoClerks(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, before := visitTo(t, s)
	var seen struct {
		Line     string `json:"line"`
		Markdown string `json:"markdown"`
		Changed  int    `json:"changed"`
	}
	browse(t, "two clerks", v, nil, &seen)

	for _, typed := range []string{"Alice was writing here at the same time. **firmly**", "Bob did not wait for her to be done. "} {
		if !strings.Contains(seen.Line, typed) {
			t.Errorf("the paragraph lacks %q: %q", typed, seen.Line)
		}
	}
	// The draft is the archive's text with that one line changed, to the byte.
	want := strings.Replace(before, v.Text, seen.Line, 1)
	if got, ok := draftRow(t, s, v.Record); !ok || got != want {
		t.Errorf("draft: %s", diffLine(got, want))
	}
	if strings.TrimSuffix(want, "\n") != seen.Markdown {
		t.Errorf("the page showed: %s", diffLine(seen.Markdown, want))
	}
	if seen.Changed != 1 {
		t.Errorf("the page marked %d lines as changed, want 1", seen.Changed)
	}
}

func TestBrowserLookAround(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	before := map[string]string{}
	for _, id := range s.Records {
		before[id] = published(t, s, id)
	}
	var seen struct {
		Shown map[string]string `json:"shown"`
	}
	browse(t, "look around", v, nil, &seen)
	for id, want := range before {
		if got := seen.Shown[id]; got != strings.TrimSuffix(want, "\n") {
			t.Errorf("%s: the page showed: %s", id, diffLine(got, want))
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("stop: exit status %d", code)
	}
	for _, id := range s.Records {
		if body, ok := draftRow(t, s, id); ok {
			t.Errorf("looking around made a draft of %s: %s", id, diffLine(body, before[id]))
		}
	}
}

func TestBrowserViewer(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "viewer", v, nil, nil)
}

func TestBrowserRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, dir)
	v, _ := visitTo(t, s)
	addr := func(url string) string { return url[strings.LastIndex(url, "/")+1:] }
	browse(t, "restart", v, map[string]func(){
		"stop": func() {
			if code := s.stop(t, syscall.SIGTERM); code != 0 {
				t.Errorf("stop: exit status %d", code)
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

func TestBrowserRevoked(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "revoked", v, map[string]func(){
		"revoke": func() {
			path := fmt.Sprintf("/api/v1/users/%d/set-password", s.Users["bob"].ID)
			if status, body := s.request(t, "dave", "POST", path, `{"newPassword":"Another-Passw0rd!"}`); status != 200 {
				t.Fatalf("set-password: %d %s", status, body)
			}
		},
	}, nil)
}

func TestBrowserKeyboard(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "keyboard", v, nil, nil)
}

func TestBrowserSignIn(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "sign in", v, nil, nil)
}

func TestBrowserFormat(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "format", v, nil, nil)
}

func TestBrowserDashboard(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "dashboard", v, nil, nil)
}

func TestBrowserScreenshots(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir())
	v, _ := visitTo(t, s)
	browse(t, "screenshots", v, nil, nil)
	files, err := filepath.Glob(filepath.Join(v.Shots, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"sign-in", "list", "editor", "viewer", "dashboard"} {
		for _, look := range []string{"light-desktop", "light-phone", "dark-desktop", "dark-phone"} {
			name := filepath.Join(v.Shots, page+"-"+look+".png")
			if !slices.Contains(files, name) {
				t.Errorf("no picture %s", name)
			}
		}
	}
}

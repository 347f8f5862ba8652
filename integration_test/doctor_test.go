package integration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// After a kill -9, without a server: export shows everything that was reported
// saved, and doctor says how the draft stands to it. A flipped bit is found.
func TestDoctorAndExport(t *testing.T) {
	dir := t.TempDir()
	s := startDemo(t, dir)
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	before := published(t, s, bylaw)
	block, text := plainParagraph(t, c.content("alice"), before)
	c.do("type", do{"client": "alice", "block": block, "text": " Saved before the power failed."})
	c.do("saved", do{"client": "alice"})

	look := func() {
		t.Helper()
		want := strings.Replace(before, text, text+" Saved before the power failed.", 1)
		if code, got, stderr := runOnce(t, nil, "export", "--dir", dir, bylaw); code != 0 || got != want {
			t.Errorf("export: code %d, %s\n%s", code, stderr, diffLine(got, want))
		}
		code, out, stderr := runOnce(t, nil, "doctor", "--dir", dir)
		if code != 0 || !strings.Contains(out, "ok       1 documents and their journals are intact") ||
			!strings.Contains(out, "note     "+bylaw+": the document is ahead of the published text") {
			t.Errorf("doctor: code %d, %s\n%s", code, stderr, out)
		}
	}
	look() // beside the server
	s.kill()
	look() // and after it

	out := t.TempDir()
	if code, _, stderr := runOnce(t, nil, "export", "--dir", dir, "--out", out, bylaw); code != 0 {
		t.Fatalf("export --out: %s", stderr)
	}
	if state, err := os.ReadFile(filepath.Join(out, bylaw+".update")); err != nil || len(state) == 0 {
		t.Errorf("state: %d bytes, %v", len(state), err)
	}
	if code, _, stderr := runOnce(t, nil, "export", "--dir", dir, "no-such-record"); code != 1 || !strings.Contains(stderr, `there is no record "no-such-record"`) {
		t.Errorf("unknown record: code %d, %s", code, stderr)
	}

	spoil(t, filepath.Join(dir, ".system-data", "realtime-journal", "00000001.log"))
	code, report, _ := runOnce(t, nil, "doctor", "--dir", dir)
	if code != 3 || !strings.Contains(report, "problem  "+bylaw+": journal entry") {
		t.Errorf("doctor on a flipped bit: code %d\n%s", code, report)
	}
}

// spoil flips one bit of the newest journal entry's update.
func spoil(t *testing.T, segment string) {
	t.Helper()
	b, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-3] ^= 1
	if err := os.WriteFile(segment, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

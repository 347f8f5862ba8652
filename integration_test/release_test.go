package integration_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// release makes an archive with scripts/dist.sh for an account with the given
// umask.
func release(t *testing.T, umask string) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "dist")
	cmd := exec.Command("bash", "-c", "umask "+umask+" && exec ../scripts/dist.sh linux/amd64")
	cmd.Env = append(os.Environ(), "OUT="+folder, "VERSION=v9.8.7")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dist.sh: %v\n%s", err, out)
	}
	return folder
}

// What "make dist" makes can be read by everybody, says its version, names
// what is in it, and has the same bytes whoever makes it.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the release twice")
	}
	folder := release(t, "077")
	verify := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	verify.Dir = folder
	if out, err := verify.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 2 {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	if again := release(t, "022"); readFile(t, filepath.Join(again, "SHA256SUMS")) != readFile(t, filepath.Join(folder, "SHA256SUMS")) {
		t.Error("the same commit gave other bytes to another account")
	}

	files := unpack(t, filepath.Join(folder, "civicpress-linux-amd64.tar.gz"))
	for _, want := range []string{"LICENSE", "docs/install.md", "deploy/nginx/civicpress.conf", "deploy/systemd/civicpress-realtime.service"} {
		if files["civicpress-linux-amd64/"+want] == nil {
			t.Errorf("the archive has no %s", want)
		}
	}
	program := filepath.Join(t.TempDir(), "civicpress")
	if err := os.WriteFile(program, files["civicpress-linux-amd64/civicpress"], 0o755); err != nil {
		t.Fatal(err)
	}
	if got := output(t, program, "version"); !strings.HasPrefix(got, "civicpress v9.8.7 go") {
		t.Errorf("version: %q", got)
	}

	var bom struct {
		BomFormat, SpecVersion string
		Components             []struct{ Name, Version, PURL string }
	}
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(folder, "civicpress-linux-amd64.cdx.json"))), &bom); err != nil || bom.BomFormat != "CycloneDX" {
		t.Fatalf("SBOM: %v, format %q", err, bom.BomFormat)
	}
	for _, name := range []string{"std", "modernc.org/sqlite", "github.com/coder/websocket"} {
		found := false
		for _, c := range bom.Components {
			found = found || c.Name == name && c.Version != "" && strings.HasPrefix(c.PURL, "pkg:golang/"+name+"@")
		}
		if !found {
			t.Errorf("the SBOM does not name %s", name)
		}
	}
}

// unpack reads an archive and looks at the rights of what is in it.
func unpack(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader([]byte(readFile(t, archive))))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		want := int64(0o644)
		if h.Typeflag == tar.TypeDir || filepath.Base(h.Name) == "civicpress" {
			want = 0o755
		}
		if h.Mode&0o777 != want || h.Uid != 0 {
			t.Errorf("%s: mode %o of user %d, want %o of 0", h.Name, h.Mode, h.Uid, want)
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}

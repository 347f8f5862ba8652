// Package integration_test runs the real program: its binary as a child
// process, real Yjs clients from npm in Node, real SQLite files.
//
// A test that needs Node or its packages skips when they are missing, and
// fails instead when CI is set.
package integration_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var scratch string // removed when all tests are done

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "civicpress-it-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "civicpress")
	out, err := exec.Command("go", "build", "-o", file, "../cmd/civicpress").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build civicpress: %w\n%s", err, out)
	}
	return file, nil
})

// binary returns the path of civicpress, built once.
func binary(t testing.TB) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// lacking skips the test, or fails it in continuous integration.
func lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

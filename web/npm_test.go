package web

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The pages' own checks: types, and the logic that needs no browser. What needs
// one is in integration_test.
func TestPages(t *testing.T) {
	if _, err := os.Stat("node_modules/vitest"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(`the packages of web are not installed: run "make web"`)
		}
		t.Skip(`the packages of web are not installed: run "make web"`)
	}
	noteFiles(t)
	for _, script := range []string{"check", "test"} {
		t.Run(script, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "npm", "run", "--silent", script)
			cmd.Env = append(os.Environ(), "NO_COLOR=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("npm run %s: %v\n%s", script, err, out)
			}
		})
	}
}

// noteFiles looks at each file that the checks read. What npm does is invisible
// to go test, which would show the last result although a page has changed.
func noteFiles(t *testing.T) {
	t.Helper()
	for _, name := range []string{"package-lock.json", "package.json", "tsconfig.json", "vite.config.ts", "src"} {
		err := filepath.WalkDir(name, func(file string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

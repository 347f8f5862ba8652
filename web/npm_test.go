package web

import (
	"os"
	"os/exec"
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
	for _, script := range []string{"check", "test"} {
		t.Run(script, func(t *testing.T) {
			if out, err := exec.CommandContext(t.Context(), "npm", "run", "--silent", script).CombinedOutput(); err != nil {
				t.Errorf("npm run %s: %v\n%s", script, err, out)
			}
		})
	}
}

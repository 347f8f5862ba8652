package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConformance compares the document engine with Yjs itself, over
// cmd/yjs-replica. It runs a few sessions of every kind; "make conformance" runs
// thousands. CONFORMANCE_RUNS and CONFORMANCE_SEED choose others. See
// js/engine/README.md.
func TestConformance(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		lacking(t, "node is not installed: nothing to compare the engine with")
	}
	harness := filepath.Join("js", "engine")
	installHarness(t, harness)
	replica := filepath.Join(scratch, "yjs-replica")
	if out, err := exec.Command("go", "build", "-o", replica, "../cmd/yjs-replica").CombinedOutput(); err != nil {
		t.Fatalf("build yjs-replica: %v\n%s", err, out)
	}
	recordings := []string{"testdata/sessions"}
	// More recordings, of real browsers, may lie beside the repository.
	if shared, err := filepath.Abs("../../shared/corpus/sessions"); err == nil {
		if _, err := os.Stat(shared); err == nil {
			recordings = append(recordings, shared)
		}
	}
	runs, seed := envOr("CONFORMANCE_RUNS", "6"), envOr("CONFORMANCE_SEED", "1")
	for _, check := range []struct {
		name string
		args []string
	}{
		{"sessions", []string{"--runs", runs}},
		{"bytes", []string{"--runs", runs}},
		{"writes", []string{"--runs", runs}},
		{"recorded", []string{"--rounds", "1"}},
		{"recorded in order", []string{"--rounds", "0", "--recordings", strings.Join(recordings, ",")}},
	} {
		t.Run(check.name, func(t *testing.T) {
			report := filepath.Join(t.TempDir(), "report.json")
			args := []string{"run.mjs", "--replica", replica, "--seed", seed, "--checks", strings.Fields(check.name)[0], "--out", report}
			cmd := exec.Command("node", append(args, check.args...)...)
			cmd.Dir = harness
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkReport(t, report)
		})
	}
}

// checkReport fails if the harness has compared nothing, or not everything.
func checkReport(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Table       map[string]map[string]int
		Unsupported []string
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Table) == 0 {
		t.Error("the harness has compared nothing")
	}
	if len(report.Unsupported) > 0 {
		t.Errorf("not compared, because yjs-replica does not know the operation: %s", strings.Join(report.Unsupported, ", "))
	}
	for row, classes := range report.Table {
		for class, n := range classes {
			if class != "ok" {
				t.Errorf("%s: %d %s", row, n, class)
			}
		}
	}
}

// installHarness installs the packages of a harness, if they are not there.
func installHarness(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
		return
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		lacking(t, "the packages of %s cannot be installed: %v\n%s", dir, err, out)
	}
}

func envOr(name, or string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return or
}

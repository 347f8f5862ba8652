package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tool returns the path of a program that a check needs.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacking(t, "%s is not installed (Debian: apt-get install %s)", name, pkg)
	}
	return path
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// systemd finds nothing to complain about in the unit, and calls it well
// protected.
func TestSystemdUnit(t *testing.T) {
	analyze := tool(t, "systemd-analyze", "systemd")
	unit := readFile(t, "../deploy/systemd/civicpress-realtime.service")
	if !strings.Contains(unit, "ExecStart=/usr/local/bin/civicpress serve ") {
		t.Fatal("the unit does not start what the guide installs")
	}
	// verify wants the program to be there.
	file := filepath.Join(t.TempDir(), "civicpress-realtime.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, "/usr/local/bin/civicpress", binary(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := output(t, analyze, "verify", file); strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify:\n%s", out)
	}
	out := output(t, analyze, "security", "--offline=yes", "--threshold=20", file)
	if !strings.Contains(out, "Overall exposure level") {
		t.Errorf("systemd-analyze security:\n%s", out)
	}
}

// The alert rules and the dashboard speak of figures that the server has.
func TestMonitoringFiles(t *testing.T) {
	s := startDemo(t, t.TempDir())
	c := startClients(t)
	c.join(s, "alice", "alice", bylaw, true)
	c.do("open", do{"client": "stranger", "url": s.Realtime + "/realtime/records", "room": bylaw, "token": strings.Repeat("x", 40)})
	c.closed("stranger") // so that there is a close code to count
	status, metrics := s.request(t, "", "GET", "/metrics", "")
	if status != 200 {
		t.Fatalf("/metrics: %d", status)
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)`).FindAllStringSubmatch(metrics, -1) {
		known[m[1]] = true
		if m[2] == "histogram" {
			known[m[1]+"_bucket"], known[m[1]+"_sum"], known[m[1]+"_count"] = true, true, true
		}
	}
	dashboard := readFile(t, "../deploy/grafana/civicpress-realtime.json")
	if !json.Valid([]byte(dashboard)) {
		t.Error("the dashboard is not JSON")
	}
	name := regexp.MustCompile(`(civicpress_realtime|process|go)_[a-z_]+`)
	for file, text := range map[string]string{"alerts.yml": readFile(t, "../deploy/prometheus/alerts.yml"), "dashboard": dashboard} {
		found := name.FindAllString(text, -1)
		if len(found) < 10 {
			t.Errorf("%s: %d figures found; the pattern does not fit", file, len(found))
		}
		for _, n := range found {
			if !known[n] {
				t.Errorf("%s asks for %s, which the server does not have", file, n)
			}
		}
	}

	promtool := tool(t, "promtool", "prometheus")
	output(t, promtool, "check", "rules", "../deploy/prometheus/alerts.yml")
	output(t, promtool, "test", "rules", "../deploy/prometheus/alerts_test.yml")
	output(t, promtool, "check", "config", "--syntax-only", "../deploy/prometheus/scrape.yml")
}

// The example configurations are read without a fault.
func TestExampleConfigurations(t *testing.T) {
	files, err := filepath.Glob("../deploy/examples/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d example configurations, %v", len(files), err)
	}
	for _, f := range files {
		if code, out, stderr := runOnce(t, nil, "config", "check", "--file", f); code != 0 || !strings.Contains(out, "is good") || strings.Contains(out, "warning") {
			t.Errorf("%s: code %d\n%s%s", f, code, out, stderr)
		}
	}
}

package integration_test

import (
	"encoding/json"
	"fmt"
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
	rules := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(rules, dashboardRules(t, dashboard), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, promtool, "check", "rules", rules) // reads every query of the dashboard
}

// dashboardRules makes a recording rule of every query, for promtool to read,
// and looks at what Grafana needs to lay the panels out.
func dashboardRules(t *testing.T, source string) []byte {
	t.Helper()
	type place struct{ X, Y, W, H int }
	var d struct {
		UID           string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ Type, UID string }
			GridPos    place
			Targets    []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal([]byte(source), &d); err != nil {
		t.Fatalf("dashboard: %v", err)
	}
	if list := d.Templating.List; d.UID == "" || d.SchemaVersion == 0 || len(list) != 1 || list[0].Type != "datasource" || list[0].Query != "prometheus" || len(d.Panels) < 10 {
		t.Errorf("dashboard: uid %q, schema %d, variables %v, %d panels", d.UID, d.SchemaVersion, list, len(d.Panels))
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	var rules []map[string]string
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.Type != "stat" && p.Type != "timeseries" || p.Datasource.UID != "${"+d.Templating.List[0].Name+"}" {
			t.Errorf("panel %d %q: type %q, data source %v, or an id for the second time", p.ID, p.Title, p.Type, p.Datasource)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("panel %q does not fit: %+v", p.Title, g)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("the panels %q and %q lie over each other", other, p.Title)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if q.Expr == "" || refs[q.RefID] {
				t.Errorf("panel %q: query %q is empty or there twice", p.Title, q.RefID)
			}
			refs[q.RefID] = true
			rules = append(rules, map[string]string{"record": fmt.Sprintf("panel%d:%s", p.ID, q.RefID), "expr": q.Expr})
		}
	}
	b, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
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

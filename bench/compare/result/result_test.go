package result

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// twoServers has a round in which everything took ten times as long: the
// figures suffer, the ratio does not.
func twoServers() Scenario {
	s := Scenario{
		ID: "x", Title: "a scenario", Setup: "small", Metrics: []Metric{{Key: "cpu", Label: "CPU", Unit: "ms"}},
		Targets: []Target{{Metric: "cpu", To: "relay", Most: 1.5}, {Metric: "cpu", Most: 2}, {Metric: "cpu", Least: 100}},
	}
	for round, slow := range []float64{1, 10, 1} {
		s.Measures = append(s.Measures,
			Measure{Server: "ours", Round: round + 1, Values: map[string]float64{"cpu": 3 * slow}, Expected: 10, Delivered: 10},
			Measure{Server: "relay", Round: round + 1, Values: map[string]float64{"cpu": 2 * slow}, Expected: 10, Delivered: 10 - int64(round)})
	}
	return s
}

func TestRatiosAreWithinARound(t *testing.T) {
	s := twoServers()
	if f := s.Ratio("ours", "relay", "cpu"); f != (Figure{Median: 1.5, Min: 1.5, Max: 1.5, N: 3}) {
		t.Errorf("ratio %+v, want 1.5 in each of 3 rounds", f)
	}
	if f := s.Figure("ours", "cpu"); f != (Figure{Median: 3, Min: 3, Max: 30, N: 3}) {
		t.Errorf("figure %+v", f)
	}
}

func TestTargets(t *testing.T) {
	s := twoServers()
	for i, want := range []bool{true, false, false} {
		if _, met := s.Reach("ours", s.Targets[i]); met != want {
			t.Errorf("target %d met: %v, want %v", i, met, want)
		}
	}
	if _, met := s.Reach("nobody", s.Targets[0]); met {
		t.Error("a server that was not measured meets a target")
	}
}

func TestTableSaysWhatIsMissing(t *testing.T) {
	s := twoServers()
	var b strings.Builder
	s.WriteMarkdown(&b, "ours")
	for _, want := range []string{
		"| ours | 3.00 (3.00–30.0) | 1.00 (1.00–1.00) | all 30 | – |", "| relay | 2.00 (2.00–20.0) | 1.50 (1.50–1.50) | **3 of 30 missing** | – |",
		"CPU at most 1.5 × relay: **met**, 1.50 ×", "CPU at most 2.00 ms: **missed**, 3.00 ms",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, b.String())
		}
	}
}

func TestReportIsReadAsItWasWritten(t *testing.T) {
	r := &Report{Schema: Schema, When: "2026-01-02T03:04:05Z", Rounds: 3, Scenarios: []Scenario{twoServers()}, Noise: Noise{Calibration: []float64{1, 2}}}
	name := filepath.Join(t.TempDir(), "r.json")
	if err := r.Write(name); err != nil {
		t.Fatal(err)
	}
	got, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v", got)
	}
	r.Schema++
	if err := r.Write(name); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil {
		t.Error("a report of another version is read")
	}
}

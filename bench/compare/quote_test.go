package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

func TestQuote(t *testing.T) {
	r := &result.Report{When: "2026-03-01T09:30:00Z", Rounds: 3, Scenarios: []result.Scenario{{
		ID: "flat-one", Metrics: []result.Metric{{Key: "cpu_us", Unit: "µs"}, {Key: "rate", Unit: "1/s"}},
		Measures: []result.Measure{
			{Server: servers.Ours, Values: map[string]float64{"cpu_us": 0.1234, "rate": 5_782_809.4}},
			{Server: servers.Relay, Values: map[string]float64{"cpu_us": 12.345}},
		},
	}}}
	name := filepath.Join(t.TempDir(), "figures.json")
	const rest = `"command": "make x", "date": "2025-01-01"`
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"z": {"what": "a <b>", "value": "1", "unit": "ms", "from": "flat-one/cpu_us", "beside": {"bare relay": "9 ms"}, ` + rest + `},
		"b": {"what": "rate", "value": "1", "unit": "", "from": "flat-one/rate", ` + rest + `},
		"a": {"what": "kept", "value": "7", "unit": "", "from": "paced/cpu_us", ` + rest + `}}`)
	if err := quote(name, r); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "z": {
    "what": "a <b>",
    "value": "0.123",
    "unit": "µs",
    "beside": {
      "bare relay": "12.3 µs"
    },
    "command": "make bench ARGS=\"-only flat-one -rounds 3\"",
    "from": "flat-one/cpu_us",
    "date": "2026-03-01"
  },
  "b": {
    "what": "rate",
    "value": "5 782 809",
    "unit": "1/s",
    "command": "make bench ARGS=\"-only flat-one -rounds 3\"",
    "from": "flat-one/rate",
    "date": "2026-03-01"
  },
  "a": {
    "what": "kept",
    "value": "7",
    "unit": "",
    "command": "make x",
    "from": "paced/cpu_us",
    "date": "2025-01-01"
  }
}
`
	if string(b) != want {
		t.Errorf("got\n%s", b)
	}
	write(`{"z": {"what": "a", "value": "1", "unit": "ms", "from": "flat-one/cpu_us", "beside": {"Hocuspocus 4.7.0": "9 ms"}, ` + rest + `}}`)
	if err := quote(name, r); err == nil || !strings.Contains(err.Error(), "hocuspocus") {
		t.Errorf("a server that was not measured: %v", err)
	}
}

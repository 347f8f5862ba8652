package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Schema is the version of the JSON form. It changes when a field changes its
// meaning or goes.
const Schema = 1

// A Report is one run.
type Report struct {
	Schema    int        `json:"schema"`
	When      string     `json:"when"`     // RFC 3339
	Revision  string     `json:"revision"` // of the checkout; "?" if not known
	Machine   Machine    `json:"machine"`
	Rounds    int        `json:"rounds"`
	Short     bool       `json:"short"` // sizes divided, for a quick check; such figures say little
	Noise     Noise      `json:"noise"`
	Skipped   []string   `json:"skipped,omitempty"` // servers that could not be run, and why
	Scenarios []Scenario `json:"scenarios"`
}

// A Machine is what it was measured on.
type Machine struct {
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Memory int64  `json:"memory_mb"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Node   string `json:"node,omitempty"`
}

// Noise tells how quiet the machine was. The calibration is a fixed piece of
// work, timed before each measurement: on a quiet machine it is always the same.
type Noise struct {
	LoadBefore  float64   `json:"load_before"` // of the last minute
	LoadAfter   float64   `json:"load_after"`
	Calibration []float64 `json:"calibration_ms"`
}

// A Scenario is one thing that was measured, on all servers.
type Scenario struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Setup    string    `json:"setup"` // the sizes, in words
	Metrics  []Metric  `json:"metrics"`
	Targets  []Target  `json:"targets,omitempty"`
	Measures []Measure `json:"measures"`
}

// A Metric is a figure of a scenario. The first one is the one that counts.
type Metric struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Unit  string `json:"unit"`
	More  bool   `json:"more_is_better,omitempty"`
}

// A Target is what ours has to reach: at most Most, or at least Least; of the
// figure itself, or of its ratio to that of another server in the same round.
type Target struct {
	Metric string  `json:"metric"`
	To     string  `json:"to,omitempty"` // server; empty: the figure itself
	Most   float64 `json:"most,omitempty"`
	Least  float64 `json:"least,omitempty"`
}

// A Measure is one server in one round.
type Measure struct {
	Server    string             `json:"server"`
	Round     int                `json:"round"`
	Values    map[string]float64 `json:"values"`
	Expected  int64              `json:"expected"` // deliveries that were due
	Delivered int64              `json:"delivered"`
	Generator float64            `json:"generator_cpu_s"` // CPU time of the load generator
	Note      string             `json:"note,omitempty"`
}

// Write writes the report to a file.
func (r *Report) Write(name string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(name), append(b, '\n'), 0o644)
}

// Read reads a report from a file.
func Read(name string) (*Report, error) {
	b, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if r.Schema != Schema {
		return nil, errors.New(name + " is not a report of this version: run the bench again")
	}
	return &r, nil
}

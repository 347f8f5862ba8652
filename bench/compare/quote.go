package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// quotation is an entry of docs/figures.json; docs_figures_test.go says what it
// means. From is the scenario and the metric, with a slash between, of those
// that come from here.
type quotation struct {
	What    string            `json:"what"`
	Value   string            `json:"value"`
	Unit    string            `json:"unit"`
	Beside  map[string]string `json:"beside,omitempty"`
	Command string            `json:"command"`
	From    string            `json:"from,omitempty"`
	Date    string            `json:"date"`
	Note    string            `json:"note,omitempty"`
}

// besides are the servers as the pages call them.
var besides = map[string]string{
	"relay, all that waits in one write": servers.RelayDrained,
	"bare relay":                         servers.Relay,
	"y-websocket server":                 servers.YWebSocket,
	"Hocuspocus 4.7.0":                   servers.Hocuspocus,
}

// quote brings the figures that pages quote up to date with what was measured.
// Entries of scenarios that were not measured stay.
func quote(name string, r *result.Report) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	keys, entries, err := ordered(b)
	if err != nil {
		return fmt.Errorf("quote: %s: %w", name, err)
	}
	for _, key := range keys {
		if err := entries[key].measure(r); err != nil {
			return fmt.Errorf("quote: %s: %s: %w", name, key, err)
		}
	}
	var out bytes.Buffer
	for i, key := range keys {
		out.WriteString(map[bool]string{true: "{\n  ", false: ",\n  "}[i == 0])
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("  ", "  ")
		if err := e.Encode(key); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1) // the line's end
		out.WriteString(": ")
		if err := e.Encode(entries[key]); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1)
	}
	out.WriteString("\n}\n")
	return os.WriteFile(name, out.Bytes(), 0o644)
}

// ordered decodes an object of entries and keeps their order.
func ordered(b []byte) (keys []string, entries map[string]*quotation, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	entries = map[string]*quotation{}
	if _, err := d.Token(); err != nil { // {
		return nil, nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var q quotation
		if err := d.Decode(&q); err != nil {
			return nil, nil, err
		}
		keys = append(keys, key.(string)) // nothing else can be there
		entries[key.(string)] = &q
	}
	return keys, entries, nil
}

// measure takes the entry's figures from a report that has them.
func (q *quotation) measure(r *result.Report) error {
	id, metric, _ := strings.Cut(q.From, "/")
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		if q.From == "" || s.ID != id {
			continue
		}
		unit := ""
		for _, m := range s.Metrics {
			if m.Key == metric {
				unit = m.Unit
			}
		}
		text := func(server string) (string, error) {
			f := s.Figure(server, metric)
			if f.N == 0 || unit == "" {
				return "", fmt.Errorf("the report has no %s of %s", q.From, server)
			}
			return number(f.Median), nil
		}
		var err error
		if q.Value, err = text(servers.Ours); err != nil {
			return err
		}
		for name := range q.Beside {
			v, err := text(besides[name])
			if err != nil {
				return err
			}
			q.Beside[name] = v + " " + unit
		}
		q.Unit, q.Date, q.Note = unit, r.When[:len("2006-01-02")], ""
		q.Command = fmt.Sprintf("make bench ARGS=\"-only %s -rounds %d\"", id, r.Rounds)
	}
	return nil
}

// number writes three digits that say something, and large numbers in groups.
func number(v float64) string {
	if v != 0 && math.Abs(v) < 1000 {
		return strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(math.Abs(v))))), 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + " " + digits[at:]
	}
	return digits
}

package result

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteMarkdown writes a scenario as a table, one server a line, with what
// became of the targets below.
func (s *Scenario) WriteMarkdown(w io.Writer, ours string) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s: %s\n\n%s\n\n", s.ID, s.Title, s.Setup)
	b.WriteString("| server |")
	rule := "|---|"
	for _, m := range s.Metrics {
		fmt.Fprintf(&b, " %s, %s |", m.Label, m.Unit)
		rule += "--:|"
	}
	first := s.Metrics[0]
	fmt.Fprintf(&b, " %s : it | delivered | generator, CPU s |\n%s--:|--:|--:|\n", ours, rule)
	for _, server := range s.Servers() {
		fmt.Fprintf(&b, "| %s |", server)
		for _, m := range s.Metrics {
			fmt.Fprintf(&b, " %s |", s.Figure(server, m.Key))
		}
		fmt.Fprintf(&b, " %s | %s | %s |\n", ratioText(s.Ratio(ours, server, first.Key)), s.deliveredText(server), s.generatorText(server))
	}
	for _, m := range s.Measures {
		if m.Note != "" {
			fmt.Fprintf(&b, "\n%s, round %d: %s\n", m.Server, m.Round, m.Note)
		}
	}
	if s.Figure(ours, first.Key).N > 0 {
		b.WriteString("\n")
		for _, t := range s.Targets {
			b.WriteString("- " + s.targetText(ours, t) + "\n")
		}
	}
	_, _ = io.WriteString(w, b.String())
}

func (s *Scenario) deliveredText(server string) string {
	missing, of := s.Missing(server)
	switch {
	case of == 0:
		return "–"
	case missing == 0:
		return fmt.Sprintf("all %d", of)
	default:
		return fmt.Sprintf("**%d of %d missing**", missing, of)
	}
}

func (s *Scenario) generatorText(server string) string {
	var all []float64
	for _, m := range s.Measures {
		if m.Server == server && m.Generator > 0 {
			all = append(all, m.Generator)
		}
	}
	f := figureOf(all)
	if f.N == 0 {
		return "–"
	}
	return Number(f.Median)
}

func ratioText(f Figure) string {
	if f.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", f.Median, f.Min, f.Max)
}

func (s *Scenario) targetText(ours string, t Target) string {
	m := s.metric(t.Metric)
	f, met := s.Reach(ours, t)
	bound, most := "at least", t.Least
	if t.Most != 0 {
		bound, most = "at most", t.Most
	}
	goal := fmt.Sprintf("%s %s %s %s", m.Label, bound, Number(most), m.Unit)
	is := Number(f.Median) + " " + m.Unit
	if t.To != "" {
		goal, is = fmt.Sprintf("%s %s %.2g × %s", m.Label, bound, most, t.To), fmt.Sprintf("%.2f ×", f.Median)
	}
	switch {
	case f.N == 0:
		return fmt.Sprintf("target %s: not measured", goal)
	case met:
		return fmt.Sprintf("target %s: **met**, %s", goal, is)
	default:
		return fmt.Sprintf("target %s: **missed**, %s", goal, is)
	}
}

// String is the median with the spread.
func (f Figure) String() string {
	switch f.N {
	case 0:
		return "–"
	case 1:
		return Number(f.Median)
	default:
		return fmt.Sprintf("%s (%s–%s)", Number(f.Median), Number(f.Min), Number(f.Max))
	}
}

// Number writes a figure with three digits that count.
func Number(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Sprint(v)
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return fmt.Sprintf("%.*f", min(max(digits, 0), 4), v)
}

// WriteNoise writes how quiet the machine was.
func (r *Report) WriteNoise(w io.Writer) {
	f := figureOf(append([]float64(nil), r.Noise.Calibration...))
	fmt.Fprintf(w, "\nNoise: load average %.2f before, %.2f after; calibration loop %.1f ms (%.1f–%.1f) over %d measurements.\n",
		r.Noise.LoadBefore, r.Noise.LoadAfter, f.Median, f.Min, f.Max, f.N)
}

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A summary is what is said of one engine on one workload.
type summary struct {
	Median  float64 `json:"median"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Runs    int     `json:"runs"`
	Partial bool    `json:"stopped_at_limit,omitempty"`
	Right   string  `json:"right"` // yes, or what is wrong with its document
	Error   string  `json:"error,omitempty"`
}

type reportRow struct {
	Workload string             `json:"workload"`
	Unit     string             `json:"unit"`
	Engines  map[string]summary `json:"engines"`
}

func (b *bench) report() []reportRow {
	var rows []reportRow
	for _, w := range b.chosen() {
		row := reportRow{Workload: w.name, Unit: "ns", Engines: map[string]summary{}}
		if w.kind == kindMemory {
			row.Unit = "bytes"
		}
		for _, e := range b.engines {
			row.Engines[e] = b.summary(w, e)
		}
		rows = append(rows, row)
	}
	return rows
}

func (b *bench) summary(w workload, engine string) summary {
	s := summary{Right: b.right[w.set][engine]}
	var all []float64
	for _, f := range b.figures[w.name][engine] {
		if f.Error != "" {
			s.Error = f.Error
			continue
		}
		all = append(all, f.value())
		s.Partial = s.Partial || f.Partial
	}
	if s.Runs = len(all); s.Runs > 0 {
		slices.Sort(all)
		s.Low, s.Median, s.High = all[0], all[len(all)/2], all[len(all)-1]
	}
	return s
}

func (b *bench) print(out io.Writer) {
	fmt.Fprintf(out, "Medians of the best of %d processes each, lowest and highest in brackets. ≠: Yjs reads another document from it, or none.\n\n", b.rounds)
	fmt.Fprintf(out, "%-20s", "")
	for _, e := range b.engines {
		fmt.Fprintf(out, " %28s", e)
	}
	if b.comparable() {
		fmt.Fprintf(out, "  %s", "of Yjs  of ywasm  target")
	}
	fmt.Fprintln(out)
	for _, w := range b.chosen() {
		b.printRow(out, w)
	}
	for _, w := range b.chosen() {
		for _, e := range b.engines {
			if s := b.summary(w, e); s.Error != "" {
				fmt.Fprintf(out, "%s, %s: %s\n", w.name, e, s.Error)
			}
		}
	}
}

func (b *bench) comparable() bool {
	return slices.Contains(b.engines, "ours") && slices.Contains(b.engines, "yjs")
}

func (b *bench) printRow(out io.Writer, w workload) {
	var line strings.Builder
	fmt.Fprintf(&line, "%-20s", w.name)
	for _, e := range b.engines {
		fmt.Fprintf(&line, " %28s", b.cell(w, e))
	}
	if b.comparable() {
		ours, yjs, ywasm := b.summary(w, "ours"), b.summary(w, "yjs"), b.summary(w, "ywasm")
		share := ours.Median / yjs.Median
		verdict := "met"
		if share > w.most() || ywasm.Runs > 0 && ours.Median > ywasm.Median {
			verdict = "missed"
		}
		fmt.Fprintf(&line, "  %6.2f", share)
		if ywasm.Runs > 0 {
			fmt.Fprintf(&line, "  %8.2f", ours.Median/ywasm.Median)
		} else {
			fmt.Fprintf(&line, "  %8s", "-")
		}
		fmt.Fprintf(&line, "  %s", verdict)
	}
	fmt.Fprintln(out, line.String())
}

func (b *bench) cell(w workload, engine string) string {
	s := b.summary(w, engine)
	if s.Runs == 0 {
		return "fails"
	}
	format := nanoseconds
	if w.kind == kindMemory {
		format = bytesText
	}
	text := fmt.Sprintf("%s (%s–%s)", format(s.Median), format(s.Low), format(s.High))
	if s.Partial {
		text = "stopped, " + format(s.Median)
	}
	if s.Right != "yes" {
		text += " ≠"
	}
	return text
}

func nanoseconds(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}

func bytesText(n float64) string { return fmt.Sprintf("%.2f MB", n/1e6) }

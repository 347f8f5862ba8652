package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// text is the report for a person, beside the baseline.
func (r report) text(kinds []kind, base *baseline) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, work := range works(r.counts) {
		for _, k := range kinds {
			is, ok := r.counts[work][k]
			if !ok {
				continue
			}
			beside := "new"
			if was, known := base.Counts[work][k]; known {
				beside = "was " + number(was) + ", " + change(was, is)
			}
			if !base.judged(k) {
				beside += "; not judged: the baseline is of " + base.Toolchain + ", this is " + toolchain()
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", work, k, number(is), beside)
		}
	}
	_ = w.Flush() // to a Builder
	for _, note := range r.notes {
		b.WriteString("  not judged: " + note + "\n")
	}
	return b.String()
}

// number shows a count with at most two decimals and groups of three.
func number(v float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', 2, 64), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + " " + whole[i:]
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" && v < 1000 {
		return whole + "." + fraction
	}
	return whole
}

const pageFile = "docs/performance.md"

var pageTable = regexp.MustCompile(`(?s)<!-- begin counts -->\n.*?<!-- end counts -->`)

// updatePage puts the tables into the page.
func updatePage(name string, c counts) error {
	page, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("update the tables: %w", err)
	}
	text, err := withTables(string(page), c)
	if err != nil {
		return fmt.Errorf("update %s: %w", name, err)
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func withTables(page string, c counts) (string, error) {
	if !pageTable.MatchString(page) {
		return "", fmt.Errorf("there is no table between the marks of counts")
	}
	return pageTable.ReplaceAllLiteralString(page, "<!-- begin counts -->\n"+tables(c)+"<!-- end counts -->"), nil
}

// tables are the work inside one process, and that of the whole server.
func tables(c counts) string {
	return table(c, "in the process", []kind{instructions, allocations, allocated}) + "\n" + table(c, "of the whole server", slices.Concat(serverKinds, ringKinds))
}

func table(c counts, title string, kinds []kind) string {
	var b strings.Builder
	b.WriteString("| " + title)
	for _, k := range kinds {
		b.WriteString(" | " + string(k))
	}
	b.WriteString(" |\n|---" + strings.Repeat("|---", len(kinds)) + "|\n")
	for _, work := range works(c) {
		row, any := "| "+work, false
		for _, k := range kinds {
			v, ok := c[work][k]
			if any = any || ok; ok {
				row += " | " + number(v)
			} else {
				row += " | "
			}
		}
		if any {
			b.WriteString(row + " |\n")
		}
	}
	return b.String()
}

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const baselineFile = "bench/counts/baseline.json"

// A kind is what is counted.
type kind string

// The kinds. All are for one unit of the work: a keystroke, a join.
const (
	allocations  kind = "allocations"
	allocated    kind = "bytes allocated"
	instructions kind = "instructions"

	wireBytes    kind = "bytes to the readers"
	noticeBytes  kind = "bytes to the writer"
	socketReads  kind = "socket reads"
	socketWrites kind = "socket writes"
	fileWrites   kind = "file writes"
	fileBytes    kind = "bytes to files"
	syncs        kind = "syncs"
	locks        kind = "file locks"

	requests kind = "calls of io_uring"
)

// compiled are the kinds that another compiler changes.
var compiled = []kind{allocations, allocated, instructions}

// counts are figures by work and kind.
type counts map[string]map[kind]float64

func (c counts) set(work string, k kind, v float64) {
	if c[work] == nil {
		c[work] = map[kind]float64{}
	}
	c[work][k] = v
}

// baseline is the file that counts are held against.
type baseline struct {
	// Toolchain is the minor version of Go and the platform that the compiled
	// kinds belong to.
	Toolchain string `json:"toolchain"`
	// Tolerance is for a kind, or for one figure as "work: kind", which goes
	// first. None = not off at all.
	Tolerance map[string]tolerance `json:"tolerance"`
	Counts    counts               `json:"counts"`
}

// tolerance is how far a count may be off: by the larger of the two.
type tolerance struct {
	Percent float64 `json:"percent"` // of the count in the baseline
	Least   float64 `json:"least"`   // however small the count is
}

func (t tolerance) String() string { return fmt.Sprintf("%g %%, at least %g", t.Percent, t.Least) }

func readBaseline(name string) (*baseline, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the baseline: %w", err)
	}
	var base baseline
	if err := json.Unmarshal(b, &base); err != nil {
		return nil, fmt.Errorf("read the baseline %s: %w", name, err)
	}
	if base.Counts == nil {
		base.Counts = counts{}
	}
	return &base, nil
}

// toolchain is what this program was built with, as a baseline has it.
func toolchain() string {
	version := strings.SplitN(runtime.Version(), ".", 3)
	return strings.Join(version[:min(2, len(version))], ".") + " " + runtime.GOOS + "/" + runtime.GOARCH
}

// judged says whether figures of a kind can be held against the baseline.
func (b *baseline) judged(k kind) bool {
	return b.Toolchain == toolchain() || !slices.Contains(compiled, k)
}

func (b *baseline) tolerance(work string, k kind) tolerance {
	if t, ok := b.Tolerance[work+": "+string(k)]; ok {
		return t
	}
	return b.Tolerance[string(k)]
}

// rounding is what a count may be off in any case: they are kept with two
// decimals.
const rounding = 0.0051

// judge says which counts of these kinds are not as expected.
func (b *baseline) judge(kinds []kind, got counts) (wrong []string) {
	for _, k := range kinds {
		if !b.judged(k) {
			continue
		}
		for _, work := range works(b.Counts, got) {
			was, known := b.Counts[work][k]
			is, counted := got[work][k]
			off := math.Abs(is - was)
			switch t := b.tolerance(work, k); {
			case !known && !counted:
			case !known:
				wrong = append(wrong, fmt.Sprintf("%s: %s: %s, and the baseline has none", work, k, number(is)))
			case !counted:
				wrong = append(wrong, fmt.Sprintf("%s: %s: the baseline has %s, and nothing was counted", work, k, number(was)))
			case off > max(rounding, t.Least, was*t.Percent/100):
				word := "worse"
				if is < was {
					word = "better: lower the baseline"
				}
				wrong = append(wrong, fmt.Sprintf("%s: %s: %s, was %s (%s; tolerance %v): %s", work, k, number(is), number(was), change(was, is), t, word))
			}
		}
	}
	return wrong
}

// accept takes over the counts of these kinds. With another toolchain those of
// the other compiled kinds no longer say anything, so they go.
func (b *baseline) accept(kinds []kind, got counts) {
	if b.Toolchain != toolchain() && slices.Contains(compiled, kinds[0]) {
		b.Toolchain = toolchain()
		b.drop(compiled)
	}
	b.drop(kinds)
	for work, figures := range got {
		for k, v := range figures {
			b.Counts.set(work, k, math.Round(v*100)/100)
		}
	}
}

func (b *baseline) drop(kinds []kind) {
	for work, figures := range b.Counts {
		maps.DeleteFunc(figures, func(k kind, _ float64) bool { return slices.Contains(kinds, k) })
		if len(figures) == 0 {
			delete(b.Counts, work)
		}
	}
}

// write writes the baseline and the table that shows it.
func (b *baseline) write(root string) error {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, baselineFile), append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the baseline: %w", err)
	}
	return updatePage(filepath.Join(root, pageFile), b.Counts)
}

// works are the names of all work in any of the counts, in order.
func works(all ...counts) []string {
	names := map[string]bool{}
	for _, c := range all {
		for work := range c {
			names[work] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func change(was, is float64) string {
	if was == 0 {
		return "was none"
	}
	return fmt.Sprintf("%+.1f %%", (is-was)/was*100)
}

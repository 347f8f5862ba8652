package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/civicpress/realtimefx/bench/compare/chart"
	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// publish draws what was measured in one run or several, and brings the file of
// figures up to date if there is one. Of a scenario that several runs measured
// the last one counts, for all servers.
func publish(folder, figures string, from []string) error {
	all := &result.Report{}
	for _, name := range from {
		r, err := result.Read(name)
		switch {
		case err != nil:
			return fmt.Errorf("draw: %w", err)
		case r.Short:
			return fmt.Errorf("draw: %s is of a run with -short, whose figures say little", name)
		}
		if figures != "" {
			if err := quote(figures, r); err != nil {
				return err
			}
		}
		for _, s := range r.Scenarios {
			all.Scenarios = slices.DeleteFunc(all.Scenarios, func(o result.Scenario) bool { return o.ID == s.ID })
			all.Scenarios = append(all.Scenarios, s)
		}
		r.Scenarios, all = all.Scenarios, r // machine and time are those of the last
	}
	if len(from) == 0 {
		return errors.New("-charts DIR takes arguments, the files that -json has written")
	}
	return draw(folder, all)
}

// draw writes the pictures of a report into a folder.
func draw(folder string, r *result.Report) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	for _, p := range chart.Of(r, servers.Ours) {
		for _, theme := range chart.Themes {
			var b strings.Builder
			name := filepath.Join(folder, p.Name+"-"+theme.Name+".svg")
			if err := errors.Join(p.Write(&b, theme), os.WriteFile(name, []byte(b.String()), 0o644)); err != nil {
				return fmt.Errorf("draw: %w", err)
			}
			fmt.Println(name)
		}
	}
	return nil
}

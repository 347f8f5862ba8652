package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/civicpress/realtimefx/bench/compare/chart"
	"github.com/civicpress/realtimefx/bench/compare/result"
	"github.com/civicpress/realtimefx/bench/compare/servers"
)

// draw writes the pictures of a report into a folder.
func draw(folder, from string) (err error) {
	r, err := result.Read(from)
	if err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	if r.Short {
		return fmt.Errorf("draw: %s is of a run with -short, whose figures say little", from)
	}
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

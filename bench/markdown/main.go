// Command markdown compares this module's Markdown mapping with the stock
// ProseMirror pipeline (stock.mjs beside it) on the records of the demo: how
// many lines of a record change when somebody opens it, changes one word, or
// adds one row; and how long seeding and rendering take. It prints tables in
// Markdown.
//
//	go run ./bench/markdown [-rounds N]
//
// It needs Node; npm ci in this folder is done when its packages are missing.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/civicpress/realtimefx/host/instance"
	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/yjs"
)

func main() {
	rounds := flag.Int("rounds", 15, "measurements of each side")
	flag.Parse()
	if err := run(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "markdown:", err)
		os.Exit(1)
	}
}

type record struct{ id, body string }

func run(rounds int) error {
	records, err := demoRecords()
	if err != nil {
		return err
	}
	stock, err := startStock()
	if err != nil {
		return err
	}
	defer stock.close()
	if err := printDiffs(stock, records); err != nil {
		return err
	}
	fmt.Println()
	return printTimes(stock, records, rounds)
}

func demoRecords() ([]record, error) {
	dir, err := os.MkdirTemp("", "markdown-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	in, content, err := instance.Demo(ctx, dir, instance.Options{Logger: slog.New(slog.DiscardHandler)}, instance.DemoOptions{})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var records []record
	for _, id := range content.Records {
		r, err := in.Record(ctx, id)
		if err != nil {
			return nil, err
		}
		records = append(records, record{id, r.Body})
	}
	return records, nil
}

// printDiffs shows how many lines of each record are not the same afterwards.
func printDiffs(stock *stock, records []record) error {
	fmt.Println("| record | lines | no edit: ours | stock | one word: ours | stock | one row: ours | stock |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|")
	var total [7]int
	for _, r := range records {
		word := firstWord(r.body)
		row := [7]int{strings.Count(r.body, "\n") + 1}
		for i, e := range []edit{{}, {word: word}, {row: true}} {
			ours, err := e.ours(r.body)
			if err != nil {
				return fmt.Errorf("%s: %w", r.id, err)
			}
			theirs, err := stock.roundtrip(e.text(r.body))
			if err != nil {
				return fmt.Errorf("%s: %w", r.id, err)
			}
			row[1+2*i], row[2+2*i] = changed(r.body, ours), changed(r.body, theirs)
		}
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %d | %d |\n", r.id, row[0], row[1], row[2], row[3], row[4], row[5], row[6])
		for i := range row {
			total[i] += row[i]
		}
	}
	fmt.Printf("| **all** | %d | %d | %d | %d | %d | %d | %d |\n", total[0], total[1], total[2], total[3], total[4], total[5], total[6])
	fmt.Println("\nA line counts as changed if the other text lacks it; the larger count of both texts is shown. A blank last line is not counted.")
	return nil
}

func firstWord(body string) string {
	for _, line := range strings.Split(body, "\n") {
		if line == "" || strings.ContainsAny(line[:1], "#|->*<[`1") {
			continue
		}
		for _, w := range strings.Fields(line) {
			if len(w) > 4 && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == "" && strings.Index(body, w) == strings.Index(body, line)+strings.Index(line, w) {
				return w
			}
		}
	}
	return ""
}

// changed counts the lines by which two texts differ.
func changed(a, b string) int {
	x := strings.Split(strings.TrimRight(a, "\n"), "\n")
	y := strings.Split(strings.TrimRight(b, "\n"), "\n")
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	row := make([]int, len(y)+1) // longest common subsequence
	for i := range x {
		diag := 0
		for j := range y {
			up := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diag + 1
			} else {
				row[j+1] = max(up, row[j])
			}
			diag = up
		}
	}
	return max(len(x), len(y)) - row[len(y)]
}

func printTimes(stock *stock, records []record, rounds int) error {
	largest := slices.MaxFunc(records, func(a, b record) int { return len(a.body) - len(b.body) })
	body := []byte(largest.body)
	var seed, render, plain []float64
	var stockSeed, stockRender []float64
	for range rounds {
		s, err := stock.time(largest.body)
		if err != nil {
			return err
		}
		stockSeed, stockRender = append(stockSeed, s.Seed...), append(stockRender, s.Render...)
		start := time.Now()
		seeded, err := markdown.Seed(body, markdown.SeedOptions{ClientID: 1})
		if err != nil {
			return err
		}
		seed = append(seed, since(start))
		doc := yjs.NewDoc(yjs.Options{})
		if err := doc.ApplyUpdate(seeded.Update, nil); err != nil {
			return err
		}
		fragment := doc.XMLFragment(markdown.FragmentName)
		start = time.Now()
		markdown.Canonical(markdown.Read(fragment))
		plain = append(plain, since(start))
		if err := typeWord(doc, firstWord(largest.body)); err != nil {
			return err
		}
		start = time.Now()
		if _, err := markdown.Render(fragment, seeded.Source); err != nil {
			return err
		}
		render = append(render, since(start))
	}
	fmt.Printf("Times on %s (%d KB), medians of %d interleaved rounds, in ms:\n\n", largest.id, len(body)>>10, rounds)
	fmt.Println("| work | ours | stock on Node | ratio |")
	fmt.Println("|---|--:|--:|--:|")
	line := func(what string, ours, theirs []float64) {
		a, b := median(ours), median(theirs)
		fmt.Printf("| %s | %.2f | %.1f | %.0f × |\n", what, a, b, b/a)
	}
	line("seed (Markdown to document)", seed, stockSeed)
	line("render, canonical", plain, stockRender)
	line("render with its source, one word edited", render, stockRender)
	fmt.Printf("\nRendering with the source takes %.2f × the canonical render.\n", median(render)/median(plain))
	return nil
}

func since(t time.Time) float64 { return float64(time.Since(t).Nanoseconds()) / 1e6 }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// stock is the Node side.
type stock struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

type stockTimes struct {
	Seed   []float64 `json:"seed_ms"`
	Render []float64 `json:"render_ms"`
}

func startStock() (*stock, error) {
	dir := filepath.Join("bench", "markdown")
	if _, err := os.Stat(filepath.Join(dir, "stock.mjs")); err != nil {
		return nil, errors.New("run this in the root of the repository")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		ci := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		ci.Dir, ci.Stderr = dir, os.Stderr
		if err := ci.Run(); err != nil {
			return nil, fmt.Errorf("npm ci in %s: %w", dir, err)
		}
	}
	cmd := exec.Command("node", "stock.mjs")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &stock{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	s.out.Buffer(nil, 64<<20)
	return s, nil
}

func (s *stock) close() {
	s.in.Close()
	s.cmd.Wait()
}

func (s *stock) ask(question, answer any) error {
	q, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(q, '\n')); err != nil {
		return err
	}
	if !s.out.Scan() {
		return fmt.Errorf("the Node side ended: %w", s.out.Err())
	}
	var failed struct{ Error string }
	if json.Unmarshal(s.out.Bytes(), &failed) == nil && failed.Error != "" {
		return fmt.Errorf("the stock pipeline: %s", failed.Error)
	}
	return json.Unmarshal(s.out.Bytes(), answer)
}

func (s *stock) roundtrip(text string) (string, error) {
	var a struct{ Markdown string }
	err := s.ask(map[string]any{"op": "roundtrip", "markdown": text}, &a)
	return a.Markdown, err
}

func (s *stock) time(text string) (a stockTimes, err error) {
	err = s.ask(map[string]any{"op": "time", "markdown": text, "rounds": 1}, &a)
	return a, err
}

// Command crashtable prints what the crash tests wrote to a file, one JSON
// object a line, as one table.
//
// Usage: crashtable FILE
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// row is one series of kills or faults.
type row struct {
	Run      string  `json:"run"`
	Kills    int     `json:"kills"`   // kill -9, or faults where nothing is killed
	Stopped  int     `json:"stopped"` // of these after a SIGSTOP for a while
	Acked    int     `json:"acked"`
	Lost     int     `json:"lost"`
	Torn     int     `json:"torn"`
	Twice    int     `json:"twice"`
	AckP50   float64 `json:"ack_p50_ms"`
	AckP99   float64 `json:"ack_p99_ms"`
	Restart  float64 `json:"restart_p50_ms"`
	Longest  float64 `json:"restart_max_ms"`
	Seed     string  `json:"seed"`
	Failed   bool    `json:"failed"` // the series ended early
	Comment  string  `json:"comment"`
	Measured bool    `json:"measured"` // the times are there
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: crashtable FILE")
		os.Exit(2)
	}
	b, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = table(os.Stdout, b)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "crashtable:", err)
		os.Exit(1)
	}
}

func table(w io.Writer, b []byte) error {
	var rows []row
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var r row
		err := d.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return errors.New("no test has reported anything")
	}
	wide := len("run")
	for _, r := range rows {
		wide = max(wide, len(r.Run))
	}
	format := fmt.Sprintf("%%-%ds  %%6v %%8v %%7v %%5v %%5v %%6v  %%9s %%9s  %%11s %%11s  %%-20s%%s", wide)
	line := func(cells ...any) error {
		_, err := fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf(format, cells...), " "))
		return err
	}
	if err := line("run", "kills", "stopped", "acked", "lost", "torn", "twice", "ack p50", "p99", "restart p50", "max", "seed", ""); err != nil {
		return err
	}
	for _, r := range rows {
		ms := func(v float64) string {
			if !r.Measured {
				return "-"
			}
			return fmt.Sprintf("%.1f ms", v)
		}
		end := ""
		if r.Comment != "" {
			end = "  " + r.Comment
		}
		if r.Failed {
			end += "  FAILED"
		}
		if err := line(r.Run, r.Kills, r.Stopped, r.Acked, r.Lost, r.Torn, r.Twice,
			ms(r.AckP50), ms(r.AckP99), ms(r.Restart), ms(r.Longest), r.Seed, end); err != nil {
			return err
		}
	}
	return nil
}

package chart

import (
	"fmt"
	"strings"

	"github.com/civicpress/realtimefx/bench/compare/result"
)

// A Picture is some panels under one title.
type Picture struct {
	Name   string // of the file, without theme and ending
	Title  string
	Panels []Panel
}

// A Panel is one figure of all servers.
type Panel struct {
	Title string
	Unit  string // with what is better
	Bars  []Bar
}

// A Bar is one server.
type Bar struct {
	Server         string
	Value          float64
	Least, Highest float64 // of the rounds
	Text           string  // the value, written out
	Ours           bool
}

// pictures says what is drawn of which scenario.
var pictures = []struct {
	name, title string
	panels      []struct{ scenario, metric, title string }
}{
	{"typing", "Processor time of the server to bring an edit to a reader", []struct{ scenario, metric, title string }{
		{"flat-one", "cpu_us", "One room, 50 clients, as fast as it goes"},
		{"flat-many", "cpu_us", "Ten rooms of ten, as fast as it goes"},
		{"paced", "cpu_us", "25 rooms of eight, ten letters a second"},
	}},
	{"joining", "Processor time of the server when somebody opens a document", []struct{ scenario, metric, title string }{
		{"join-small", "cpu_ms", "A record of 2 KB"},
		{"join-b4", "cpu_ms", "A paper with a long history"},
		{"join-big", "cpu_ms", "A document of 11.5 MB"},
	}},
	{"memory", "Memory of the server", []struct{ scenario, metric, title string }{
		{"idle", "kb_conn", "An idle connection, 10 000 of them"},
		{"rooms", "kb_room", "An open record with one client, 2 000 of them"},
		{"slow", "growth_mb", "While one client does not read 50 MB"},
	}},
	{"latency", "Until others see it, 99 of 100", []struct{ scenario, metric, title string }{
		{"paced", "p99_ms", "A letter, 25 rooms of eight"},
		{"cursors", "p99_ms", "A cursor, sixty of them in one room"},
		{"observers", "p99_ms", "A letter, five hundred look on"},
	}},
	{"size", "Processor time of the server for one letter", []struct{ scenario, metric, title string }{
		{"size", "us_1kb", "In a document of 1 KB"},
		{"size", "us_1mb", "In a document of 1 MB"},
		{"size", "us_10mb", "In a document of 10 MB"},
	}},
}

// Of returns the pictures of a report, those with something to show.
func Of(r *result.Report, ours string) []Picture {
	var all []Picture
	for _, p := range pictures {
		pic := Picture{Name: "bench-" + p.name, Title: p.title}
		for _, want := range p.panels {
			for i := range r.Scenarios {
				if s := &r.Scenarios[i]; s.ID == want.scenario {
					if panel := panelOf(s, want.metric, ours); len(panel.Bars) > 0 {
						panel.Title = want.title
						pic.Panels = append(pic.Panels, panel)
					}
				}
			}
		}
		if len(pic.Panels) > 0 {
			all = append(all, pic)
		}
	}
	return all
}

func panelOf(s *result.Scenario, metric, ours string) (p Panel) {
	for _, m := range s.Metrics {
		if m.Key == metric {
			p.Unit = m.Unit + ", less is better"
			if m.More {
				p.Unit = m.Unit + ", more is better"
			}
		}
	}
	for _, server := range s.Servers() {
		f := s.Figure(server, metric)
		if f.N == 0 {
			continue
		}
		b := Bar{Server: server, Value: max(f.Median, 0), Least: max(f.Min, 0), Highest: max(f.Max, 0), Text: result.Number(f.Median), Ours: strings.HasPrefix(server, ours)}
		if missing, of := s.Missing(server); missing > 0 {
			b.Text += fmt.Sprintf(", %.1f %% lost", 100*float64(missing)/float64(of))
		}
		p.Bars = append(p.Bars, b)
	}
	return p
}

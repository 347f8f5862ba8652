package chart

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/bench/compare/result"
)

// report has all that is drawn, with a server that loses something.
func report() *result.Report {
	r := &result.Report{}
	for _, p := range pictures {
		for _, want := range p.panels {
			s := result.Scenario{ID: want.scenario, Metrics: []result.Metric{{Key: want.metric, Label: "x", Unit: "µs"}}}
			for i, server := range []string{"ours", "relay-drained", "relay", "y-websocket", "hocuspocus"} {
				for round := range 3 {
					s.Measures = append(s.Measures, result.Measure{
						Server: server, Round: round + 1, Values: map[string]float64{want.metric: float64(i*i*40+round) + 0.137},
						Expected: 1000, Delivered: 1000 - int64(i/4),
					})
				}
			}
			r.Scenarios = append(r.Scenarios, s)
		}
	}
	return r
}

// TestPicturesAreGoodXML reads each picture as XML, and looks that nothing
// stands outside of it and all figures are there in words.
func TestPicturesAreGoodXML(t *testing.T) {
	all := Of(report(), "ours")
	if len(all) != len(pictures) {
		t.Fatalf("%d pictures, want %d", len(all), len(pictures))
	}
	for _, p := range all {
		for _, theme := range Themes {
			var b strings.Builder
			if err := p.Write(&b, theme); err != nil {
				t.Fatal(err)
			}
			got := read(t, b.String())
			if got.elements["title"] != 1 || got.elements["desc"] != 1 {
				t.Errorf("%s: no title or no description", p.Name)
			}
			if got.fills[theme.ours] != len(p.Panels) {
				t.Errorf("%s: %d bars are highlighted, want one in each of %d panels", p.Name, got.fills[theme.ours], len(p.Panels))
			}
			for _, panel := range p.Panels {
				for _, bar := range panel.Bars {
					if !strings.Contains(p.describe(), bar.Server+" "+bar.Text) {
						t.Errorf("%s: the description does not say %s %s", p.Name, bar.Server, bar.Text)
					}
				}
			}
			for _, outside := range got.outside {
				t.Errorf("%s: does not fit: %s", p.Name, outside)
			}
		}
	}
}

type picture struct {
	elements, fills map[string]int
	outside         []string
}

func read(t *testing.T, svg string) picture {
	t.Helper()
	got := picture{elements: map[string]int{}, fills: map[string]int{}}
	var last map[string]string
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			got.elements[token.Name.Local]++
			last = map[string]string{}
			for _, a := range token.Attr {
				last[a.Name.Local] = a.Value
			}
			if token.Name.Local == "rect" {
				got.fills[last["fill"]]++
			}
		case xml.CharData:
			s := strings.TrimSpace(string(token))
			if s == "" || last["font-size"] == "" {
				continue
			}
			x, err1 := strconv.ParseFloat(last["x"], 64)
			size, err2 := strconv.ParseFloat(last["font-size"], 64)
			if err1 != nil || err2 != nil {
				t.Fatalf("position of %q: %v", s, last)
			}
			// Letters of such fonts are about 0.55 times as wide as the font is
			// high, heavy ones 0.64.
			wide := 0.55
			if last["font-weight"] == "600" {
				wide = 0.64
			}
			if x+wide*size*float64(len([]rune(s))) > width {
				got.outside = append(got.outside, fmt.Sprintf("%q at %v", s, x))
			}
		}
	}
}

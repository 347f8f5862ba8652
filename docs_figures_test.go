package realtimefx_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A figure is an entry of docs/figures.json: what was measured, by which
// command, and when. The pages quote it by its key and never by hand:
//
//	<!-- figure crash.lost -->0 of 5 514<!-- end -->
//
// and a whole group becomes a table between
//
//	<!-- begin figures crash -->
//	<!-- end figures -->
//
// After an edit of the file "make docs" brings the pages up to date.
type figure struct {
	What    string            `json:"what"`
	Value   string            `json:"value"`
	Unit    string            `json:"unit"`             // "" = none, or named in what
	Beside  map[string]string `json:"beside,omitempty"` // what others gave in the same run, by name
	Command string            `json:"command"`
	From    string            `json:"from,omitempty"` // which figure of make bench it is, for make bench-charts
	Date    string            `json:"date"`           // year, month, day
	Note    string            `json:"note,omitempty"`
}

func (f figure) text() string { return strings.TrimSpace(f.Value + " " + f.Unit) }

var (
	quotedFigure = regexp.MustCompile(`<!-- figure ([a-z0-9.-]+?)(?: of ([^>]+?))? -->(.*?)<!-- end -->`)
	figureTable  = regexp.MustCompile(`(?s)<!-- begin figures ([a-z0-9-]+) -->\n(.*?)<!-- end figures -->`)
)

// quote puts the figures into a page. used collects the keys.
func quote(page string, figures map[string]figure, used map[string]bool) (string, error) {
	var err error
	page = quotedFigure.ReplaceAllStringFunc(page, func(s string) string {
		m := quotedFigure.FindStringSubmatch(s)
		f, ok := figures[m[1]]
		text := f.text()
		if m[2] != "" && ok {
			text, ok = f.Beside[m[2]]
		}
		if !ok {
			err = fmt.Errorf("there is no figure %q %q", m[1], m[2])
			return s
		}
		used[m[1]] = true
		return s[:strings.Index(s, "-->")+3] + text + "<!-- end -->"
	})
	page = figureTable.ReplaceAllStringFunc(page, func(s string) string {
		group := figureTable.FindStringSubmatch(s)[1]
		return "<!-- begin figures " + group + " -->\n" + figureRows(group, figures, used) + "<!-- end figures -->"
	})
	return page, err
}

// figureRows makes the table of a group. Whoever was measured beside has a
// column.
func figureRows(group string, figures map[string]figure, used map[string]bool) string {
	var keys []string
	others := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(figures)) {
		if strings.HasPrefix(key, group+".") {
			keys = append(keys, key)
			used[key] = true
			for name := range figures[key].Beside {
				others[name] = true
			}
		}
	}
	if len(keys) == 0 {
		return "Not measured yet.\n"
	}
	columns := slices.Sorted(maps.Keys(others))
	var b strings.Builder
	cell := func(s string) { fmt.Fprintf(&b, " %s |", strings.ReplaceAll(s, "|", "\\|")) }
	b.WriteString("| | here |")
	for _, name := range columns {
		cell(name)
	}
	b.WriteString(" how measured |\n|---|---|" + strings.Repeat("---|", len(columns)) + "---|\n")
	for _, key := range keys {
		f := figures[key]
		b.WriteString("|")
		cell(f.What)
		cell(f.text())
		for _, name := range columns {
			cell(f.Beside[name])
		}
		how := "`" + f.Command + "`, " + f.Date
		if f.Note != "" {
			how += "; " + f.Note
		}
		cell(how)
		b.WriteString("\n")
	}
	return b.String()
}

// Every figure in the pages is what docs/figures.json says, and everything
// there is quoted somewhere and says how to measure it again.
func TestFiguresIsCurrent(t *testing.T) {
	var figures map[string]figure
	d := json.NewDecoder(strings.NewReader(read(t, "docs/figures.json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&figures); err != nil {
		t.Fatalf("docs/figures.json: %v", err)
	}
	used := map[string]bool{}
	for name, page := range pages(t) {
		want, err := quote(page, figures, used)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case want == page:
		case os.Getenv("UPDATE_DOCS") == "":
			t.Errorf("%s does not quote docs/figures.json: run \"make docs\"", name)
		default:
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	makefile := read(t, "Makefile")
	for key, f := range figures {
		if !used[key] {
			t.Errorf("docs/figures.json: no page quotes %s", key)
		}
		if _, err := time.Parse(time.DateOnly, f.Date); err != nil || f.What == "" || f.Value == "" {
			t.Errorf("docs/figures.json: %s lacks what, value or a date like 2026-03-01", key)
		}
		words := strings.Fields(f.Command)
		if len(words) < 2 || words[0] != "make" || !strings.Contains(makefile, "\n"+words[1]+": ") {
			t.Errorf("docs/figures.json: %s: %q is no command of the Makefile", key, f.Command)
		}
	}
}

// A page that quotes something else, or nothing that is there, is noticed.
func TestQuoteCanFail(t *testing.T) {
	figures := map[string]figure{"a.b": {What: "lost", Value: "0 of 9", Unit: "words", Beside: map[string]string{"Another": "3 of 9"}, Command: "make x", Date: "2026-03-01"}}
	for page, want := range map[string]string{
		"<!-- figure a.b -->1<!-- end -->":                    "<!-- figure a.b -->0 of 9 words<!-- end -->",
		"<!-- figure a.b of Another --><!-- end -->":          "<!-- figure a.b of Another -->3 of 9<!-- end -->",
		"<!-- begin figures a -->\nold\n<!-- end figures -->": "<!-- begin figures a -->\n| | here | Another | how measured |\n|---|---|---|---|\n| lost | 0 of 9 words | 3 of 9 | `make x`, 2026-03-01 |\n<!-- end figures -->",
		"<!-- begin figures b -->\n<!-- end figures -->":      "<!-- begin figures b -->\nNot measured yet.\n<!-- end figures -->",
	} {
		if got, err := quote(page, figures, map[string]bool{}); err != nil || got != want {
			t.Errorf("%s becomes\n%s\n%v, want\n%s", page, got, err, want)
		}
	}
	for _, page := range []string{"<!-- figure a.c -->1<!-- end -->", "<!-- figure a.b of Nobody -->1<!-- end -->"} {
		if _, err := quote(page, figures, map[string]bool{}); err == nil {
			t.Errorf("%s passes", page)
		}
	}
}

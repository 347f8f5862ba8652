package chart

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// A Theme is the colours of a page.
type Theme struct {
	Name                         string
	page, text, quiet, bar, ours string
}

// Themes are those that pictures are drawn in.
var Themes = []Theme{
	{"light", "#ffffff", "#1f2328", "#59636e", "#b6c2cf", "#0a6b4b"},
	{"dark", "#0d1117", "#f0f6fc", "#9aa4af", "#4a5563", "#3fb68b"},
}

// Measures of a picture, in units of its width of 360.
const (
	width      = 360
	margin     = 12
	labelWidth = 92
	barWidth   = 120 // of the longest
	rowHeight  = 20
	barHeight  = 12
	fontSize   = 12
	titleSize  = 14
	lineHeight = 18
	titleChars = 37 // in a line of the title
)

// Write draws a picture.
func (p Picture) Write(w io.Writer, t Theme) error {
	var b strings.Builder
	y := float64(margin)
	lines := wrap(p.Title, titleChars)
	for _, line := range lines {
		y += lineHeight
		text(&b, margin, y-4, titleSize, t.text, "600", line)
	}
	for _, panel := range p.Panels {
		y = panel.draw(&b, y+10, t)
	}
	height := y + margin
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %s" role="img" aria-labelledby="t d" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif">`+
		"\n<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n<rect width=\"%d\" height=\"%s\" fill=\"%s\"/>\n",
		width, number(height), escape(p.Title), escape(p.describe()), width, number(height), t.page)
	_, err := io.WriteString(w, head+b.String()+"</svg>\n")
	return err
}

// draw draws a panel from y on and returns where it ends.
func (p Panel) draw(b *strings.Builder, y float64, t Theme) float64 {
	text(b, margin, y+fontSize, fontSize, t.text, "600", p.Title)
	text(b, margin, y+fontSize+15, fontSize-1, t.quiet, "400", p.Unit)
	y += 34
	most := 0.0
	for _, bar := range p.Bars {
		most = max(most, bar.Value, bar.Highest)
	}
	length := func(v float64) float64 {
		if most == 0 {
			return 0
		}
		return min(v/most, 1) * barWidth
	}
	for _, bar := range p.Bars {
		fill, weight := t.bar, "400"
		if bar.Ours {
			fill, weight = t.ours, "600"
		}
		text(b, margin, y+fontSize, fontSize, t.text, weight, bar.Server)
		from := float64(margin + labelWidth)
		long := max(length(bar.Value), 1)
		fmt.Fprintf(b, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", number(from), number(y+2), number(long), barHeight, fill)
		if low, high := length(bar.Least), length(bar.Highest); high-low > 1 {
			fmt.Fprintf(b, "<path d=\"M%s %sH%s\" stroke=\"%s\" stroke-width=\"1\"/>\n", number(from+low), number(y+2+barHeight/2), number(from+high), t.text)
		}
		text(b, from+max(long, length(bar.Highest))+6, y+fontSize, fontSize, t.text, weight, bar.Text)
		y += rowHeight
	}
	return y
}

// describe says in words what the picture shows.
func (p Picture) describe() string {
	var b strings.Builder
	for _, panel := range p.Panels {
		fmt.Fprintf(&b, "%s, in %s: ", panel.Title, panel.Unit)
		for i, bar := range panel.Bars {
			if i > 0 {
				b.WriteString("; ")
			}
			fmt.Fprintf(&b, "%s %s", bar.Server, bar.Text)
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}

func text(b *strings.Builder, x, y float64, size int, fill, weight, s string) {
	fmt.Fprintf(b, "<text x=\"%s\" y=\"%s\" font-size=\"%d\" font-weight=\"%s\" fill=\"%s\">%s</text>\n", number(x), number(y), size, weight, fill, escape(s))
}

func number(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", math.Round(v*10)/10), ".0")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // into a strings.Builder
	return b.String()
}

// wrap breaks a text into lines of at most n characters.
func wrap(s string, n int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && len(line)+1+len(word) > n {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

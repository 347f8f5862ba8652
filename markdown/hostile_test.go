package markdown

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// hostile are inputs that make careless parsers slow: each grows with n.
var hostile = map[string]func(n int) string{
	"quotes":            func(n int) string { return repeat(">", n) + "a" },
	"lazy quote":        func(n int) string { return repeat(">", 300) + "a\n" + repeat("b\n", n/8) },
	"bullets":           func(n int) string { return repeat("- ", n) + "a" },
	"pluses":            func(n int) string { return repeat("+ ", n) + "a" },
	"numbers":           func(n int) string { return repeat("1. ", n) + "a" },
	"quoted items":      func(n int) string { return repeat("> - ", n) + "a" },
	"empty items":       func(n int) string { return repeat("-\n", n) },
	"brackets":          func(n int) string { return repeat("[", n) },
	"bracket pairs":     func(n int) string { return repeat("[", n) + "a" + repeat("]", n) },
	"known brackets":    func(n int) string { return "[a]: /u\n\n" + repeat("[", n) + repeat("]", n) },
	"open links":        func(n int) string { return repeat("[a](", n) },
	"open targets":      func(n int) string { return repeat("[a](b", n) },
	"open labels":       func(n int) string { return "[a]: /u\n\n" + repeat("[a][", n/8) },
	"images":            func(n int) string { return repeat("![", n) },
	"nested images":     func(n int) string { return repeat("![", n) + "a" + repeat("](b)", n) },
	"stars":             func(n int) string { return repeat("*a ", n) },
	"mixed stars":       func(n int) string { return repeat("*a**a ", n) },
	"stars, closers":    func(n int) string { return repeat("a**b", n) + repeat("c* ", n) },
	"underscores":       func(n int) string { return repeat("_a __b ", n) + repeat("c_ d__ ", n) },
	"alternating":       func(n int) string { return repeat("*_", n) },
	"star run":          func(n int) string { return repeat("*", n) + "a" + repeat("*", n) },
	"backticks":         func(n int) string { return repeat("`a``b", n) },
	"longer backticks":  func(n int) string { return longerRuns(n, "`") },
	"signs":             func(n int) string { return repeat("<", n) },
	"comments":          func(n int) string { return repeat("a <!--", n) },
	"dashed comments":   func(n int) string { return repeat("a <!-- --->", n) },
	"instructions":      func(n int) string { return repeat("a <?", n) },
	"declarations":      func(n int) string { return repeat("a <!A", n) },
	"attributes":        func(n int) string { return repeat("a <b x=\"", n) },
	"references":        func(n int) string { return repeat(`<!--civic-ref type="record" id="a" label="b"`, n/8) },
	"entities":          func(n int) string { return repeat("&amp;&a", n) },
	"lines":             func(n int) string { return repeat("word\n", n) },
	"returns":           func(n int) string { return repeat("\r", n) },
	"definitions":       func(n int) string { return numbered(n, "[a%d]: /u\n") },
	"open titles":       func(n int) string { return repeat("[a]: /u \"\n", n) },
	"open title":        func(n int) string { return "[a]: /u \"\n" + repeat("b\n", n) },
	"open label":        func(n int) string { return "[a\n" + repeat("b\n", n) },
	"labels over lines": func(n int) string { return repeat("[a\n]: /u\n", n) },
	"footnotes":         func(n int) string { return repeat("[^a]: x\n\n", n/4) },
	"rows":              func(n int) string { return "|a|b|\n|-|-|\n" + repeat("|a|b|\n", n) },
	"columns":           func(n int) string { return repeat("|a", n) + "\n" + repeat("|-", n) + "\n" + repeat("|a", n) },
	"headers":           func(n int) string { return repeat("|a|b|\n", n) + "|-|-|\n" },
	"delimiters":        func(n int) string { return repeat("|-|-|\n", n) },
	"escaped pipes":     func(n int) string { return "|a|\n|-|\n|" + repeat(`\|`, n) + "|\n" },
	"headings":          func(n int) string { return repeat("a\n-\n", n) },
	"tags":              func(n int) string { return repeat("<b>", n) },
	"HTML blocks":       func(n int) string { return repeat("<div>\n\n", n/4) },
	"raw names":         func(n int) string { return repeat("```"+rawParams+"\n", n/8) },
	"indented code":     func(n int) string { return repeat("    a\n\n", n) },
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func longerRuns(n int, s string) string {
	var b strings.Builder
	for i := 1; b.Len() < 4*n; i++ {
		b.WriteString("e" + repeat(s, i))
	}
	return b.String()
}

// TestHostileInput reads and writes each input in two sizes. The memory used shows what grows
// faster than the input; a time that does is seen by whoever waits for the test.
func TestHostileInput(t *testing.T) {
	const n = 4000
	for name, input := range hostile {
		t.Run(name, func(t *testing.T) {
			small, large := allocated(t, input(n)), allocated(t, input(8*n))
			if large > 16*small+1<<20 {
				t.Errorf("8 times the input takes %d times the memory (%d bytes)", large/max(small, 1), large)
			}
		})
	}
}

func allocated(t *testing.T, src string) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	doc, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	out := Canonical(doc)
	runtime.ReadMemStats(&after)
	if len(out) > 0 {
		if _, err := Parse(out); err != nil {
			t.Fatal(err)
		}
	}
	return after.TotalAlloc - before.TotalAlloc
}

// TestShortRows: missing cells are filled up to a limit, then the table ends.
func TestShortRows(t *testing.T) {
	doc, err := Parse([]byte(repeat("|a", 1000) + "\n" + repeat("|-", 1000) + "\n" + repeat("|a\n", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	rows := len(doc.Content[0].Content)
	if want := 1 + maxFilledCells/999; rows != want {
		t.Errorf("the table has %d rows, want %d", rows, want)
	}
	if len(doc.Content) < 2 {
		t.Error("what follows the table is lost")
	}
}

func TestLimits(t *testing.T) {
	for name, src := range map[string]string{
		"bytes": repeat("a", MaxSource+1),
		"nodes": repeat("a\n\n", MaxNodes),
		"cells": "|a|b|c|\n|-|-|-|\n" + repeat("|a|b|c|\n", MaxNodes/6),
	} {
		_, err := Parse([]byte(src))
		var limit *LimitError
		if !errors.As(err, &limit) {
			t.Errorf("%s: got %v, want a LimitError", name, err)
			continue
		}
		if limit.Size <= limit.Limit {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeepTree: what nests deeper than Markdown may is written without its containers.
func TestDeepTree(t *testing.T) {
	doc := &Node{Type: typeParagraph, Content: []*Node{{Type: typeText, Text: "deep"}}}
	for range 20_000 {
		item := &Node{Type: typeListItem, Content: []*Node{{Type: typeParagraph, Content: []*Node{{Type: typeText, Text: "x"}}}, doc}}
		doc = &Node{Type: typeBulletList, Content: []*Node{item}}
	}
	out := string(Canonical(&Node{Type: typeDoc, Content: []*Node{doc}}))
	if n := strings.Count(out, "x"); n != 20_000 || !strings.HasSuffix(out, "deep") {
		t.Errorf("%d of 20000 items are written", n)
	}
	if len(out) > 20_000*(2*MaxDepth+20) {
		t.Errorf("%d bytes", len(out))
	}
}

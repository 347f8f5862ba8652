package markdown

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// exceptions lists, by name, the corpus cases in which the existing editor loses content that
// we keep, with the reason. See testdata/exceptions.txt.
var exceptions = readExceptions()

func readExceptions() map[string]string {
	f, err := os.Open("testdata/exceptions.txt")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	m := make(map[string]string)
	reason := ""
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		switch {
		case strings.HasPrefix(line, "#") || line == "":
		case strings.HasPrefix(line, "="):
			reason = strings.TrimSpace(line[1:])
		default:
			for _, name := range strings.Fields(line) {
				m[name] = reason
			}
		}
	}
	return m
}

// TestParseCorpus: the tree is the existing editor's, except where that editor loses content;
// then ours has what the source says.
func TestParseCorpus(t *testing.T) {
	for _, file := range []string{"own.jsonl", "markdown-dev.jsonl", "commonmark-dev.jsonl"} {
		for _, c := range readCorpus(t, file) {
			t.Run(c.Name, func(t *testing.T) {
				got, err := Parse([]byte(c.Markdown))
				if err != nil {
					t.Fatal(err)
				}
				if !valid(got) {
					t.Errorf("not a document of the schema: %s", jsonOf(t, got))
				}
				reason := exceptions[c.Name]
				if same := Equal(got, c.PM); same && reason != "" {
					t.Errorf("is the same, although listed as exception: %s", reason)
				} else if !same && reason == "" {
					t.Errorf("%q\n got %s\nwant %s", c.Markdown, jsonOf(t, got), jsonOf(t, c.PM))
				}
				if reason != "" && !strings.Contains(reason, "kept but for") {
					checkNothingLost(t, c.Markdown, got)
				}
			})
		}
	}
}

// checkNothingLost looks for every word of the source in the tree.
func checkNothingLost(t *testing.T, src string, doc *Node) {
	t.Helper()
	src = definition.ReplaceAllString(src, "")
	src = civicRefs.ReplaceAllString(src, "$1 $2 $3")
	src = strings.ReplaceAll(src, "<br>", " ") // shown as a line break in cells and headings
	words := strings.Join(wordsOf(allText(doc)), " ") + " "
	for _, w := range wordsOf(src) {
		if !strings.Contains(words, w) {
			t.Errorf("%q of %q is not in %s", w, src, jsonOf(t, doc))
		}
	}
	checkReadsBack(t, doc)
}

var (
	// Definitions show only where they are used.
	definition = regexp.MustCompile(`(?m)^\[[^\]\n]*\]:.*$`)
	civicRefs  = regexp.MustCompile(`<!--civic-ref\s+type="([^"]+)"\s+id="([^"]+)"\s+label="([^"]*)"-->`)
)

func allText(n *Node) string {
	var b strings.Builder
	b.WriteString(n.Text)
	for _, attrs := range append([][]Attr{n.Attrs}, markAttrs(n)...) {
		for _, a := range attrs {
			if s, ok := a.Value.(string); ok {
				b.WriteString(" " + s + " ")
			}
			if i, ok := a.Value.(int); ok && a.Name == "order" {
				for k := range n.Content {
					b.WriteString(" " + itoa(i+k) + " ")
				}
			}
		}
	}
	for _, c := range n.Content {
		b.WriteString(" " + allText(c))
	}
	return b.String()
}

func markAttrs(n *Node) (all [][]Attr) {
	for _, m := range n.Marks {
		all = append(all, m.Attrs)
	}
	return all
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

package config

import (
	"fmt"
	"strings"
)

// Template returns a realtime.yml in which every key stands, explained, as a
// comment with its default: uncomment what is to differ.
func Template() []byte {
	var b strings.Builder
	b.WriteString("# CivicPress realtime: editing records together.\n" +
		"# Every key is shown with its default; take away \"# \" from a line to change it.\n" +
		"# Check the file with: civicpress config check --dir DIR\n\nrealtime:\n")
	section := ""
	for _, f := range Fields() {
		name, indent := f.Key, "  "
		if s, rest, ok := strings.Cut(f.Key, "."); ok {
			if s != section {
				section = s
				fmt.Fprintf(&b, "\n  %s:\n", section)
			}
			name, indent = rest, "    "
		}
		b.WriteString("\n")
		for _, line := range wrap(f.Effect, 90) {
			fmt.Fprintf(&b, "%s# %s\n", indent, line)
		}
		if about := about(f); about != "" {
			fmt.Fprintf(&b, "%s# (%s)\n", indent, about)
		}
		fmt.Fprintf(&b, "%s# %s: %s\n", indent, name, f.Default)
	}
	return []byte(b.String())
}

func about(f Field) string {
	var parts []string
	for _, p := range []string{f.Unit, f.Range} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "; ")
}

// Reference returns the table of all keys in Markdown, for the documentation.
func Reference() []byte {
	var b strings.Builder
	b.WriteString("| key | default | unit | range | effect |\n|---|---|---|---|---|\n")
	for _, f := range Fields() {
		key := "`" + f.Key + "`"
		if f.Ours {
			key += " (new)"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n",
			key, f.Default, f.Unit, f.Range, strings.ReplaceAll(f.Effect, "|", `\|`))
	}
	return []byte(b.String())
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

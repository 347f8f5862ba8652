package instance

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// setKeys returns the front matter with the given top-level keys set (nil
// removes a key), and every other byte as it was. The result is parsed again
// and compared: if anything but these keys changed, or they did not, it is an
// error and nothing is lost.
func setKeys(d document, changes fields) (document, error) {
	if len(changes) == 0 {
		return d, nil
	}
	before, err := parseFrontMatter(d.yaml)
	if err != nil {
		return document{}, err
	}
	newline := "\n"
	if strings.HasSuffix(d.head[:d.at], "\r\n") {
		newline = "\r\n"
	}
	text := d.yaml
	for _, c := range changes {
		if text, err = setKey(text, c.key, c.value, newline); err != nil {
			return document{}, err
		}
	}
	after, err := parseFrontMatter(text)
	if err != nil {
		return document{}, fmt.Errorf("front matter cannot be edited safely, please edit the file by hand: %w", err)
	}
	if !same(applied(before, changes), after) {
		return document{}, fmt.Errorf("%w: it cannot be edited safely, please edit the file by hand", ErrFrontMatter)
	}
	d.head = d.head[:d.at] + text + d.head[d.at+len(d.yaml):]
	d.yaml = text
	return d, nil
}

// applied is the mapping that setKeys has to arrive at.
func applied(f, changes fields) fields {
	out := slices.Clone(f)
	for _, c := range changes {
		i := slices.IndexFunc(out, func(e field) bool { return e.key == c.key })
		switch {
		case i >= 0 && c.value == nil:
			out = slices.Delete(out, i, i+1)
		case i >= 0:
			out[i].value = c.value
		case c.value != nil:
			out = append(out, c)
		}
	}
	return out
}

// topLevelKey matches a line that begins a top-level entry of a block mapping.
var topLevelKey = regexp.MustCompile(`^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'\[\]{}&*!|>%@,?-][^:#]*?|-[^\s:#][^:#]*?)[ \t]*:(?:[ \t]|\r?\n|$)`)

// setKey sets or removes one top-level key of a block mapping.
func setKey(text, key string, value any, newline string) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	start := slices.IndexFunc(lines, func(line string) bool { return keyOf(line) == key })
	if start < 0 {
		if value == nil {
			return text, nil
		}
		entry, err := renderEntry(key, value, newline)
		if err != nil {
			return "", err
		}
		return strings.Join(slices.Insert(lines, placeFor(lines, key), entry), ""), nil
	}
	end := endOf(lines, start)
	entry := ""
	if value != nil {
		var err error
		if entry, err = rewriteEntry(lines[start:end], key, value, newline); err != nil {
			return "", err
		}
	}
	return strings.Join(lines[:start], "") + entry + strings.Join(lines[end:], ""), nil
}

// keyOf returns the key of a line that begins a top-level entry, else "".
func keyOf(line string) string {
	m := topLevelKey.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	switch m[1][0] {
	case '"':
		if s, err := strconv.Unquote(m[1]); err == nil {
			return s
		}
	case '\'':
		return strings.ReplaceAll(m[1][1:len(m[1])-1], "''", "'")
	}
	return m[1]
}

// rewriteEntry writes the new value of an entry, keeping the quotes of a text
// that stands on one line.
func rewriteEntry(old []string, key string, value any, newline string) (string, error) {
	text, isText := value.(string)
	if isText && len(old) == 1 && !strings.ContainsAny(text, "\r\n") {
		m := topLevelKey.FindStringSubmatchIndex(old[0])
		before := old[0][:m[3]]
		rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(old[0][m[3]:], " \t"), ":"))
		if strings.HasPrefix(rest, "'") {
			return before + ": '" + strings.ReplaceAll(text, "'", "''") + "'" + newline, nil
		}
		if strings.HasPrefix(rest, `"`) {
			quoted, err := marshalJSON(text)
			if err != nil {
				return "", err
			}
			return before + ": " + string(quoted) + newline, nil
		}
	}
	return renderEntry(key, value, newline)
}

// renderEntry writes "key: value" in the core's style.
func renderEntry(key string, value any, newline string) (string, error) {
	b, err := yaml.MarshalWithOptions(yaml.MapSlice{{Key: key, Value: forYAML(value)}}, yaml.Indent(2), yaml.IndentSequence(true))
	if err != nil {
		return "", fmt.Errorf("write %s as YAML: %w", key, err)
	}
	return strings.ReplaceAll(string(b), "\n", newline), nil
}

func forYAML(v any) any {
	switch v := v.(type) {
	case fields:
		m := make(yaml.MapSlice, len(v))
		for i, e := range v {
			m[i] = yaml.MapItem{Key: e.key, Value: forYAML(e.value)}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = forYAML(item)
		}
		return list
	case string:
		if !survives(v) {
			return quoted(v)
		}
		return v
	default:
		return v
	}
}

// survives reports whether the library reads a text as it writes it; it does
// not for some with tabs, carriage returns or a leading question mark.
func survives(s string) bool {
	if !strings.ContainsAny(s, "\t\r?.") {
		return true
	}
	b, err := yaml.Marshal([]string{s})
	if err != nil {
		return false
	}
	var back []any
	return yaml.Unmarshal(b, &back) == nil && len(back) == 1 && back[0] == s
}

// quoted is written as JSON, which is YAML's double-quoted style.
type quoted string

// MarshalYAML returns the JSON text.
func (q quoted) MarshalYAML() ([]byte, error) { return marshalJSON(string(q)) }

// groups is the order in which the core writes the keys; a blank line stands
// between groups.
var groups = [][]string{
	{"id", "title", "type", "status"},
	{"author", "authors"},
	{"created", "updated"},
	{"tags", "module", "slug", "version", "priority", "department"},
	{"source"},
	{"commit_ref", "commit_signature"},
	{"geography_data", "category", "session_type", "date", "duration", "location", "attendees", "topics", "media"},
	{"linked_records", "linked_geography_files"},
	{"attached_files"},
}

// groupOf returns the number of the key's group; keys without one come last.
func groupOf(key string) int {
	for i, g := range groups {
		if slices.Contains(g, key) {
			return i
		}
	}
	return len(groups)
}

// endOf returns the line after the entry that begins at start. Blank lines and
// comments before the next entry belong to that one.
func endOf(lines []string, start int) int {
	end := start + 1
	for end < len(lines) && keyOf(lines[end]) == "" {
		end++
	}
	for end > start+1 && (strings.TrimSpace(lines[end-1]) == "" || lines[end-1][0] == '#') {
		end--
	}
	return end
}

// placeFor returns the line before which a new key goes: after the last entry
// of its group, else of an earlier one.
func placeFor(lines []string, key string) int {
	place, best := 0, -1
	for i, line := range lines {
		if k := keyOf(line); k != "" {
			if g := groupOf(k); g <= groupOf(key) && g >= best {
				place, best = endOf(lines, i), g
			}
		}
	}
	return place
}

// renderFrontMatter writes all of a new file's front matter, delimiters
// included.
func renderFrontMatter(f fields) (string, error) {
	sorted := slices.Clone(f)
	rank := func(e field) int {
		g := groupOf(e.key)
		if g == len(groups) {
			return g << 8
		}
		return g<<8 + slices.Index(groups[g], e.key)
	}
	slices.SortStableFunc(sorted, func(a, b field) int { return rank(a) - rank(b) })
	var b strings.Builder
	b.WriteString("---\n")
	last := -1
	for _, e := range sorted {
		if e.value == nil {
			continue
		}
		if g := groupOf(e.key); g != last {
			if last >= 0 {
				b.WriteByte('\n')
			}
			last = g
		}
		entry, err := renderEntry(e.key, e.value, "\n")
		if err != nil {
			return "", err
		}
		b.WriteString(entry)
	}
	b.WriteString("\n---\n")
	return b.String(), nil
}

// same reports whether two values mean the same, whatever the order of their
// keys and the Go types of their numbers.
func same(a, b any) bool {
	x, errX := normal(a)
	y, errY := normal(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func normal(v any) (any, error) {
	b, err := marshalJSON(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = json.Unmarshal(b, &out)
	return out, err
}

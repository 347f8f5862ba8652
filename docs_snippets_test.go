package realtimefx_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// pages returns the documents by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range []string{"README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"} {
		out[f] = read(t, f)
	}
	err := filepath.WalkDir("docs", func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".md") {
			out[filepath.ToSlash(p)] = read(t, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// Snippets of Go and YAML can be read; commands stand only in pages whose
// commands are run.
func TestSnippets(t *testing.T) {
	run := map[string]bool{"docs/install.md": true, "docs/troubleshooting.md": true, "docs/deployment.md": true}
	seen := map[string]int{}
	for name, page := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(page, -1) {
			kind, text := m[1], m[2]
			seen[kind]++
			var err error
			switch kind {
			case "go":
				err = readGo(text)
			case "yaml":
				var v any
				err = yaml.Unmarshal([]byte(text), &v)
			case "sh":
				if !run[name] {
					t.Errorf("%s has commands that no test runs:\n%s", name, text)
				}
			case "":
			default:
				t.Errorf("%s: nothing checks a snippet of %s", name, kind)
			}
			if err != nil {
				t.Errorf("%s: %v in\n%s", name, err, text)
			}
		}
	}
	if seen["go"] < 3 || seen["yaml"] < 1 || seen["sh"] < 15 {
		t.Errorf("snippets found: %v; the pattern no longer fits", seen)
	}
}

// readGo parses a file, statements, or an expression.
func readGo(text string) error {
	if _, err := parser.ParseExpr(strings.TrimSpace(text)); err == nil {
		return nil
	}
	if !strings.HasPrefix(text, "package ") {
		text = "package p\nfunc _() {\n" + text + "}\n"
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	return err
}

// Links between the documents lead somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	found := 0
	for name, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Scheme != "" || u.Path == "" {
				continue
			}
			found++
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), u.Path)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, m[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("%d links found", found)
	}
}

// Keys of realtime.yml and flags of commands that the pages name exist.
func TestKeysExist(t *testing.T) {
	reference := read(t, "docs/configuration.md")
	key := regexp.MustCompile("`((?:rooms|snapshots|rate_limiting|limits|sessions|connection_cleanup)\\.[a-z_]+)`")
	found := 0
	for name, page := range pages(t) {
		for _, m := range key.FindAllStringSubmatch(page, -1) {
			found++
			if !strings.Contains(reference, "| `"+m[1]+"`") {
				t.Errorf("%s names the key %s, which does not exist", name, m[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("%d keys found", found)
	}
}

package realtimefx_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The table of figures is made from the code.
func TestMetricsPageIsCurrent(t *testing.T) {
	const file, begin, end = "docs/metrics.md", "<!-- begin generated: make docs -->\n", "<!-- end generated -->"
	page := read(t, file)
	head, rest, ok := strings.Cut(page, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its marks", file)
	}
	want := head + begin + metricTable(t) + end + tail
	switch {
	case want == page:
	case os.Getenv("UPDATE_DOCS") == "":
		t.Errorf("%s is not what the code says: run \"make docs\"", file)
	default:
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// oneLine makes a text fit into a table.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "\\|")
}

// metricTable lists the figures with the help that Prometheus shows.
func metricTable(t *testing.T) string {
	t.Helper()
	type figure struct{ name, labels, help string }
	var all []figure
	text := func(e ast.Expr) string {
		s := ""
		if lit, ok := e.(*ast.BasicLit); ok {
			s, _ = strconv.Unquote(lit.Value)
		}
		return s
	}
	ast.Inspect(parse(t, "realtime/metrics.go"), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "desc" && text(n.Args[0]) != "" {
				var labels []string
				for _, a := range n.Args[2:] {
					labels = append(labels, text(a))
				}
				all = append(all, figure{text(n.Args[0]), strings.Join(labels, ", "), text(n.Args[1])})
			}
		case *ast.CompositeLit:
			if len(n.Elts) == 3 && text(n.Elts[0]) != "" && text(n.Elts[1]) != "" {
				all = append(all, figure{text(n.Elts[0]), "", text(n.Elts[1])})
			}
		}
		return true
	})
	if len(all) < 30 {
		t.Fatalf("%d figures found in realtime/metrics.go", len(all))
	}
	slices.SortFunc(all, func(a, b figure) int { return cmp.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString("| figure | kind | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range all {
		kind := "gauge"
		switch {
		case strings.HasSuffix(f.name, "_total"):
			kind = "counter"
		case f.name == "durable_ack_seconds" || f.name == "journal_fsync_seconds":
			kind = "histogram"
		}
		fmt.Fprintf(&b, "| `civicpress_realtime_%s` | %s | %s | %s |\n", f.name, kind, f.labels, oneLine(f.help))
	}
	return b.String()
}

// The page of error codes has every code that the sources send.
func TestErrorCodesAreDocumented(t *testing.T) {
	page := read(t, "docs/errors.md")
	code := regexp.MustCompile(`"([A-Z][A-Z]+(?:_[A-Z]+)+|UNAVAILABLE|INTERNAL)"`)
	found := map[string]string{}
	for _, dir := range []string{"realtime", "realtime/room", "realtime/internal/wire", "realtime/internal/session", "realtime/store/api", "host/instance/api", "."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, m := range code.FindAllStringSubmatch(read(t, f), -1) {
				found[m[1]] = f
			}
		}
	}
	delete(found, "NODE_ENV") // of the environment
	if len(found) < 30 {
		t.Fatalf("%d codes found", len(found))
	}
	for c, f := range found {
		if !strings.Contains(page, "| `"+c+"` |") {
			t.Errorf("docs/errors.md does not explain %s of %s", c, f)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(page, -1) {
		if found[m[1]] == "" {
			t.Errorf("docs/errors.md explains %s, which nothing sends", m[1])
		}
	}
}

// The OpenAPI file is one, and has the endpoints that the code serves.
func TestOpenAPI(t *testing.T) {
	var doc struct {
		OpenAPI string `yaml:"openapi"`
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]any
		Parts   struct {
			Schemas, Responses, Parameters, SecuritySchemes map[string]any
		} `yaml:"components"`
	}
	source := read(t, "docs/openapi.yml")
	if err := yaml.Unmarshal([]byte(source), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Title == "" || doc.Info.Version == "" {
		t.Errorf("openapi %q, title %q, version %q", doc.OpenAPI, doc.Info.Title, doc.Info.Version)
	}
	served := map[string]bool{"GET /healthz": true, "GET /readyz": true}
	pattern := regexp.MustCompile(`"(GET|POST|PUT|DELETE) (/[a-z/{}_-]*)"`)
	for file, prefix := range map[string]string{"realtime/api.go": "/api/v1", "host/instance/api/api.go": "/api/v1", "cmd/civicpress/site.go": ""} {
		for _, m := range pattern.FindAllStringSubmatch(read(t, file), -1) {
			if strings.HasPrefix(m[2], "/demo/") || file == "cmd/civicpress/site.go" && strings.HasPrefix(m[2], "/records/") {
				continue // of the demo; mounted, and found in realtime/api.go
			}
			served[m[1]+" "+prefix+m[2]] = true
		}
	}
	if len(served) < 20 {
		t.Fatalf("%d endpoints found in the code", len(served))
	}
	operations := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, v := range methods {
			if method == "parameters" {
				continue
			}
			op, ok := v.(map[string]any)
			name := strings.ToUpper(method) + " " + path
			operations[name] = true
			if !served[name] {
				t.Errorf("%s is described, but nothing serves it", name)
			}
			if !ok || op["summary"] == nil || op["operationId"] == nil || op["responses"] == nil {
				t.Errorf("%s lacks summary, operationId or responses", name)
				continue
			}
			for _, param := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
				if methods["parameters"] == nil {
					t.Errorf("%s does not describe its parameter %s", path, param[1])
				}
			}
			responses, _ := op["responses"].(map[string]any)
			for status := range responses {
				if n, err := strconv.Atoi(status); err != nil || n < 100 || n > 599 {
					t.Errorf("%s: %q is no status", name, status)
				}
			}
		}
	}
	for name := range served {
		if !operations[name] {
			t.Errorf("%s is not described", name)
		}
	}
	kinds := map[string]map[string]any{"schemas": doc.Parts.Schemas, "responses": doc.Parts.Responses, "parameters": doc.Parts.Parameters}
	for _, m := range regexp.MustCompile(`\$ref: ["']?#/components/(\w+)/(\w+)`).FindAllStringSubmatch(source, -1) {
		if kinds[m[1]][m[2]] == nil {
			t.Errorf("#/components/%s/%s is not there", m[1], m[2])
		}
	}
}

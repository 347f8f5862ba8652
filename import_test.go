package realtimefx_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/civicpress/realtimefx"

// may lists, for each package or subtree ("/..."), the packages of this module
// that it may import directly. Imports run one way: programs know the plugin,
// the plugin its parts, adapters their port, and the leaves nobody. A package
// without a row is an error, so that a new one is placed on purpose.
var may = []struct {
	pkg     string
	imports []string
}{
	// leaves
	{"yjs/...", []string{"yjs/..."}},
	{"host", nil},
	{"config", nil},
	{"web", nil},

	{"hooks", []string{"host"}},
	{"markdown/...", []string{"yjs/...", "markdown/..."}},

	// host adapters
	{"host/internal/...", []string{"host", "host/internal/..."}},
	{"host/hosttest", []string{"host"}},
	{"host/memhost", []string{"host", "host/internal/..."}},
	{"host/instance/...", []string{"host", "host/internal/...", "host/instance/..."}},

	// the server, from the outside in
	{"realtime", []string{"realtime/internal/...", "realtime/room", "realtime/store", "realtime/cluster", "hooks", "host", "yjs/..."}},
	{"realtime/internal/session", []string{"realtime/internal/...", "realtime/room", "hooks", "host", "yjs/..."}},
	{"realtime/internal/...", []string{"yjs/...", "host"}},
	{"realtime/records", []string{"realtime/room", "realtime/store", "markdown/...", "hooks", "host", "yjs/..."}},
	{"realtime/room", []string{"realtime/internal/...", "realtime/store", "realtime/cluster", "hooks", "host", "yjs/..."}},
	{"realtime/room/roomtest", []string{"realtime/room", "realtime/internal/wire"}},
	{"realtime/cluster", []string{"host"}},
	{"realtime/cluster/...", []string{"realtime/cluster", "host"}},
	{"realtime/store", []string{"hooks", "host", "yjs/..."}},
	{"realtime/store/...", []string{"realtime/store", "realtime/store/internal/...", "realtime/internal/pack", "realtime/internal/uring", "host", "yjs/..."}},

	// the plugin and the programs
	{"", []string{"realtime/...", "hooks", "config", "host", "markdown/..."}},
	{"scripts/...", nil},
	{"cmd/yjs-replica/...", []string{"yjs/..."}},
	{"bench/markdown", []string{"host/instance", "markdown", "yjs"}},
	{"bench/durability", []string{"markdown", "yjs/..."}},
	{"bench/counts", []string{"realtime/...", "host/...", "markdown", "yjs/..."}},
	{"cmd/civicpress/...", []string{"", "realtime/...", "hooks", "config", "host/...", "markdown/...", "yjs/...", "web", "cmd/civicpress/..."}},
	{"scripts/...", nil},
	{"docs/examples/...", []string{"realtime/room", "realtime/store", "host", "yjs/..."}},
	{"integration_test/...", []string{"..."}},
}

// only lists who may import a dependency directly; everybody else goes through
// them. Tests are free.
var only = map[string][]string{
	"go.uber.org/fx":                      {"", "cmd/civicpress/..."},
	"github.com/coder/websocket":          {"realtime/internal/session", "bench/durability", "bench/counts"},
	"github.com/yuin/goldmark":            {"markdown/..."},
	"github.com/goccy/go-yaml":            {"config", "host/instance/...", "host/internal/..."},
	"github.com/go-playground/validator/": {"config"},
	"github.com/go-git/go-git/":           {"host/instance/..."},
	"github.com/jackc/pgx/":               {"realtime/store/postgres"},
	"github.com/redis/go-redis/":          {"realtime/cluster/redis"},
	"github.com/prometheus/client_golang": {"realtime", "realtime/internal/...", "cmd/civicpress/..."},
	"github.com/klauspost/compress/":      {"realtime/internal/pack"},
	"modernc.org/sqlite":                  {"realtime/store/sqlite", "host/instance/..."},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportDirections(t *testing.T) {
	for _, p := range goList(t) {
		name := short(p.ImportPath)
		allowed, ok := allowedFor(name)
		if !ok {
			t.Errorf("package %q has no row in the table of import directions: place it", name)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			if !matchesAny(short(imported), allowed) {
				t.Errorf("%s imports %s, which is against the direction; it may import %v", p.ImportPath, imported, allowed)
			}
		}
	}
}

func TestImportsOfDependencies(t *testing.T) {
	used := map[string]bool{}
	for _, p := range goList(t) {
		for _, imported := range p.Imports {
			for dependency, users := range only {
				if !strings.HasPrefix(imported+"/", strings.TrimSuffix(dependency, "/")+"/") {
					continue
				}
				used[dependency] = true
				if !matchesAny(short(p.ImportPath), users) {
					t.Errorf("%s imports %s; only %v may", p.ImportPath, imported, users)
				}
			}
		}
	}
	t.Logf("dependencies seen: %v", used)
}

// TestImportTableCanFail holds the matcher against imports that are wrong.
func TestImportTableCanFail(t *testing.T) {
	for _, wrong := range [][2]string{
		{"yjs", "host"}, {"host", "hooks"}, {"markdown", "realtime/room"}, {"realtime/room", "markdown"},
		{"realtime/store/sqlite", "realtime/store/mem"}, {"realtime/room", "realtime"}, {"host/memhost", "host/instance"},
		{"hooks", "config"}, {"realtime", "config"}, {"", "cmd/civicpress"}, {"", "host/instance"}, {"realtime/store", "realtime/room"},
	} {
		allowed, ok := allowedFor(wrong[0])
		if !ok || matchesAny(wrong[1], allowed) {
			t.Errorf("%q importing %q passes", wrong[0], wrong[1])
		}
	}
	if _, ok := allowedFor("utils"); ok {
		t.Error("a package without a row passes")
	}
}

// allowedFor returns the row of the package: the exact one, else the longest
// subtree.
func allowedFor(name string) (imports []string, ok bool) {
	best := -1
	for _, row := range may {
		if matches(name, row.pkg) && len(row.pkg) > best || row.pkg == name {
			imports, ok, best = row.imports, true, len(row.pkg)
			if row.pkg == name {
				return imports, true
			}
		}
	}
	return imports, ok
}

func matchesAny(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(name, p) })
}

// matches reports whether a pattern covers a package; "a/..." covers a too.
func matches(name, pattern string) bool {
	tree, isTree := strings.CutSuffix(pattern, "...")
	if !isTree {
		return name == pattern
	}
	return strings.HasPrefix(name+"/", tree)
}

func short(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func goList(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list sees %d packages; this test would prove nothing", len(all))
	}
	return all
}

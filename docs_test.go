package realtimefx_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The protocol page names every close code and every control frame that the
// code knows.
func TestProtocolPageIsComplete(t *testing.T) {
	page := read(t, "docs/protocol.md")
	codes := regexp.MustCompile(`(?m)^\tCode\w+ += (\d{4})`).FindAllStringSubmatch(read(t, "realtime/internal/wire/close.go"), -1)
	events := regexp.MustCompile(`control\{Event: "([a-z.]+)"`).FindAllStringSubmatch(read(t, "realtime/internal/wire/control.go"), -1)
	if len(codes) < 10 || len(events) < 8 {
		t.Fatalf("%d codes and %d events found: the patterns no longer fit the code", len(codes), len(events))
	}
	for _, c := range codes {
		switch c[1] {
		case "1001", "4400": // declared for completeness, never sent
			continue
		}
		if !strings.Contains(page, "| "+c[1]+" |") {
			t.Errorf("docs/protocol.md does not explain close code %s", c[1])
		}
	}
	for _, e := range events {
		if !strings.Contains(page, `"event":"`+e[1]+`"`) {
			t.Errorf("docs/protocol.md does not show the control frame %q", e[1])
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every event that the page on hooks promises is emitted somewhere.
func TestEveryHookIsEmitted(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir("realtime", func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			code.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	payloads := regexp.MustCompile(`func \((\w+)\) HookName`).FindAllStringSubmatch(read(t, "hooks/payloads.go"), -1)
	if len(payloads) < 10 {
		t.Fatalf("%d payloads found: the pattern no longer fits the code", len(payloads))
	}
	for _, p := range payloads {
		if !strings.Contains(code.String(), "hooks."+p[1]+"{") {
			t.Errorf("nobody emits hooks.%s", p[1])
		}
	}
}

// The README's program compiles.
func TestReadmeProgram(t *testing.T) {
	_, rest, ok := strings.Cut(read(t, "README.md"), "```go\n")
	program, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("README.md has lost its program")
	}
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	// An overlay puts it into the module, so that it finds the packages.
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "cmd", "readme", "main.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", os.DevNull, "-overlay", file, "./cmd/readme").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

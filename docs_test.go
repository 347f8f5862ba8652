package realtimefx_test

import (
	"os"
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

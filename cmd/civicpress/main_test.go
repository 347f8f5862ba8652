package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/config"
)

// cli runs a command line in this process.
func cli(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, program{strings.NewReader(stdin), &out, &errs, func(string) string { return "" }})
	return code, out.String(), errs.String()
}

// Whoever mistypes gets one line that says what to do, and code 2.
func TestUsageErrors(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"nope", `civicpress: unknown command "nope"; "civicpress help" lists the commands`},
		{"config", `civicpress: unknown command "config"; "civicpress help" lists the commands`},
		{"config chek", `civicpress: unknown command "config chek"; "civicpress help" lists the commands`},
		{"version now", `civicpress version: unexpected "now"; see "civicpress help version"`},
		{"config check --port 3", `civicpress config check: flag provided but not defined: -port; see "civicpress help config check"`},
		{"help nope", `civicpress: there is no command "nope"; "civicpress help" lists the commands`},
	}
	for _, tt := range tests {
		code, stdout, stderr := cli(t, "", strings.Fields(tt.args)...)
		if code != exitUsage || stdout != "" || stderr != tt.want+"\n" {
			t.Errorf("%s: code %d, stdout %q, stderr\n%swant\n%s", tt.args, code, stdout, stderr, tt.want)
		}
	}
}

func TestHelpKnowsEveryCommand(t *testing.T) {
	_, all, _ := cli(t, "", "help")
	for _, c := range commands {
		if !strings.Contains(all, "  "+c.name+" ") || c.short == "" || c.long == "" {
			t.Errorf("%q is not explained", c.name)
		}
		asked := append([]string{"help"}, strings.Fields(c.name)...)
		code, one, stderr := cli(t, "", asked...)
		if code != exitOK || !strings.HasPrefix(one, "usage: civicpress "+c.name) || stderr != "" {
			t.Errorf("help %s: code %d, %q, %q", c.name, code, one, stderr)
		}
		if code, again, _ := cli(t, "", append(strings.Fields(c.name), "--help")...); code != exitOK || again != one {
			t.Errorf("%s --help differs from help %s", c.name, c.name)
		}
	}
	if code, _, stderr := cli(t, ""); code != exitUsage || !strings.Contains(stderr, "Commands:") {
		t.Errorf("no arguments: code %d, %q", code, stderr)
	}
}

func TestConfigInitAndCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), config.FileName)
	check := []string{"config", "check", "--file", file}

	if code, stdout, _ := cli(t, "", check...); code != exitOK || !strings.Contains(stdout, "does not exist: the defaults apply") {
		t.Fatalf("missing file: code %d, %q", code, stdout)
	}
	if code, stdout, stderr := cli(t, "", "config", "init", "--file", file); code != exitOK || stdout != "wrote "+file+"\n" {
		t.Fatalf("init: code %d, %q, %q", code, stdout, stderr)
	}
	if code, stdout, _ := cli(t, "", check...); code != exitOK || stdout != file+" is good\n" {
		t.Fatalf("template: code %d, %q", code, stdout)
	}
	if code, _, stderr := cli(t, "", "config", "init", "--file", file); code != exitFailed || !strings.Contains(stderr, "exists; --force replaces it") {
		t.Fatalf("init over a file: code %d, %q", code, stderr)
	}

	if err := os.WriteFile(file, []byte("port: 0\nhots: x\nrate_limiting: {messages_per_second: 10}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := cli(t, "", check...)
	want := file + ":1: port: 0 is too small, the least is 1\n" + file + ":2: hots: unknown key, did you mean \"host\"?\n" +
		"2 faults; the server would not start\n"
	if code != exitProblems || stdout != want || stderr != "" {
		t.Fatalf("faults: code %d, stderr %q, stdout\n%swant\n%s", code, stderr, stdout, want)
	}

	if code, _, _ := cli(t, "", "config", "init", "--file", file, "--force"); code != exitOK {
		t.Fatal("--force does not replace the file")
	}
	if code, stdout, _ := cli(t, "", "config", "init", "--stdout"); code != exitOK || stdout != string(config.Template()) {
		t.Fatalf("--stdout: code %d", code)
	}
}

func TestConfigCheckOutsideAnInstance(t *testing.T) {
	code, stdout, stderr := cli(t, "", "config", "check", "--dir", t.TempDir())
	if code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "not a CivicPress instance") {
		t.Fatalf("code %d, %q, %q", code, stdout, stderr)
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := cli(t, "", "version")
	if code != exitOK || !strings.HasPrefix(stdout, "civicpress ") || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("code %d, %q", code, stdout)
	}
}

// Profiles show what is in memory: nobody but this machine may ask for them.
func TestProfilesAreForLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":6060", "192.0.2.1:6060", "6060"} {
		code, _, stderr := cli(t, "", "demo", "--json", "--api-addr", "127.0.0.1:0", "--realtime-addr", "127.0.0.1:0", "--pprof-addr", addr)
		if code != exitUsage || !strings.Contains(stderr, "--pprof-addr") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: code %d, %q", addr, code, stderr)
		}
	}
}

package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func noEnv(string) string { return "" }

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestMissingFileMeansDefaults(t *testing.T) {
	l, err := Load(filepath.Join(t.TempDir(), FileName), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if l.Found || !reflect.DeepEqual(l.Config, Default()) {
		t.Fatalf("got %+v", l)
	}
}

// What CivicPress has always had, in both places where the keys may stand.
func TestExistingFile(t *testing.T) {
	body := `enabled: "True"
port: 4001
host: 127.0.0.1
path: /realtime
rooms:
  max_rooms: 12
  cleanup_timeout: 3600
  grace_period_ms: -1
snapshots:
  enabled: true
  interval: 0
  max_updates: 50
  storage: filesystem
rate_limiting:
  messages_per_second: 80
  connections_per_ip: 3
  connections_per_user: 2
connection_cleanup:
  enabled: true
  check_interval: 60
  stale_threshold: 600
`
	want := Default()
	want.Port, want.Host = 4001, "127.0.0.1"
	want.Rooms.MaxRooms, want.Rooms.GracePeriodMS = 12, -1
	want.Snapshots.Interval, want.Snapshots.MaxUpdates, want.Snapshots.Storage = 0, 50, StorageFilesystem
	want.RateLimiting.MessagesPerSecond = 80
	want.RateLimiting.ConnectionsPerIP, want.RateLimiting.ConnectionsPerUser = 3, 2

	nested := "realtime:\n  " + strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n  ") + "\n"
	for name, text := range map[string]string{"top level": body, "under realtime": nested} {
		l, err := Load(write(t, text), noEnv)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !l.Found || !reflect.DeepEqual(l.Config, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, l.Config, want)
		}
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "realtime:\n", "rooms:\n", "---\n", "port:\n", "{}\n"} {
		got, err := Parse(FileName, []byte(text))
		if err != nil || !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	const text = `realtime:
  port: 70000
  prot: 3001
  host: "not a host"
  rooms:
    max_rooms: many
    max_room: 3
  snapshots:
    storage: cloud
    interval: -1
  rate_limiting: 5
  allowed_origins:
    - https://town.example
    - town.example
  trusted_proxies: [10.0.0.0/8, proxy]
  enabled: maybe
  port: 3002
`
	_, err := Parse("realtime.yml", []byte(text))
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v", err)
	}
	want := []string{
		`realtime.yml:2: port: 70000 is too large, the most is 65535`,
		`realtime.yml:3: prot: unknown key, did you mean "port"?`,
		`realtime.yml:4: host: "not a host" is not an address or host name`,
		`realtime.yml:6: rooms.max_rooms: "many" is not a whole number`,
		`realtime.yml:7: rooms.max_room: unknown key, did you mean "max_rooms"?`,
		`realtime.yml:9: snapshots.storage: "cloud" is not one of database, filesystem, api, memory`,
		`realtime.yml:10: snapshots.interval: -1 is too small, the least is 0`,
		`realtime.yml:11: rate_limiting: is a section: its keys belong below it, indented`,
		`realtime.yml:14: allowed_origins[1]: "town.example" is not an origin such as https://town.example, https://*.town.example:8443 or *`,
		`realtime.yml:15: trusted_proxies[1]: "proxy" is not an address such as 10.0.0.5 or a network such as 10.0.0.0/8`,
		`realtime.yml:16: enabled: "maybe" is not true or false`,
		`realtime.yml:17: port: stands twice, first in line 2`,
	}
	if got := faults.Error(); got != strings.Join(want, "\n") {
		t.Fatalf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestFaultsThatStandAlone(t *testing.T) {
	tests := map[string]string{
		"a: b: c":                    "f.yml:1: not valid YAML:",
		"rooms: [1":                  "f.yml:1: not valid YAML:",
		"just text":                  "f.yml:1: the file must hold keys and values",
		"- port":                     "f.yml:1: the file must hold keys and values",
		"realtime: 5":                "f.yml:1: realtime: must hold keys and values",
		"port: 3001\n---\nport: 1":   "f.yml:3: a second YAML document",
		"port: 3001.5":               `f.yml:1: port: "3001.5" is not a whole number`,
		`port: "3001"`:               `f.yml:1: port: "3001" is not a whole number`,
		"port: 99999999999999999999": "f.yml:1: port:",
		"host: [a]":                  "f.yml:1: host: a list is not text",
		"colour: red":                "f.yml:1: colour: unknown key; known here: allowed_origins, ",
		"allowed_origins: [{a: b}]":  "f.yml:1: allowed_origins[0]: a section is not text",
		"path: realtime":             `f.yml:1: path: "realtime" must begin with /`,
		"snapshots:\n  storage: api\n  api_token_file: t": "f.yml: snapshots.api_url: is needed with storage: api",
		"snapshots:\n  max_pending_bytes: 65536":          "f.yml:2: snapshots.max_pending_bytes: 65536 is less than limits.frame_bytes",
		"limits:\n  document_max_bytes: 2048":             "f.yml:2: limits.document_max_bytes: 2048 is less than document_warn_bytes",
	}
	for text, want := range tests {
		_, err := Parse("f.yml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%q:\ngot  %v\nwant %s…", text, err, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	tests := []struct {
		civic, plain string
		want         bool
		fault        string
	}{
		{"", "", true, ""},
		{"false", "", false, ""},
		{"", "FALSE", false, ""},
		{"true", "false", true, ""},
		{"0", "true", false, ""},
		{"perhaps", "", true, `environment: CIVIC_REALTIME_ENABLED: "perhaps" is not true or false`},
	}
	for _, tt := range tests {
		env := map[string]string{"CIVIC_REALTIME_ENABLED": tt.civic, "REALTIME_ENABLED": tt.plain}
		l, err := Load(write(t, "port: 3005"), func(k string) string { return env[k] })
		switch {
		case tt.fault != "":
			if err == nil || err.Error() != tt.fault {
				t.Errorf("%v: got %v, want %s", env, err, tt.fault)
			}
		case err != nil || l.Enabled != tt.want || l.Port != 3005:
			t.Errorf("%v: got %v, %v", env, l.Enabled, err)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	if _, err := Load(t.TempDir(), noEnv); err == nil || !strings.Contains(err.Error(), "read configuration") {
		t.Fatalf("a folder in place of the file: got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	l, err := Load(write(t, `rate_limiting: {messages_per_second: 10}
allowed_origins: "*"
require_tls: true
host: 127.0.0.1
snapshots: {storage: memory}
`), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Warnings) != 5 {
		t.Fatalf("got %q, want 5 warnings", l.Warnings)
	}
	if w := Default().warnings(); len(w) != 0 {
		t.Fatalf("the defaults warn: %q", w)
	}
}

func TestValidateNamesKeys(t *testing.T) {
	c := Default()
	c.Port = 0
	if err := c.Validate(); err == nil || err.Error() != "configuration: port: 0 is too small, the least is 1" {
		t.Fatalf("got %v", err)
	}
	if err := Default().Validate(); err != nil {
		t.Fatal(err)
	}
}

// Whatever the bytes are: an answer, never a panic, and faults name the file.
func FuzzParse(f *testing.F) {
	f.Add(string(Template()))
	f.Add("realtime: {port: 1, rooms: {max_rooms: &a 3}, host: *a}")
	f.Add("port: !!int '3'\n<<: *x\n? [a]\n: b\n")
	f.Add("\"\": 1\n? \n: 2\nrooms: {? }\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f.yml", []byte(text))
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Fatalf("%q was accepted and is not valid: %v", text, err)
			}
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 || !strings.HasPrefix(err.Error(), "f.yml") {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

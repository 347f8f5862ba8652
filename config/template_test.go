package config

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestEveryKeyIsDescribed(t *testing.T) {
	keys := map[string]bool{}
	for _, f := range Fields() {
		keys[f.Key] = true
		if f.Effect == "" || !strings.HasSuffix(f.Effect, ".") {
			t.Errorf("%s: the effect must be whole sentences, got %q", f.Key, f.Effect)
		}
	}
	for key := range notes {
		if !keys[key] {
			t.Errorf("fields.go describes %s, which does not exist", key)
		}
	}
}

func TestTemplateIsTheDefaults(t *testing.T) {
	commented := Template()
	if c, err := Parse("template", commented); err != nil || !reflect.DeepEqual(c, Default()) {
		t.Fatalf("as it is: %v\n%s", err, commented)
	}
	// With every key uncommented it must say the same, key by key.
	line := regexp.MustCompile(`(?m)^( *)# ([a-z_]+: \S+|[a-z_]+: \[\])$`)
	full := line.ReplaceAll(commented, []byte("$1$2"))
	if n := len(line.FindAll(commented, -1)); n != len(Fields()) {
		t.Fatalf("%d keys in the template, want %d:\n%s", n, len(Fields()), commented)
	}
	c, err := Parse("template", full)
	if err != nil {
		t.Fatalf("%v\n%s", err, full)
	}
	c.AllowedOrigins, c.TrustedProxies = nil, nil // [] in the file
	if !reflect.DeepEqual(c, Default()) {
		t.Fatalf("got  %+v\nwant %+v", c, Default())
	}
}

func TestReferenceHasARowForEachKey(t *testing.T) {
	text := string(Reference())
	for _, f := range Fields() {
		if !strings.Contains(text, "| `"+f.Key+"`") {
			t.Errorf("no row for %s", f.Key)
		}
	}
	if got, want := strings.Count(text, "\n"), len(Fields())+2; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
}

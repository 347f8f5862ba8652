package yjs

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// TestCleanFormattingLikeYjs compares with documents of Yjs that clean up
// marks after remote changes: testdata/clean.mjs.
func TestCleanFormattingLikeYjs(t *testing.T) {
	file := "testdata/clean.json"
	if f := os.Getenv("YJS_CLEAN"); f != "" {
		file = f
	}
	var sessions []struct {
		Profile string   `json:"profile"`
		Updates []string `json:"updates"`
		States  []string `json:"states"`
		Last    string   `json:"last"`
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &sessions)
	}
	if err != nil || len(sessions) == 0 {
		t.Fatal(err)
	}
	for _, s := range sessions {
		t.Run(s.Profile, func(t *testing.T) {
			d := NewDoc(Options{CleanFormatting: true})
			d.XMLFragment("default")
			for i, h := range s.Updates {
				if err := d.ApplyUpdate(unhex(t, h), nil); err != nil {
					t.Fatal(err)
				}
				if got := hex.EncodeToString(state(t, d)); i < len(s.States) && got != s.States[i] {
					t.Fatalf("step %d: state\n%s, want\n%s", i, got, s.States[i])
				}
			}
			d.check(t)
			if got := hex.EncodeToString(state(t, d)); got != s.Last {
				t.Errorf("state\n%s, want\n%s", got, s.Last)
			}
		})
	}
}

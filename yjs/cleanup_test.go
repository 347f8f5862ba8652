package yjs

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// Collected structs that lie beside each other need not be one. Which of them a
// deletion joins depends on the order in which deleted ranges are looked at. The
// two updates are of a session of TipTap editors, the state is Yjs's.
func TestJoinsCollectedStructsLikeYjs(t *testing.T) {
	var c struct {
		Updates []string
		State   string
	}
	b, err := os.ReadFile("testdata/joins.json")
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := NewDoc(Options{})
	for _, u := range c.Updates {
		if err := d.ApplyUpdate(unhex(t, u), nil); err != nil {
			t.Fatal(err)
		}
	}
	d.check(t)
	if got := hex.EncodeToString(state(t, d)); got != c.State {
		t.Errorf("state %s\nwant  %s", got, c.State)
	}
}

package yjs

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// A vector is one of the cases in testdata/cases.json: the updates a document
// receives and what Yjs 13.6 makes of them.
type vector struct {
	Name      string                 `json:"name"`
	Why       string                 `json:"why"`
	Updates   []string               `json:"updates"`
	Tree      json.RawMessage        `json:"tree"`
	SV        map[string]uint64      `json:"sv"`
	DeleteSet map[string][][2]uint64 `json:"deleteSet"`
	State     string                 `json:"state"`
	Bases     []struct {
		SV    string `json:"sv"`
		State string `json:"state"`
	} `json:"bases"`
}

func vectors(t testing.TB) (vs []vector) {
	t.Helper()
	b, err := os.ReadFile("testdata/cases.json")
	if err == nil {
		err = json.Unmarshal(b, &vs)
	}
	if err != nil || len(vs) < 42 {
		t.Fatal(len(vs), err)
	}
	return vs
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rewrite reads an update and writes it again, group by group.
func rewrite(update []byte) ([]byte, error) {
	r, err := newBlockReader(update, false)
	if err != nil {
		return nil, err
	}
	out := lib0.AppendVarUint(nil, r.groups)
	for {
		ok, err := r.nextGroup()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		out = lib0.AppendVarUint(out, r.structs)
		out = lib0.AppendVarUint(lib0.AppendVarUint(out, r.client), r.clock)
		for r.structs > 0 {
			var b block
			if _, err := r.next(&b); err != nil {
				return nil, err
			}
			out = appendBlock(out, &b, 0)
		}
	}
	ds, err := readDeleteSet(&r.dec)
	return ds.append(out), err
}

func TestBlocksRoundTrip(t *testing.T) {
	for _, v := range vectors(t) {
		for _, h := range append(v.Updates, v.State) {
			in := unhex(t, h)
			out, err := rewrite(in)
			if err != nil {
				t.Errorf("%s: %v", v.Name, err)
				continue
			}
			again, err := rewrite(out)
			if err != nil || !bytes.Equal(out, again) {
				t.Errorf("%s: %x, then %x (%v)", v.Name, out, again, err)
			}
			if len(in) != len(out) {
				t.Errorf("%s: %x became %x", v.Name, in, out)
			}
		}
	}
}

func FuzzBlocks(f *testing.F) {
	for _, v := range vectors(f) {
		for _, h := range append(v.Updates, v.State) {
			f.Add(unhex(f, h))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := rewrite(in)
		if err != nil {
			return
		}
		again, err := rewrite(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%x: %x, then %x (%v)", in, out, again, err)
		}
	})
}

package awareness

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestDecodeUpdateErrors(t *testing.T) {
	entry := func(client, clock uint64, state string) string {
		return string(AppendUpdate(nil, []Entry{{client, clock, json.RawMessage(state)}}))
	}
	for _, tc := range []struct {
		name, in string
		want     error
		says     string
	}{
		{"nothing", "", ErrMalformed, "number of entries"},
		{"no entry", "\x01", ErrMalformed, "entry 1 of 1: malformed awareness update: client"},
		{"no clock", "\x01\x05", ErrMalformed, "clock"},
		{"no state", "\x01\x05\x01", ErrMalformed, "state"},
		{"state cut off", "\x01\x05\x01\x09{}", ErrMalformed, "state"},
		{"half a JSON", entry(5, 1, `{"a":`), ErrMalformed, "state of client 5 is not valid JSON"},
		{"empty JSON", "\x01\x05\x01\x00", ErrMalformed, "not valid JSON"},
		{"not UTF-8", entry(5, 1, "\"\xff\""), ErrMalformed, "state"},
		{"a huge count", "\xff\xff\xff\xff\xff\xff\xff\x0f", ErrTooLarge, "at most 10000"},
		{"more entries than bytes", "\x90\x4e\x01\x01\x02{}", ErrMalformed, "entry 2 of 10000"},
		{"a large state", entry(5, 1, `"`+strings.Repeat("x", 64<<10)+`"`), ErrTooLarge, "state of client 5"},
		{"a number over 2^53", "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01\x02{}", ErrMalformed, "client"},
	} {
		_, err := DecodeUpdate([]byte(tc.in))
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that is %v and says %q", tc.name, err, tc.want, tc.says)
		}
	}
}

func TestGone(t *testing.T) {
	for state, want := range map[string]bool{"null": true, " null\n": true, "{}": false, `"null"`: false, "0": false} {
		if got := (Entry{State: json.RawMessage(state)}).Gone(); got != want {
			t.Errorf("state %q: gone %v, want %v", state, got, want)
		}
	}
}

func FuzzDecodeUpdate(f *testing.F) {
	text, err := os.ReadFile("testdata/awareness.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []recordedCase
	if err := json.Unmarshal(text, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		for _, s := range c.Steps {
			b, _ := hex.DecodeString(s.Encoded)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := DecodeUpdate(b)
		if err != nil {
			return
		}
		again, err := DecodeUpdate(AppendUpdate(nil, entries))
		if err != nil {
			t.Fatalf("own encoding: %v", err)
		}
		for i := range entries {
			if e, g := entries[i], again[i]; e.Client != g.Client || e.Clock != g.Clock || !bytes.Equal(e.State, g.State) {
				t.Fatalf("entry %d is %v after encoding, was %v", i, g, e)
			}
		}
		a := New()
		ch, err := a.Apply(b, start)
		if err != nil {
			t.Fatalf("decodes but does not apply: %v", err)
		}
		// Another side that hears of the change has the same states.
		b2 := New()
		if _, err := b2.Apply(a.Encode(ch.All()), start); err != nil {
			t.Fatalf("encoded states: %v", err)
		}
		for id, s := range a.States() {
			if s2, here := b2.State(id); here != !isFalsy(s) || here && !bytes.Equal(s, s2) {
				t.Fatalf("state of %d is %q on the other side, want %q", id, s2, s)
			}
		}
	})
}

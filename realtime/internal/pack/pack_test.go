package pack_test

import (
	"bytes"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
)

func FuzzUnpack(f *testing.F) {
	f.Add(pack.Pack([]byte("hello hello hello")))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = pack.Unpack(b) })
}

func TestPackRoundTrip(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("noise by-law "), 100_000)} {
		p := pack.Pack(b)
		got, err := pack.Unpack(p)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d bytes: %d back, %v", len(b), len(got), err)
		}
		if len(b) > 1000 && len(p) > len(b)/10 {
			t.Errorf("%d bytes packed to %d", len(b), len(p))
		}
	}
}

// Parts come back as one.
func TestPackParts(t *testing.T) {
	state, aux := bytes.Repeat([]byte("noise "), 500), bytes.Repeat([]byte("by-law "), 500)
	for range 3 { // buffers are used again
		got, err := pack.Unpack(pack.Pack(state, aux))
		if err != nil || !bytes.Equal(got, append(bytes.Clone(state), aux...)) {
			t.Fatalf("%d bytes back, %v", len(got), err)
		}
	}
}

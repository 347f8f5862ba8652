package codec_test

import (
	"bytes"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
	"github.com/civicpress/realtimefx/realtime/store/internal/codec"
)

func TestStateRoundTrip(t *testing.T) {
	for _, vector := range [][]byte{nil, {0}, []byte("vector"), bytes.Repeat([]byte{7}, 100_000)} {
		for _, state := range [][]byte{{}, []byte("state"), bytes.Repeat([]byte("state"), 100_000)} {
			packed := codec.PackState(state, vector)
			s, v, err := codec.UnpackState(packed)
			if err != nil || !bytes.Equal(s, state) || !bytes.Equal(v, vector) || (v == nil) != (vector == nil) {
				t.Errorf("%d bytes with a vector of %d became %d with %d, %v", len(state), len(vector), len(s), len(v), err)
			}
			// Programs that know nothing of the note read the state as before.
			if s, err := pack.Unpack(packed); err != nil || !bytes.Equal(s, state) {
				t.Errorf("without regard to the note: %d bytes, %v", len(s), err)
			}
		}
	}
}

// What another version notes in front of the state is not taken for a vector,
// and a note that is cut off is an error, not a state.
func TestStateWithOtherNotes(t *testing.T) {
	state := []byte("state")
	whole := codec.PackState(state, []byte("vector"))
	other := bytes.Clone(whole)
	other[8]++
	empty := append([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}, pack.Pack(state)...)
	long := bytes.Clone(whole)
	long[6] = 0xff
	for name, tt := range map[string]struct {
		packed []byte
		bad    bool
	}{
		"other kind":         {other, false},
		"empty":              {empty, false},
		"longer than all":    {long, true},
		"ends in the note":   {whole[:11], true},
		"ends in the header": {whole[:6], true},
	} {
		s, v, err := codec.UnpackState(tt.packed)
		if (err != nil) != tt.bad || v != nil || err == nil && !bytes.Equal(s, state) {
			t.Errorf("%s: %q, %q, %v", name, s, v, err)
		}
	}
}

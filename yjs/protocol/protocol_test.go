package protocol

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// A recordedFrame is one that y-protocols wrote; integration_test/js/engine/fixtures.mjs
// makes them.
type recordedFrame struct{ Kind, Payload, Frame string }

func recordedFrames(t testing.TB) []recordedFrame {
	text, err := os.ReadFile("testdata/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames []recordedFrame
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	if len(frames) == 0 {
		t.Fatal("no frames")
	}
	return frames
}

var kinds = map[string]struct {
	typ, sync uint64
	append    func(dst, payload []byte) []byte
}{
	"step1":     {MessageSync, SyncStep1, AppendSyncStep1},
	"step2":     {MessageSync, SyncStep2, AppendSyncStep2},
	"update":    {MessageSync, SyncUpdate, AppendUpdate},
	"awareness": {MessageAwareness, 0, AppendAwareness},
	"denied":    {MessageAuth, 0, func(dst, p []byte) []byte { return AppendPermissionDenied(dst, string(p)) }},
	"query":     {MessageQueryAwareness, 0, func(dst, _ []byte) []byte { return AppendQueryAwareness(dst) }},
}

func TestAgainstYProtocols(t *testing.T) {
	for _, f := range recordedFrames(t) {
		kind, known := kinds[f.Kind]
		if !known {
			t.Fatalf("unknown kind %q", f.Kind)
		}
		payload, frame := unhex(t, f.Payload), unhex(t, f.Frame)
		if got := kind.append(nil, payload); !bytes.Equal(got, frame) {
			t.Errorf("%s: wrote %x, want %x", f.Kind, got, frame)
		}
		m, err := Decode(frame)
		if err != nil {
			t.Errorf("%s: %v", f.Kind, err)
		} else if m.Type != kind.typ || m.Sync != kind.sync || !bytes.Equal(m.Payload, payload) {
			t.Errorf("%s: read %d %d %x, want %d %d %x", f.Kind, m.Type, m.Sync, m.Payload, kind.typ, kind.sync, payload)
		}
		if m, err := Decode(append(frame, 1, 2, 3)); err != nil || !bytes.Equal(m.Payload, payload) {
			t.Errorf("%s with bytes behind it: payload %x, error %v", f.Kind, m.Payload, err)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want error
		says string
	}{
		{"", ErrMalformed, "message type"},
		{"\x00", ErrMalformed, "sync type"},
		{"\x00\x00", ErrMalformed, "payload"},
		{"\x00\x02\x05abc", ErrMalformed, "payload"},
		{"\x00\x03\x00", ErrUnknownMessage, "sync type 3"},
		{"\x01", ErrMalformed, "payload"},
		{"\x02", ErrMalformed, "auth type"},
		{"\x02\x01\x00", ErrUnknownMessage, "auth type 1"},
		{"\x04", ErrUnknownMessage, "type 4"},
		{`{"type":"ping"}`, ErrUnknownMessage, "type 123"},
		{"\x01\xff\xff\xff\xff\xff\xff\xff\x7f", ErrMalformed, "payload"},
	} {
		_, err := Decode([]byte(tc.in))
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: error %v, want one that is %v and says %q", tc.in, err, tc.want, tc.says)
		}
	}
}

func TestAllocations(t *testing.T) {
	update := make([]byte, 300)
	frame := AppendUpdate(nil, update)
	if got := testing.AllocsPerRun(100, func() {
		if _, err := Decode(frame); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("Decode: %v allocations, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() {
		AppendUpdate(make([]byte, 0, AppendedSize(len(update))), update)
	}); got > 1 {
		t.Errorf("AppendUpdate: %v allocations, want at most 1", got)
	}
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 1 << 21} {
		if got, most := len(AppendUpdate(nil, make([]byte, n))), AppendedSize(n); got > most || got < most-1 {
			t.Errorf("frame of %d bytes takes %d, AppendedSize says %d", n, got, most)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range recordedFrames(f) {
		b, _ := hex.DecodeString(r.Frame)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		var again []byte
		switch m.Type {
		case MessageSync:
			again = appendFrame(nil, m.Payload, MessageSync, byte(m.Sync))
		case MessageAwareness:
			again = AppendAwareness(nil, m.Payload)
		case MessageAuth:
			again = AppendPermissionDenied(nil, string(m.Payload))
		case MessageQueryAwareness:
			again = AppendQueryAwareness(nil)
		}
		m2, err := Decode(again)
		if err != nil || m2.Type != m.Type || m2.Sync != m.Sync || !bytes.Equal(m2.Payload, m.Payload) {
			t.Fatalf("%x is %+v, written %x it is %+v, %v", b, m, again, m2, err)
		}
	})
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

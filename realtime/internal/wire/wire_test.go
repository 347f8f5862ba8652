package wire

import (
	"bytes"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// payload takes the WebSocket header off.
func payload(t *testing.T, f Frame) []byte {
	t.Helper()
	n, rest := int(f[1]), []byte(f[2:])
	switch n {
	case 126:
		n, rest = int(rest[0])<<8|int(rest[1]), rest[2:]
	case 127:
		n = 0
		for _, b := range rest[:8] {
			n = n<<8 | int(b)
		}
		rest = rest[8:]
	}
	if n != len(rest) {
		t.Fatalf("header says %d bytes, %d follow", n, len(rest))
	}
	return rest
}

func TestFramesCarryWhatProtocolWrites(t *testing.T) {
	for _, n := range []int{0, 1, 120, 121, 122, 123, 124, 125, 126, 65_529, 65_530, 65_531, 65_532, 65_533, 70_000} {
		data := bytes.Repeat([]byte{7}, n)
		for name, c := range map[string]struct {
			frame Frame
			want  []byte
		}{
			"step1":     {Step1(data), protocol.AppendSyncStep1(nil, data)},
			"step2":     {Step2(data), protocol.AppendSyncStep2(nil, data)},
			"update":    {AppendUpdate(nil, data), protocol.AppendUpdate(nil, data)},
			"awareness": {Awareness(data), protocol.AppendAwareness(nil, data)},
		} {
			if got := payload(t, c.frame); !bytes.Equal(got, c.want) || c.frame[0] != finBinary {
				t.Errorf("%s of %d bytes differs", name, n)
			}
			if cap(c.frame)-len(c.frame) > 64+n/2 {
				t.Errorf("%s of %d bytes wastes %d", name, n, cap(c.frame)-len(c.frame))
			}
		}
	}
	if got := payload(t, EmptyStep2); !bytes.Equal(got, protocol.AppendSyncStep2(nil, []byte{0, 0})) {
		t.Errorf("empty step 2 is %x", got)
	}
	if got := payload(t, KeepAlive); !bytes.Equal(got, protocol.AppendAwareness(nil, []byte{0})) {
		t.Errorf("keep-alive is %x", got)
	}
}

func TestControlFramesKeepTheirShape(t *testing.T) {
	for _, c := range []struct {
		frame Frame
		want  string
	}{
		{Ack("records:x", "client_1_a", NoAccess), `{"type":"control","event":"connection.ack","roomId":"records:x","clientId":"client_1_a"}`},
		{Ack("records:x", "client_1_a", EditAccess), `{"type":"control","event":"connection.ack","roomId":"records:x","clientId":"client_1_a","access":"edit"}`},
		{Error("AUTH_FAILED", "Authentication failed", ""), `{"type":"control","event":"error","error":{"code":"AUTH_FAILED","message":"Authentication failed"}}`},
		{SessionRevoked("password", ""), `{"type":"control","event":"session.revoked","reason":"password"}`},
		{Saved(7, map[uint64]uint64{5: 9}, 3), `{"type":"control","event":"saved","seq":7,"clocks":{"5":9},"updates":3}`},
		{Saved(0, nil, 0), `{"type":"control","event":"saved","seq":0,"updates":0}`},
		{AccessChanged(ViewAccess), `{"type":"control","event":"access","access":"view"}`},
		{Reload("records:x"), `{"type":"control","event":"reload","roomId":"records:x","reason":"lineage.changed"}`},
		{Pong(time.UnixMilli(12)), `{"type":"pong","timestamp":12}`},
	} {
		if got := string(payload(t, c.frame)); got != c.want || c.frame[0] != finText {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestIsPing(t *testing.T) {
	for s, want := range map[string]bool{
		`{"type":"ping"}`: true, ` {"x":1,"type":"ping"}`: true, `{"type":"Ping"}`: false, `{"type":"pong"}`: false,
		`ping`: false, `[]`: false, ``: false, `{"type":"ping"}` + strings.Repeat(" ", 300): false,
	} {
		if got := IsPing([]byte(s)); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// coder/websocket sends no close frame at all when the reason is too long.
func TestCloseReasonsFit(t *testing.T) {
	if err := quick.Check(func(name, text, id string) bool {
		for _, c := range []Close{NewClose(4000, name, text, id), CloseNoRoomType(text), CloseRevoked(text, id)} {
			if len(c.Reason) > maxReason || !utf8.ValidString(c.Reason) || !strings.HasPrefix(c.Reason, `{"code":`) {
				t.Errorf("%q", c.Reason)
				return false
			}
		}
		return true
	}, nil); err != nil {
		t.Error(err)
	}
	long := CloseRevoked(strings.Repeat("é", 200), "")
	if !strings.HasPrefix(long.Reason, `{"code":"SESSION_REVOKED","reason":"éé`) {
		t.Errorf("%q", long.Reason)
	}
	if got := CloseNoRoomType("x").Reason; got != `{"code":"ROOM_TYPE_NOT_REGISTERED","roomType":"x"}` {
		t.Error(got)
	}
}

func TestCloseFrames(t *testing.T) {
	for _, c := range []struct {
		close Close
		want  string
	}{
		{CloseNoStatus, "\x88\x00"},
		{Close{Code: 1000}, "\x88\x02\x03\xe8"},
		{CloseRateLimit, "\x88\x15\x03\xf0Rate limit exceeded"},
		{Close{Code: 1000, Reason: strings.Repeat("é", 100)}, "\x88\x7c\x03\xe8" + strings.Repeat("é", 61)},
	} {
		if got := CloseFrame(c.close); string(got) != c.want {
			t.Errorf("%+v is %q, want %q", c.close, got, c.want)
		}
	}
}

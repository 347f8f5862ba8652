package realtime

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// rawDial makes an upgraded connection without a client library, for peers
// that misbehave.
func (s *stand) rawDial(user int64, roomID string) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	return s.rawDialWith(user, roomID, "")
}

// rawDialWith is rawDial with more lines of header.
func (s *stand) rawDialWith(user int64, roomID, more string) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.server.Addr().String())
	must(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	must(s.t, c.SetDeadline(time.Now().Add(6*patience)))
	fmt.Fprintf(c, "GET /realtime/records/%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%sSec-WebSocket-Protocol: auth.%s\r\n\r\n", roomID, more, s.host.Login(user, 0))
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	must(s.t, err)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		s.t.Fatalf("upgrade: %s", resp.Status)
	}
	return c, br
}

// masked is a client frame with a zero mask.
func masked(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = append(b, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// readFrame reads one unmasked server frame.
func readFrame(r *bufio.Reader) (op byte, payload []byte, err error) {
	var h [2]byte
	if _, err = io.ReadFull(r, h[:]); err != nil {
		return 0, nil, err
	}
	n := int(h[1])
	if n >= 126 {
		ext := make([]byte, map[int]int{126: 2, 127: 8}[n])
		if _, err = io.ReadFull(r, ext); err != nil {
			return 0, nil, err
		}
		n = 0
		for _, b := range ext {
			n = n<<8 | int(b)
		}
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	return h[0] & 0xf, payload, err
}

func TestStalledReaderIsCaughtUpWithOneDiff(t *testing.T) {
	s := newStand(t, standOptions{server: Options{QueueBytes: 64 << 10, MessagesPerSecond: -1}})
	raw, br := s.rawDial(2, "r1")
	_, err := raw.Write(masked(0x82, protocol.AppendSyncStep1(nil, []byte{0})))
	must(t, err)

	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	// 10 MB, replaced in place so that the document stays small: far more than
	// kernel buffers and queue together hold.
	block := strings.Repeat("x", 256<<10)
	for range 40 {
		a.edit(func(tx *yjs.Transaction, t *yjs.Text) error {
			if err := t.Delete(tx, 0, t.Len()); err != nil {
				return err
			}
			return t.Insert(tx, 0, block, nil)
		})
	}
	a.insert(0, "end ")
	b := s.dial(dial{user: 4}).sync()
	b.untilText("end " + block)
	queued := 0
	s.sessions(func(l *live) { queued = max(queued, l.Member.Queued()) })
	if queued > 1<<20 {
		t.Errorf("%d bytes wait for the stalled reader", queued)
	}
	// Now it reads again, and is complete.
	doc := yjs.NewDoc(yjs.Options{})
	got := 0
	for doc.Text("t").String() != "end "+block {
		op, payload, err := readFrame(br)
		must(t, err)
		got += len(payload)
		if m, err := protocol.Decode(payload); op == 2 && err == nil && m.Type == protocol.MessageSync && m.Sync != protocol.SyncStep1 {
			must(t, doc.ApplyUpdate(m.Payload, nil))
		}
	}
	if got > 9<<20 {
		t.Errorf("the reader had to read %d MB of the 10 that were sent", got>>20)
	}
	if s.server.meter.Resyncs.Load() == 0 {
		t.Error("it was not caught up with a diff")
	}
}

func (s *stand) sessions(fn func(*live)) { s.server.sessions.each(fn) }

func TestReaderWithoutProgressIsCutOff(t *testing.T) {
	s := newStand(t, standOptions{server: Options{QueueBytes: 64 << 10, Stall: time.Second, MessagesPerSecond: -1}})
	raw, _ := s.rawDial(2, "r1")
	_, err := raw.Write(masked(0x82, protocol.AppendSyncStep1(nil, []byte{0})))
	must(t, err)
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	for range 64 {
		a.insert(0, strings.Repeat("x", 256<<10))
	}
	s.settled(1) // only the writer is left
	if s.server.meter.CutOff.Load() != 1 {
		t.Error("not counted as cut off")
	}
}

func TestHostileFramesHarmNobody(t *testing.T) {
	s := newStand(t, standOptions{server: Options{MaxMessage: 1 << 20, ConnectionsPerUser: -1}})
	witness := s.dial(dial{user: 1}).sync()
	witness.untilText("seed")
	long := bytes.Repeat([]byte{0xff}, 4096)
	for name, attack := range map[string][]byte{
		"reserved opcode":       masked(0x83, []byte("x")),
		"reserved bits":         masked(0xf2, []byte("x")),
		"unmasked":              {0x82, 1, 0},
		"invalid UTF-8 in text": masked(0x81, []byte{0xff, 0xfe}),
		"too large":             append([]byte{0x82, 0x80 | 127, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, long...),
		"negative length":       {0x82, 0x80 | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		"huge ping":             masked(0x89, long[:200]),
		"fragmented ping":       masked(0x09, []byte("x")),
		"lone continuation":     masked(0x80, []byte("x")),
		"close with bad code":   masked(0x88, []byte{0, 1}),
		"garbage":               long,
		"sync of nothing":       masked(0x82, []byte{0}),
		"unknown sync type":     masked(0x82, []byte{0, 9, 1, 0}),
		"unknown message":       masked(0x82, []byte{3, 3, 3}),
		"huge count":            masked(0x82, []byte{0, 2, 10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}),
		"truncated update":      masked(0x82, []byte{0, 2, 3, 1, 1, 1}),
		"bad state vector":      masked(0x82, []byte{0, 0, 3, 0xff, 0xff, 0xff}),
		"bad awareness":         masked(0x82, []byte{1, 4, 0xff, 0xff, 0xff, 0x7f}),
		"awareness, no JSON":    masked(0x82, []byte{1, 5, 1, 1, 1, 1, '{'}),
		"empty message":         masked(0x82, nil),
		"deep JSON":             masked(0x81, []byte(strings.Repeat("[", 100_000))),
		"half a frame":          {0x82, 0xfe, 0xff},
		"deep update":           masked(0x82, protocol.AppendUpdate(nil, nestedUpdate(50_000))),
		"deep awareness":        masked(0x82, protocol.AppendAwareness(nil, deepState(50_000))),
		"sync in a text frame":  masked(0x81, []byte{0, 2, 2, 0, 0}),
		"text in a binary one":  masked(0x82, []byte("hello, is this the right place?")),
		"JSON in a binary one":  masked(0x82, []byte(`{"type":"subscribe","room":"r1"}`)),
		"step 2 before step 1":  append(masked(0x82, []byte{0, 1, 2, 0, 0}), masked(0x82, []byte{0, 0, 1, 0})...),
		"what has no beginning": masked(0x82, protocol.AppendUpdate(nil, laterUpdate(t))),
		"an older clock":        append(masked(0x82, []byte{1, 6, 1, 9, 9, 2, '{', '}'}), masked(0x82, []byte{1, 6, 1, 9, 1, 2, '{', '}'})...),
	} {
		t.Run(name, func(t *testing.T) {
			raw, br := s.rawDial(2, "r1")
			_, err := raw.Write(attack)
			must(t, err)
			_ = raw.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, br) // until the server lets go
			raw.Close()
		})
	}
	s.settled(1)
	witness.insert(0, "alive ")
	s.dial(dial{user: 4}).sync().untilText("alive seed")
}

// nestedUpdate is an update whose content is an array in an array, and so on.
func nestedUpdate(depth int) []byte {
	b := []byte{1, 1, 99, 0, 8, 1, 1, 't', 1} // one client, one struct: ContentAny at root "t"
	for range depth {
		b = append(b, 117, 1)
	}
	return append(b, 126, 0)
}

func deepState(depth int) []byte {
	state := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	return awareness.AppendUpdate(nil, []awareness.Entry{{Client: 9, Clock: 1, State: json.RawMessage(state)}})
}

// laterUpdate is the second edit of somebody whose first one nobody has.
func laterUpdate(t *testing.T) (second []byte) {
	doc := yjs.NewDoc(yjs.Options{})
	doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { second = u })
	for range 2 {
		must(t, doc.Transact(nil, func(tx *yjs.Transaction) error { return doc.Text("t").Insert(tx, 0, "?", nil) }))
	}
	return second
}

func TestSlowlorisIsCutOff(t *testing.T) {
	s := newStand(t, standOptions{server: Options{UpgradeTimeout: 200 * time.Millisecond}})
	c, err := net.Dial("tcp", s.server.Addr().String())
	must(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /realtime/records/r1 HTTP/1.1\r\nHost:")
	must(t, err)
	must(t, c.SetReadDeadline(time.Now().Add(patience)))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestFloodIsSlowedThenClosed(t *testing.T) {
	s := newStand(t, standOptions{server: Options{MessagesPerSecond: 50, MessageBurst: 10, Flood: 2 * time.Second}})
	a := s.dial(dial{user: 1, v1: true}).sync()
	a.untilText("seed")
	began := time.Now()
	for i := uint64(1); ; i++ {
		if a.write([]byte{3}) != nil {
			break
		}
	}
	code, reason := a.closed()
	if code != 1008 && code != 1006 { // a peer in the middle of writing may see a reset
		t.Errorf("closed with %d %s", code, reason)
	}
	if d := time.Since(began); d < 2*time.Second {
		t.Errorf("closed after %v already", d)
	}
	warned := false
	for _, m := range a.texts {
		warned = warned || m["event"] == "notice" && m["code"] == "RATE_LIMIT"
	}
	if !warned {
		t.Errorf("closed without a warning: %v", a.texts)
	}
}

// A person types 20 characters a second, with an edit and a cursor each.
func TestTypingIsNeverThrottled(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	for i := range uint64(200) { // ten seconds of it at once
		a.insert(0, "x")
		a.say(11, i+1, `{"cursor":1}`)
	}
	b := s.dial(dial{user: 2}).sync()
	b.untilText(strings.Repeat("x", 200) + "seed")
	if n := s.server.meter.Throttled.Load(); n != 0 {
		t.Errorf("%d messages were throttled", n)
	}
}

func TestPings(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	for range 30 {
		must(t, a.writeText(`{"type":"ping"}`))
	}
	a.until("30 pongs", func() bool { return len(a.texts) == 30 })
	must(t, a.write([]byte(`{"type":"ping"}`))) // the opcode does not matter
	a.until("31 pongs", func() bool { return len(a.texts) == 31 })
	raw, br := s.rawDial(2, "r1")
	_, err := raw.Write(masked(0x89, []byte("hello")))
	must(t, err)
	for {
		op, payload, err := readFrame(br)
		must(t, err)
		if op == 0xa {
			if string(payload) != "hello" {
				t.Errorf("pong %q", payload)
			}
			return
		}
	}
}

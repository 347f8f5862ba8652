package realtime

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// Who floods and hangs up is not read for a minute: it gets one more burst and
// is gone. What a person did last is in that burst.
func TestFlooderWhoHangsUpIsGone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a hang-up behind unread bytes can be seen on Linux only")
	}
	// At one message a second the rest would take an hour.
	s := newStand(t, standOptions{server: Options{MessagesPerSecond: 1, MessageBurst: 40, Flood: time.Hour}})
	witness := s.dial(dial{user: 2}).sync()
	witness.untilText("seed")

	raw, _ := s.rawDial(1, "r1")
	var flood []byte
	for range 45 {
		flood = append(flood, masked(0x82, []byte{9})...)
	}
	doc := yjs.NewDoc(yjs.Options{})
	must(t, doc.Transact(nil, func(tx *yjs.Transaction) error { return doc.Text("t").Insert(tx, 0, "last words ", nil) }))
	update, err := doc.EncodeStateAsUpdate(nil)
	must(t, err)
	flood = append(flood, masked(0x82, protocol.AppendUpdate(nil, update))...)
	flood = append(flood, []byte(strings.Repeat(string(masked(0x82, []byte{9})), 4000))...)
	_, err = raw.Write(flood)
	must(t, err)
	must(t, raw.Close())
	s.settled(1)
	witness.until("what was typed last", func() bool { return strings.Contains(witness.doc.Text("t").String(), "last words") })
	if n := s.server.meter.Throttled.Load(); n == 0 || n > 100 {
		t.Errorf("%d messages were throttled", n)
	}
}

// Who is made to wait for a refusal and does not, is not kept.
func TestRefusedClientWhoLeavesIsLetGo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nobody reads a socket that waits for its close; that its peer is gone is seen on Linux only")
	}
	s := newStand(t, standOptions{})

	for range 9 { // the last ones would wait 16 s and 20 s
		c, err := s.tryDial(dial{token: "gone", quiet: true})
		must(t, err)
		c.ws.CloseNow()
	}
	s.poll("nobody is held", func() bool {
		s.server.penalty.mu.Lock()
		defer s.server.penalty.mu.Unlock()
		return len(s.server.penalty.held) == 0
	})
}

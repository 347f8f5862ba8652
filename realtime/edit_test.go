package realtime

import (
	"testing"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

func TestTwoClientsEditOneRecord(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.untilText("seed")
	b.untilText("seed")
	a.insert(4, " from alice")
	b.untilText("seed from alice")
	b.insert(0, "bob: ")
	a.untilText("bob: seed from alice")
	a.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Delete(tx, 0, 5) })
	b.untilText("seed from alice")
	for _, c := range []*client{a, b} {
		c.until("no text frames", func() bool { return len(c.texts) == 0 })
	}
}

func TestLateJoinerGetsEverything(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	a.untilText("seed")
	for range 50 {
		a.insert(0, "x")
	}
	b := s.dial(dial{user: 2}).sync()
	b.until("same text", func() bool { return len(b.doc.Text("t").String()) == 54 })
	// A client that knows nearly everything gets the rest only.
	c := s.dial(dial{user: 1, doc: b.state()}).sync()
	if got := len(c.text()); got != 54 {
		t.Errorf("after the sync %d characters, want 54", got)
	}
}

func TestListenerWithoutStep1GetsTheStateUnasked(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, quiet: true})
	a.untilText("seed")
}

func TestSavedIsToldToV1Clients(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, v1: true, id: 77}).sync()
	if ack := a.untilEvent("connection.ack"); ack["roomId"] != "records:r1" || ack["access"] != "edit" {
		t.Errorf("ack %v", ack)
	}
	a.untilText("seed")
	a.insert(4, "!")
	a.until("saved through clock 1", func() bool {
		for _, m := range a.texts {
			clocks, _ := m["clocks"].(map[string]any)
			if m["event"] == "saved" && clocks["77"] == 1.0 {
				return true
			}
		}
		return false
	})
	// A deletion moves no clock, but counts as an update.
	a.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Delete(tx, 0, 1) })
	a.until("saved through update 3", func() bool {
		last := a.texts[len(a.texts)-1]
		return last["event"] == "saved" && last["updates"] == 3.0 // step 2, insert, delete
	})
	// What was there already is saved too.
	must(t, a.write(protocol.AppendUpdate(nil, []byte{0, 0})))
	a.until("saved through update 4", func() bool {
		last := a.texts[len(a.texts)-1]
		return last["event"] == "saved" && last["updates"] == 4.0
	})
}

func TestViewerCannotWrite(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	stock := s.dial(dial{user: 3}).sync()
	v1 := s.dial(dial{user: 3, v1: true}).sync()
	if ack := v1.untilEvent("connection.ack"); ack["access"] != "view" {
		t.Errorf("ack %v", ack)
	}
	a.untilText("seed")
	stock.untilText("seed")
	v1.untilText("seed")
	stock.mu.Lock()
	seen := stock.binary
	stock.mu.Unlock()
	stock.insert(0, "forbidden ")
	v1.insert(0, "forbidden ")
	if e := v1.untilEvent("error"); e["error"].(map[string]any)["code"] != "PERMISSION_DENIED" {
		t.Errorf("error %v", e)
	}
	stock.until("the true state", func() bool { return stock.binary > seen })
	a.insert(4, " ok") // comes after the forbidden edits, so they would have come
	b := s.dial(dial{user: 2}).sync()
	b.untilText("seed ok")
	a.untilText("seed ok")
}

// What waits for something that is missing is not in the document, and must
// not be called saved.
func TestNothingIsSavedThatWaitsForSomethingMissing(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1, v1: true, id: 77, quiet: true})
	a.untilText("seed") // unasked, after a while
	first := a.change(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, 4, "1", nil) })
	second := a.change(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, 5, "2", nil) })
	a.mute()
	must(t, a.write(protocol.AppendUpdate(nil, second)))
	must(t, a.writeText(`{"type":"ping"}`))
	a.untilEvent("pong")
	b := s.dial(dial{user: 2}).sync() // the room has dealt with the update
	b.untilText("seed")
	a.until("nothing saved", func() bool {
		for _, m := range a.texts {
			if clocks, _ := m["clocks"].(map[string]any); m["event"] == "saved" && clocks["77"] != nil {
				t.Errorf("saved: %v", m)
			}
		}
		return true
	})
	must(t, a.write(protocol.AppendUpdate(nil, first)))
	b.untilText("seed12")
	a.until("saved", func() bool {
		last := a.texts[len(a.texts)-1]
		clocks, _ := last["clocks"].(map[string]any)
		return last["event"] == "saved" && clocks["77"] == 2.0
	})
}

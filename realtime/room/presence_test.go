package room

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// messages splits what a sink got into y-protocols messages.
func messages(t *testing.T, b []byte) (all []protocol.Message) {
	t.Helper()
	for len(b) > 0 {
		n, head := int(b[1]), 2
		switch n {
		case 126:
			n, head = int(b[2])<<8|int(b[3]), 4
		case 127:
			t.Fatal("frame longer than this test expects")
		}
		if b[0] == 0x82 {
			m, err := protocol.Decode(b[head : head+n])
			check(t, err)
			all = append(all, m)
		}
		b = b[head+n:]
	}
	return all
}

// A hundred cursor moves of each of eight people, and edits between them,
// within one turn: everybody gets the edits first, and then one message with
// the last cursor of each.
func TestCursorStormIsOneMessageAfterTheEdits(t *testing.T) {
	const people, moves = 8, 100
	m := newManager(t, Options{})
	var all []*sink
	for i := range people {
		all = append(all, m.join(t, "x", int64(i+1)))
	}
	r, _ := m.Room("records:x")
	settle(t, r)
	started, block := make(chan struct{}), make(chan struct{})
	r.call(func() { close(started); <-block }) // so that everything below arrives together
	<-started
	for move := range moves {
		for i, s := range all {
			state := fmt.Sprintf(`{"cursor":%d}`, move)
			s.m.Submit(Awareness, awareness.AppendUpdate(nil, []awareness.Entry{{Client: uint64(100 + i), Clock: uint64(move + 1), State: json.RawMessage(state)}}))
			if move%25 == 0 {
				s.m.Submit(Update, newTypist(uint64(1000*move + i + 10)).types(1)[0])
			}
		}
	}
	seen := all[0].bytes()
	close(block)
	for all[0].bytes() == seen { // a question would be part of the turn, and have it commit
		runtime.Gosched()
	}
	settle(t, r)
	settle(t, r) // the turn of the first one is over
	got := messages(t, all[0].got[seen:])
	last := len(got) - 1
	for i, msg := range got { // the keeper may ask in between, and part the edits
		if want := i == last; (msg.Type == protocol.MessageAwareness) != want {
			t.Fatalf("message %d of %d is of type %d; want the edits and then one message of cursors", i, len(got), msg.Type)
		}
	}
	entries, err := awareness.DecodeUpdate(got[last].Payload)
	check(t, err)
	if len(entries) != people {
		t.Fatalf("%d states, want %d", len(entries), people)
	}
	for _, e := range entries {
		var state struct{ Cursor int }
		if json.Unmarshal(e.State, &state) != nil || state.Cursor != moves-1 {
			t.Errorf("client %d: %s is not its last cursor", e.Client, e.State)
		}
	}
}

// say sends a presence state.
func (s *sink) say(client, clock uint64, state string) {
	s.m.Submit(Awareness, awareness.AppendUpdate(nil, []awareness.Entry{{Client: client, Clock: clock, State: json.RawMessage(state)}}))
}

// Whoever is not the user that an id belonged to does not get it.
func TestAnIDComesBackOnlyToItsUser(t *testing.T) {
	m := newManager(t, Options{})
	known := func(r *Room, client uint64) (state string) {
		check(t, r.do(t.Context(), func() {
			s, _ := r.presence.State(client)
			state = string(s)
		}))
		return state
	}
	keeper := m.join(t, "x", 9) // keeps the room open
	r, _ := m.Room("records:x")
	keeper.say(900, 1, `{}`)
	a := m.join(t, "x", 1)
	a.say(111, 5, `{"n":1}`)
	settle(t, r)
	m.Leave(a.m)
	thief := m.join(t, "x", 2)
	thief.say(111, 5, `{"n":2}`) // as the first thing it says, and with the clock that was seen
	if s := known(r, 111); s != "" {
		t.Errorf("another user speaks for the id: %s", s)
	}
	again := m.join(t, "x", 1)
	again.say(111, 5, `{"n":3}`)
	if s := known(r, 111); s == "" {
		t.Error("the user does not get the id back")
	}
	settle(t, r)
	if n := len(r.left); n > 1 {
		t.Errorf("%d ids are remembered", n)
	}
}

// Who types, moves the cursor or selects is active. Who only repeats its state,
// as stock clients do every 15 s, is idle.
func TestWhoOnlyRepeatsItselfIsIdle(t *testing.T) {
	m := newManager(t, Options{})
	a := m.join(t, "x", 1)
	r, _ := m.Room("records:x")
	a.say(11, 1, `{"cursor":1}`)
	for _, c := range []struct {
		name   string
		active bool
		do     func()
	}{
		{"the same again", false, func() { a.say(11, 2, `{"cursor":1}`) }},
		{"a question", false, func() { a.m.Submit(Query, nil) }},
		{"a cursor that moves", true, func() { a.say(11, 3, `{"cursor":2}`) }},
		{"nothing new", false, func() { a.m.Submit(Step2, emptyUpdate) }},
		{"an edit", true, func() { a.m.Submit(Update, newTypist(77).types(1)[0]) }},
	} {
		settle(t, r)
		settle(t, r) // the turn of the first one is over
		past := time.Now().Add(-time.Hour)
		a.m.active.Store(past.UnixMilli())
		c.do()
		settle(t, r)
		settle(t, r)
		people, err := r.Presence(t.Context())
		check(t, err)
		if active := people[0].ActiveAt.After(past.Add(time.Minute)); active != c.active {
			t.Errorf("%s: active is %v, want %v", c.name, active, c.active)
		}
	}
}

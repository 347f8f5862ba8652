package realtime

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// user returns the user of a state that the client knows.
func (c *client) user(id uint64) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var state struct{ User map[string]any }
	_ = json.Unmarshal(c.states[id].State, &state)
	return state.User
}

// known returns what the client knows of an awareness id.
func (c *client) known(id uint64) (state string, here bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, here := c.states[id]
	return string(e.State), here
}

func (c *client) untilState(id, clock uint64) {
	c.t.Helper()
	c.until("presence", func() bool { return c.states[id].Clock >= clock && !c.states[id].Gone() && len(c.states[id].State) > 0 })
}

func TestPresenceIsStampedAndEndsWithTheSocket(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.say(11, 1, `{"user":{"name":"The Mayor","color":"#f00","id":9},"cursor":{"anchor":1}}`)
	b.untilState(11, 1)
	if u := b.user(11); u["name"] != "Alice Tremblay" || u["id"] != 1.0 || u["color"] != "#f00" {
		t.Errorf("user %v", u)
	}
	if st, _ := b.known(11); !strings.Contains(st, `"cursor":{"anchor":1}`) {
		t.Errorf("state %s", st)
	}
	// A newcomer hears of everybody.
	c := s.dial(dial{user: 4}).sync()
	c.untilState(11, 1)
	a.ws.CloseNow()
	b.until("alice is gone", func() bool { _, here := b.states[11]; return !here })
}

func TestNobodySpeaksForSomebodyElse(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	c := s.dial(dial{user: 4}).sync()
	a.say(11, 1, `{"user":{"name":"x"},"n":1}`)
	c.untilState(11, 1)
	b.say(11, 5, `{"user":{"name":"x"},"n":2}`) // news about Alice
	b.say(11, 6, `null`)                        // and away with her
	b.say(22, 1, `{"n":3}`)
	c.untilState(22, 1)
	if st, here := c.known(11); !here || !strings.Contains(st, `"n":1`) {
		t.Errorf("alice's state is %s", st)
	}
	e, ok := s.notes.find(hooks.NameSecurityForged)
	if !ok || e.Data.(hooks.SecurityForged).What != "presence" {
		t.Errorf("hook %+v", e)
	}
}

// Stock clients send on what they hear of others; that is no attack.
func TestEchoesOfOthersAreIgnored(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.say(11, 3, `{"n":1}`)
	b.untilState(11, 3)
	b.say(11, 3, `{"n":1}`)
	b.say(22, 1, `{"n":2}`)
	a.untilState(22, 1)
	if _, forged := s.notes.find(hooks.NameSecurityForged); forged {
		t.Error("an echo counts as forged")
	}
}

func TestReconnectedTabTakesItsIDOver(t *testing.T) {
	s := newStand(t, standOptions{})
	half := s.dial(dial{user: 1}).sync() // will hang half-open
	b := s.dial(dial{user: 2}).sync()
	half.say(11, 1, `{"n":1}`)
	b.untilState(11, 1)
	again := s.dial(dial{user: 1}).sync()
	again.say(11, 2, `{"n":2}`)
	b.untilState(11, 2)
	half.ws.CloseNow()
	s.settled(2)
	again.say(12, 1, `{"n":3}`) // comes after the leave
	b.untilState(12, 1)
	if _, here := b.known(11); !here {
		t.Error("the old socket took the state of the new one with it")
	}
}

func TestQueryAwareness(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	a.say(11, 1, `{"n":1}`)
	b := s.dial(dial{user: 2}).sync()
	b.untilState(11, 1)
	b.mu.Lock()
	delete(b.states, 11)
	b.mu.Unlock()
	must(t, b.write(protocol.AppendQueryAwareness(nil)))
	b.untilState(11, 1)
}

func TestStateThatIsNoObjectIsPassedOn(t *testing.T) {
	s := newStand(t, standOptions{})
	a := s.dial(dial{user: 1}).sync()
	b := s.dial(dial{user: 2}).sync()
	a.say(11, 1, `"just a string"`)
	b.untilState(11, 1)
	_ = awareness.OutdatedTimeout
}

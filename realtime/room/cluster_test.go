package room

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// mesh connects the rooms of several nodes in this process.
type mesh struct {
	mu    sync.Mutex
	links map[string][]*meshLink // guarded by mu
}

type meshLink struct {
	mesh *mesh
	room string
	to   cluster.Receiver
}

func (m *mesh) Join(_ context.Context, room string, r cluster.Receiver) (cluster.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.links == nil {
		m.links = make(map[string][]*meshLink)
	}
	l := &meshLink{m, room, r}
	m.links[room] = append(m.links[room], l)
	return l, nil
}

func (l *meshLink) Publish(msg cluster.Message) {
	l.mesh.mu.Lock()
	defer l.mesh.mu.Unlock()
	for _, other := range l.mesh.links[l.room] {
		if other != l {
			other.to.Receive(msg)
		}
	}
}

func (l *meshLink) Close() {
	l.mesh.mu.Lock()
	defer l.mesh.mu.Unlock()
	links := l.mesh.links[l.room]
	l.mesh.links[l.room] = slices.DeleteFunc(links, func(o *meshLink) bool { return o == l })
}

// Who comes back knows the clocks of everybody who was there, also of those on
// another node, and takes only newer ones.
func TestPresenceOfAnotherNodeComesBack(t *testing.T) {
	var net mesh
	here, there := newNode(t, &net, Options{}), newNode(t, &net, Options{})
	far := there.join(t, "x", 2)
	keeper := here.join(t, "x", 3)
	roomHere, _ := here.Room("records:x")
	roomThere, _ := there.Room("records:x")
	quiet := func() {
		t.Helper()
		for range 3 { // there and back
			settle(t, roomThere)
			settle(t, roomHere)
		}
	}
	far.say(22, 5, `{"n":1}`)
	keeper.say(33, 1, `{}`)
	quiet()
	clocks := func(s *sink) map[uint64]uint64 {
		seen := make(map[uint64]uint64)
		for _, msg := range messages(t, s.taken()) {
			if msg.Type != protocol.MessageAwareness {
				continue
			}
			entries, err := awareness.DecodeUpdate(msg.Payload)
			check(t, err)
			for _, e := range entries {
				seen[e.Client] = e.Clock
			}
		}
		return seen
	}
	if seen := clocks(keeper); seen[22] != 5 {
		t.Fatalf("the other node is not heard: %v", seen)
	}
	back := &sink{}
	back.m = NewMember(MemberOptions{ID: "back", Grant: Grant{View: true, Edit: true}}, back)
	check(t, here.Join(t.Context(), "records", "x", back.m))
	back.m.Submit(Step1, []byte{1, 7, 1}) // it has something of the document: it was here before
	quiet()
	seen := clocks(back)
	if seen[22] <= 5 || seen[33] <= 1 {
		t.Errorf("clocks %v: it will not take them", seen)
	}
	far.say(22, 6, `{"n":2}`) // it moves, with the clock that it knows
	quiet()
	if next := clocks(back); next[22] <= seen[22] {
		t.Errorf("clock %d after the next move, %d before: it will not take it", next[22], seen[22])
	}
}

package room

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// asleep asks the loop.
func asleep(t testing.TB, r *Room) (yes bool) {
	t.Helper()
	check(t, r.do(t.Context(), func() { yes = r.doc == nil }))
	return yes
}

func mustRoom(t testing.TB, m *Manager, id string) *Room {
	t.Helper()
	r, ok := m.Room("records:" + id)
	if !ok {
		t.Fatal("the room is not open")
	}
	return r
}

func mustCapture(t testing.TB, r *Room) store.Capture {
	t.Helper()
	c, err := r.Capture(t.Context())
	check(t, err)
	return c
}

// A small room that was only opened is packed once whoever came has been answered,
// and the next one gets the same.
func TestOpenedRoomIsPacked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, Options{})
		silent := &sink{}
		silent.m = NewMember(MemberOptions{ID: "s", Grant: Grant{View: true}}, silent)
		check(t, m.Join(t.Context(), "records", "a", silent.m))
		r := mustRoom(t, m, "a")
		packed := func() (yes bool) {
			t.Helper()
			synctest.Wait() // until the loop has nothing to do
			check(t, r.do(t.Context(), func() {
				yes = r.sleeper != nil && r.sleeper.packed != nil && r.sleeper.state == nil && r.state.full == nil
			}))
			return yes
		}
		if packed() {
			t.Error("the room is packed before anybody was answered")
		}
		alice := m.join(t, "a", 1)
		if !packed() {
			t.Error("the room is not packed, or keeps what alice was answered")
		}
		bob := m.join(t, "a", 2)
		synctest.Wait()
		if got := bob.taken(); len(got) == 0 || !bytes.Contains(alice.taken(), got) {
			t.Errorf("alice got %q, bob %q", alice.taken(), got)
		}
		bob.m.Submit(Update, newTypist(12).types(1)[0])
		if packed() {
			t.Error("a document that is edited is packed")
		}
	})
}

// A larger one is packed when it has rested for a moment.
func TestLargerOpenedRoomIsPackedLater(t *testing.T) {
	m := newManager(t, Options{}, &plain{kind: "records", text: strings.Repeat("long ", packAtOnce)})
	m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	opened := mustCapture(t, r)
	packed := func() (yes bool) {
		t.Helper()
		check(t, r.do(t.Context(), func() { yes = r.sleeper.packed != nil && r.sleeper.state == nil }))
		return yes
	}
	if packed() || r.tired(r.created.Add(packAfter/2)) || !r.tired(r.created.Add(2*packAfter)) {
		t.Error("the room is packed at once, or never")
	}
	check(t, r.do(t.Context(), r.sleep))
	if c := mustCapture(t, r); !packed() || !bytes.Equal(c.State, opened.State) || !bytes.Equal(c.Meta.Aux, opened.Meta.Aux) {
		t.Error("the room is not packed, or into something else")
	}
}

// An unused document is packed, and nobody can tell: those who join, the
// keeper, and those who write find what was there.
func TestUnusedDocumentSleeps(t *testing.T) {
	m := newManager(t, Options{})
	alice := m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	if !asleep(t, r) {
		t.Error("a room that was only opened is awake")
	}
	for _, u := range newTypist(11).types(6) {
		alice.m.Submit(Update, u)
	}
	settle(t, r)
	awake := mustCapture(t, r)

	m.tidyAll(time.Now().Add(sleepAfter / 2))
	if asleep(t, r) {
		t.Fatal("the document sleeps although it was just used")
	}
	m.tidyAll(time.Now().Add(2 * sleepAfter))
	if !asleep(t, r) {
		t.Fatal("the document does not sleep")
	}
	if c := mustCapture(t, r); !bytes.Equal(c.State, awake.State) || c.Seq != awake.Seq || c.Meta.Lineage != awake.Meta.Lineage || !bytes.Equal(c.Meta.Aux, awake.Meta.Aux) {
		t.Fatal("the keeper captures something else than before")
	}
	bob := m.join(t, "a", 2)
	settle(t, r)
	if !bytes.Contains(bob.taken(), awake.State) {
		t.Fatal("who joins does not get the document")
	}
	if !asleep(t, r) {
		t.Fatal("a join woke the document")
	}
	bob.m.Submit(Update, newTypist(12).types(1)[0])
	settle(t, r)
	if asleep(t, r) || r.manager.opts.Meter.Wakes.Load() != 2 {
		t.Fatal("an edit did not wake the document")
	}
	d := yjs.NewDoc(yjs.Options{})
	check(t, d.ApplyUpdate(mustCapture(t, r).State, nil))
	if got := d.Text("t").String(); len(got) != len("seed")+7 {
		t.Fatalf("the document is %q", got)
	}
}

// What waits for something that is missing is not part of the state: such a
// document stays awake.
func TestWaitingDocumentDoesNotSleep(t *testing.T) {
	m := newManager(t, Options{})
	alice := m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	typed := newTypist(11).types(2)
	alice.m.Submit(Update, typed[1])
	settle(t, r)
	m.tidyAll(time.Now().Add(2 * sleepAfter))
	if asleep(t, r) {
		t.Fatal("the document sleeps with an edit that waits")
	}
	alice.m.Submit(Update, typed[0])
	settle(t, r)
	d := yjs.NewDoc(yjs.Options{})
	check(t, d.ApplyUpdate(mustCapture(t, r).State, nil))
	if got := d.Text("t").String(); len(got) != len("seed")+2 {
		t.Fatalf("the document is %q", got)
	}
}

// Only a state in which nothing is missing can rest without having been read.
func TestWholeVector(t *testing.T) {
	d := yjs.NewDoc(yjs.Options{})
	typed := newTypist(11).types(3)
	check(t, d.ApplyUpdate(typed[0], nil))
	whole, err := d.EncodeStateAsUpdate(nil)
	check(t, err)
	check(t, d.ApplyUpdate(typed[2], nil))
	waiting, err := d.EncodeStateAsUpdate(nil)
	check(t, err)
	for name, tt := range map[string]struct {
		state []byte
		whole bool
	}{
		"whole":            {whole, true},
		"empty":            {emptyUpdate, true},
		"an edit waits":    {waiting, false},
		"no state":         {nil, false},
		"cut off":          {whole[:len(whole)-3], false},
		"deletions cut":    {append(bytes.Clone(whole[:len(whole)-1]), 1, 11, 2, 0, 1), false},
		"deletions absent": {whole[:len(whole)-1], false},
	} {
		if sv := wholeVector(tt.state); (sv != nil) != tt.whole {
			t.Errorf("%s: %x", name, sv)
		}
	}
}

// A capture says what its state holds, so that whoever loads it need not look
// through it, unless an edit waits for another.
func TestCaptureVector(t *testing.T) {
	m := newManager(t, Options{})
	alice := m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	typed := newTypist(11).types(4)
	for _, step := range []struct {
		name  string
		do    func()
		whole bool
	}{
		{"opened", func() {}, true},
		{"edited", func() { alice.m.Submit(Update, typed[0]) }, true},
		{"asleep", func() { check(t, r.do(t.Context(), r.sleep)) }, true},
		{"an edit waits", func() { alice.m.Submit(Update, typed[2]) }, false},
		{"it has come", func() { alice.m.Submit(Update, typed[1]) }, true},
		{"asleep again", func() { check(t, r.do(t.Context(), r.sleep)) }, true},
	} {
		step.do()
		settle(t, r)
		check(t, r.do(t.Context(), func() { r.worked.Store(1) }))
		c := mustCapture(t, r)
		if r.worked.Load() != 1 {
			t.Errorf("%s: the capture counts as use of the document", step.name)
		}
		switch got, want := c.Vector, wholeVector(c.State); {
		case step.whole && !bytes.Equal(got, want):
			t.Errorf("%s: the vector is %x, the state's is %x", step.name, got, want)
		case !step.whole && got != nil:
			t.Errorf("%s: the vector is %x, of a state that is not whole", step.name, got)
		}
	}
}

// The vector that the store kept is used, the state is not looked through.
func TestOpenByStoredVector(t *testing.T) {
	for name, state := range map[string][]byte{"whole": emptyUpdate, "unread": []byte("not an update")} {
		r := &Room{}
		vector := []byte{1, 11, 4}
		check(t, r.assemble(store.Snapshot{State: state, Vector: vector}, nil))
		if r.sleeper == nil || !bytes.Equal(r.state.sv, vector) {
			t.Errorf("%s: asleep %v, vector %x", name, r.sleeper != nil, r.state.sv)
		}
	}
	edit := newTypist(12).types(1)[0]
	r := &Room{}
	check(t, r.assemble(store.Snapshot{State: emptyUpdate, Vector: []byte{1, 11, 4}}, []store.Entry{{Seq: 1, Update: edit}}))
	if got := r.document().StateVector(); len(got) != 1 || got[12] != 1 {
		t.Errorf("with an edit behind the state the vector is %v", got)
	}
}

// Large documents stay awake: their first edit would have to wait.
func TestLargeDocumentDoesNotSleep(t *testing.T) {
	m := newManager(t, Options{})
	alice := m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	d := yjs.NewDoc(yjs.Options{ClientID: 11})
	check(t, d.Transact(nil, func(tx *yjs.Transaction) error {
		return d.Text("t").Insert(tx, 0, strings.Repeat("x", sleepMost+1), nil)
	}))
	large, err := d.EncodeStateAsUpdate(nil)
	check(t, err)
	alice.m.Submit(Update, large)
	settle(t, r)
	m.tidyAll(time.Now().Add(time.Hour))
	if asleep(t, r) {
		t.Fatal("a document of more than sleepMost sleeps")
	}
}

// Sleeping at any moment changes nothing of what a document becomes.
func TestSleepChangesNothing(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	m := newManager(t, Options{})
	alice := m.join(t, "a", 1)
	r := mustRoom(t, m, "a")
	settle(t, r)

	client := yjs.NewDoc(yjs.Options{ClientID: 99})
	check(t, client.ApplyUpdate(mustCapture(t, r).State, nil))
	var update []byte
	client.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })
	text := client.Text("t")
	for i := range 200 {
		n := text.Len()
		check(t, client.Transact(nil, func(tx *yjs.Transaction) error {
			switch at := rnd.IntN(n + 1); {
			case n > 0 && rnd.IntN(3) == 0:
				from := rnd.IntN(n)
				return text.Delete(tx, from, 1+rnd.IntN(n-from))
			case n > 1 && rnd.IntN(4) == 0:
				from := rnd.IntN(n - 1)
				return text.Format(tx, from, 1+rnd.IntN(n-from-1), yjs.Attributes{{Key: "b", Value: i%2 == 0}})
			default:
				return text.Insert(tx, at, "ab💡d"[:1+rnd.IntN(2)], nil)
			}
		}))
		alice.m.Submit(Update, update)
		if rnd.IntN(4) == 0 {
			settle(t, r)
			check(t, r.do(t.Context(), r.sleep))
		}
	}
	settle(t, r)
	want, err := client.EncodeStateAsUpdate(nil)
	check(t, err)
	if got := mustCapture(t, r).State; !bytes.Equal(got, want) {
		t.Fatalf("the room's state has %d bytes, the writer's %d", len(got), len(want))
	}
}

package room

import (
	"testing"
	"time"
)

// What a keystroke may cost, in things that can be counted on any machine: the
// regressions that a time would not show on a busy one. Whoever has a reason
// to pass a ceiling moves it.
func TestCeilingsOfAKeystroke(t *testing.T) {
	for _, tt := range []struct {
		readers int
		allocs  float64 // of the whole turn: apply, number, journal, encode, queue, and the test's own settle
	}{
		{1, 12},
		{50, 68}, // one more for each reader: its place in a queue
	} {
		m := newManager(t, Options{MaxMembers: -1})
		writer := m.join(t, "x", 1)
		var reader *sink
		for range tt.readers {
			reader = m.join(t, "x", 2)
		}
		r := mustRoom(t, m, "x")
		updates := newTypist(11).types(402)
		settle(t, r)
		writer.m.Submit(Update, updates[0])
		settle(t, r)
		before, turns, n := reader.bytes(), m.Meter().Turns.Load(), 1
		got := testing.AllocsPerRun(400, func() {
			writer.m.Submit(Update, updates[n])
			n++
			settle(t, r)
		})
		t.Logf("%d readers: %v allocations, %d bytes a keystroke", tt.readers, got, (reader.bytes()-before)/(n-1))
		if got > tt.allocs {
			t.Errorf("%d readers: %v allocations a keystroke, the ceiling is %v", tt.readers, got, tt.allocs)
		}
		if b := (reader.bytes() - before) / (n - 1); b > 24 {
			t.Errorf("%d bytes a keystroke for each reader", b)
		}
		if k := m.Meter().Turns.Load() - turns; k > uint64(2*n) {
			t.Errorf("%d turns for %d keystrokes", k, n-1)
		}
	}
}

// What it may cost to open a small room that was open before, and to join one
// that sleeps: no document is made for either, not even when the newcomer
// answers that it has nothing.
func TestOpeningMakesNoDocument(t *testing.T) {
	m := newManager(t, Options{Grace: -1})
	s := m.join(t, "x", 1)
	s.m.Submit(Update, newTypist(11).types(1)[0])
	r := mustRoom(t, m, "x")
	settle(t, r)
	_, _, err := m.Flush(t.Context(), "records:x")
	check(t, err)
	m.Leave(s.m)
	for deadline := time.Now().Add(10 * time.Second); m.Count() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the room stays open")
		}
	}
	for range 5 {
		m.join(t, "x", 2).m.Submit(Step2, emptyUpdate)
	}
	if r = mustRoom(t, m, "x"); !asleep(t, r) || m.Meter().Wakes.Load() != 1 {
		t.Errorf("the document was made %d times", m.Meter().Wakes.Load())
	}
}

package room

import (
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"
)

// What may stay in memory of a room, counted as the ceilings are: of one that
// is open, packed, with one member who does nothing; and of one that is closed.
// What the member's socket needs is not in it; the store, which is in memory
// here, is not counted either: the first round is its.
func TestMemoryOfRooms(t *testing.T) {
	const rooms, open, closed = 500, 3500, 256
	m := newManager(t, Options{Grace: -1, MaxRooms: -1})
	quiet := runtime.NumGoroutine()
	live := func() int {
		await(t, func() bool { return runtime.NumGoroutine() <= quiet })
		runtime.GC() // twice: what pools hold outlives one collection
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int(s.HeapAlloc)
	}
	// The first round is for what belongs to the process and the store.
	before := live()
	for round := range 2 {
		members := make([]*sink, rooms)
		for i := range members {
			members[i] = m.join(t, fmt.Sprint("r", i), 1)
		}
		m.tidyAll(time.Now().Add(time.Hour))
		each := (live() - before) / rooms
		m.leaveAll(members)
		members = nil
		await(t, func() bool { return m.Count() == 0 })
		left := (live() - before) / rooms
		if t.Logf("round %d: %d bytes a room, %d when it is closed", round, each, left); round == 0 {
			before = live()
			continue
		}
		if each > open {
			t.Errorf("%d bytes stay for each open room, the ceiling is %d", each, open)
		}
		if left > closed {
			t.Errorf("%d bytes stay for each closed room, the ceiling is %d", left, closed)
		}
	}
}

// What opening a room that was open before may leave as garbage: it lies among
// what lives, and makes the holes.
func TestGarbageOfOpening(t *testing.T) {
	const rooms, most = 200, 12 << 10
	m := newManager(t, Options{Grace: -1, MaxRooms: -1})
	allocated := func() int {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int(s.TotalAlloc)
	}
	for round := range 2 {
		began := allocated()
		m.leaveAll(m.fill(t, rooms))
		await(t, func() bool { return m.Count() == 0 })
		each := (allocated() - began) / rooms
		if t.Logf("round %d: %d bytes to open and close a room", round, each); round == 1 && each > most {
			t.Errorf("%d bytes to open and close a room, the ceiling is %d", each, most)
		}
	}
}

// Go keeps what it knows of each goroutine there ever was, in pieces of 441 to
// 480 bytes. What is as large and comes with each socket lies among them, and
// leaves holes when the crowd has gone.
func TestMembersAreNoGoroutines(t *testing.T) {
	if n := unsafe.Sizeof(Member{}); n > 416 && n <= 480 {
		t.Errorf("a member has %d bytes: it shares the pages of goroutines", n)
	}
}

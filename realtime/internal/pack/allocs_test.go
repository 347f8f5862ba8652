//go:build !race

package pack_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/pack"
)

// Of packing nothing remains but the result: a room that falls asleep must
// leave no garbage among what lives; and what packs is let go of when nobody
// has packed for a while. The race detector allocates.
func TestPackLeavesNothing(t *testing.T) {
	live := func() uint64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	state, aux := bytes.Repeat([]byte("noise "), 500), bytes.Repeat([]byte("by-law "), 500)
	before := live()
	if n := testing.AllocsPerRun(100, func() { pack.Pack(state, aux) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if after := live(); after > before+64<<10 {
		t.Errorf("%d bytes stay", after-before)
	}
}

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"

	"go.uber.org/fx"
)

// Go lets the heap grow to twice what is alive before it collects. The small
// things that stay from opening thousands of records then lie scattered among
// garbage over the whole of that, and pin it: memory is not moved. A heap that
// grows by a few megabytes at a time reuses the same pages. What that costs is
// the marking of what is alive, more often. A heap of less than those few
// megabytes would be collected all the time while people come, and may grow as
// much.

const (
	// paceGrowth is by how many bytes the heap may grow between collections,
	// as long as that is between paceLeast and paceMost percent of what is
	// alive.
	paceGrowth = 8 << 20
	paceMost   = 200
	paceLeast  = 30
	// paceGo is Go's own percentage.
	paceGo = 100
	// paceStep is the least change in percent that is made: it stops the
	// program for a moment.
	paceStep = 8
)

// pacer keeps the collector's percentage. The zero value has set nothing yet.
type pacer struct{ percent int }

// pace returns the percentage for a heap of which so many bytes are alive, and
// whether it has to be set.
func (p *pacer) pace(live uint64) (percent int, changed bool) {
	percent = min(max(int(paceGrowth*100/max(live, 1)), paceLeast), paceMost)
	if p.percent == 0 {
		p.percent = paceGo
	}
	off := percent - p.percent
	if off == 0 || -paceStep < off && off < paceStep && percent != paceMost && percent != paceLeast {
		return p.percent, false
	}
	p.percent = percent
	return percent, true
}

// mayPace reports whether the percentage is ours to choose: not if whoever
// started the program has chosen.
func mayPace() bool { return os.Getenv("GOGC") == "" }

// paceHeap appends the pacer to the lifecycle.
func paceHeap(lc fx.Lifecycle) {
	if !mayPace() {
		return
	}
	var p pacer
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := func() {
		metrics.Read(live)
		if percent, changed := p.pace(live[0].Value.Uint64()); changed {
			debug.SetGCPercent(percent)
		}
	}
	stop := func() {}
	lc.Append(fx.StartStopHook(func() {
		set()
		stop = afterEachGC(set)
	}, func() { stop() }))
}

// afterEachGC calls f soon after each collection, until stop is called: a crowd
// makes the heap grow by more between two looks at a clock than it may. f runs in
// the goroutine of all finalizers, and must not wait.
func afterEachGC(f func()) (stop func()) {
	type mark struct{ _ *int } // no tiny object: those share their fate with others
	var stopped atomic.Bool
	var found func(*mark)
	found = func(m *mark) {
		if !stopped.Load() {
			f()
			runtime.SetFinalizer(m, found) // and the next collection finds it again
		}
	}
	runtime.SetFinalizer(new(mark), found)
	return func() { stopped.Store(true) }
}

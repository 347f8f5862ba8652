package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"go.uber.org/fx"
)

// Go's heap grows to twice what is alive, and gives the rest back to the
// system only minutes after the program has calmed down. Towns share a small
// machine with other services: so whenever the program has done a lot and now
// does little, memory that nobody uses is given back at once. Steady typing looks
// like little, and to collect a large document takes as long as a thousand
// letters: so what counts as little is less than what fifty people type, and before
// the program rests no more than a fiftieth of the time goes here.

const (
	// trimEvery is how often the figures are read.
	trimEvery = 500 * time.Millisecond
	// trimQuiet is how many bytes may be allocated in that time for the
	// program to count as quiet: about a hundred letters.
	trimQuiet = 128 << 10
	// trimWorth is how many bytes, and trimPart which part of what is alive,
	// must have been allocated since the last time, or lie free without having
	// been given back, to be worth a collection.
	trimWorth = 4 << 20
	trimPart  = 8
	// trimCalmLooks is for how many looks the program must have been quiet to
	// count as at rest, so that the rest is collected as well: what was done last, as
	// the closing of documents, is garbage until then, and nothing more may come.
	trimCalmLooks = 4
	trimCalmWorth = 256 << 10
	// trimPause is how many times as long as giving memory back took is waited
	// until it is done again, unless the program is at rest.
	trimPause = 50
	// trimSettled is how long after a collection the program's pages are let go of
	// once more: goroutines whose stacks it made smaller need their tables when
	// they grow again, and then no more.
	trimSettled = 3 * time.Second
	// trimClosed is how long after a collection what SQLite has freed is given back
	// at each look: connections to the database that nobody uses are closed.
	trimClosed = 10 * time.Second
)

// trimmer decides when memory is given back.
type trimmer struct {
	allocated uint64    // at the last look
	done      uint64    // allocated when memory was last given back
	calm      int       // quiet looks in a row
	rest      time.Time // until when it is not done again, but for a rest
}

// due is told the time, the bytes allocated since the start, those in use, and
// those that lie free.
func (t *trimmer) due(now time.Time, allocated, used, free uint64) bool {
	since := allocated - t.allocated
	t.allocated = allocated
	if t.calm++; since > trimQuiet {
		t.calm = 0
	}
	rests, worth := now.Before(t.rest), max(trimWorth, used/trimPart)
	if t.calm == trimCalmLooks { // once
		rests, worth = false, trimCalmWorth
	}
	if rests || since > trimQuiet || allocated-t.done < worth && (free < worth || allocated == t.done) {
		return false
	}
	t.done = allocated
	return true
}

// did is told the time after memory was given back, for how long that went on,
// and the bytes allocated by then: it takes some itself, which is neither work nor
// worth a collection.
func (t *trimmer) did(now time.Time, took time.Duration, allocated uint64) {
	if rest := now.Add(trimPause * took); rest.After(t.rest) {
		t.rest = rest
	}
	t.done += allocated - t.allocated
	t.allocated = allocated
}

// trimMemory appends the trimmer to the lifecycle.
func trimMemory(lc fx.Lifecycle) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	lc.Append(fx.StartStopHook(func() {
		go func() {
			defer close(ended)
			var t trimmer
			var settled time.Time // when to look at the program's pages again; zero = not
			var closed time.Time  // when all that can be closed is
			figures := []metrics.Sample{
				{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
			}
			tick := time.NewTicker(trimEvery)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				metrics.Read(figures)
				now := time.Now()
				switch {
				case t.due(now, figures[0].Value.Uint64(), figures[1].Value.Uint64(), figures[2].Value.Uint64()):
					runtime.GC() // what pools hold outlives one collection
					debug.FreeOSMemory()
					settled, closed = now.Add(trimSettled), now.Add(trimClosed)
				case !settled.IsZero() && now.After(settled):
					settled = time.Time{}
				default:
					if now.Before(closed) {
						letGoOfSQLite()
					}
					continue
				}
				letGoOfSQLite()
				letGoOfProgram()
				metrics.Read(figures[:1])
				t.did(time.Now(), time.Since(now), figures[0].Value.Uint64())
			}
		}()
	}, func() {
		cancel()
		<-ended
	}))
}

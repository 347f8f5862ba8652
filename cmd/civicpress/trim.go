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
// machine with other services: so whenever the program has done something and now
// rests, memory that nobody uses is given back at once. Where people type this
// never runs: it takes as long as hundreds of letters, of which some would wait.

const (
	// trimEvery is how often the figures are read.
	trimEvery = 500 * time.Millisecond
	// trimQuiet is how many bytes may be allocated in that time for the
	// program to count as quiet: less than a hundred letters.
	trimQuiet = 64 << 10
	// trimLooks is for how many looks it must have been quiet to count as at rest.
	trimLooks = 3
	// trimWorth is how many bytes must have been allocated since the last time, or
	// lie free without having been given back, to be worth a collection when a rest
	// begins: what was done last, as the closing of documents, is garbage until then,
	// and nothing more may come.
	trimWorth = 256 << 10
	// trimMore is how many bytes, and trimPart which part of what is alive, that
	// must be as long as the rest goes on.
	trimMore = 4 << 20
	trimPart = 8
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
	allocated uint64 // at the last look
	done      uint64 // allocated when memory was last given back
	quiet     int    // looks in a row
}

// due is told the bytes allocated since the start, those in use, and those that
// lie free.
func (t *trimmer) due(allocated, used, free uint64) bool {
	since := allocated - t.allocated
	t.allocated = allocated
	if t.quiet++; since > trimQuiet {
		t.quiet = 0
	}
	if t.quiet < trimLooks {
		return false
	}
	worth := uint64(trimWorth)
	if t.quiet > trimLooks {
		worth = max(trimMore, used/trimPart)
	}
	if allocated-t.done < worth && (free < worth || allocated == t.done) {
		return false
	}
	t.done = allocated
	return true
}

// did is told the bytes allocated after memory was given back: that takes some
// itself, which is neither work nor worth a collection.
func (t *trimmer) did(allocated uint64) {
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
				case t.due(figures[0].Value.Uint64(), figures[1].Value.Uint64(), figures[2].Value.Uint64()):
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
				t.did(figures[0].Value.Uint64())
			}
		}()
	}, func() {
		cancel()
		<-ended
	}))
}

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// delays are sorted once a round is over.
type delays []time.Duration

func (d delays) at(percent int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return d[min(len(d)-1, len(d)*percent/100)]
}

// show is at, for people; ratios are made of what at returns.
func (d delays) show(percent int) time.Duration { return d.at(percent).Round(time.Microsecond) }

// result is one round: from the writer's send to "saved" at the writer, and to
// the edit at the reader.
type result struct{ saved, seen delays }

// pair is one round with each store, one right after the other, and what the
// disk took for itself before.
type pair struct {
	journal, memory result
	disk            delays
}

func (p pair) ratio(percent int) float64 {
	return float64(p.journal.seen.at(percent)) / float64(max(p.memory.seen.at(percent), 1))
}

func report(pairs []pair) {
	sorted := func(f func(pair) float64) []float64 {
		var all []float64
		for _, p := range pairs {
			all = append(all, f(p))
		}
		slices.Sort(all)
		return all
	}
	each := func(f func(pair) float64) float64 {
		all := sorted(f)
		if n := len(all); n%2 == 0 {
			return (all[n/2-1] + all[n/2]) / 2
		}
		return all[len(all)/2]
	}
	ms := func(f func(pair) delays, percent int) float64 {
		return each(func(p pair) float64 { return float64(f(p).at(percent)) / float64(time.Millisecond) })
	}
	saved := func(p pair) delays { return p.journal.saved }
	journal := func(p pair) delays { return p.journal.seen }
	memory := func(p pair) delays { return p.memory.seen }
	disk := func(p pair) delays { return p.disk }
	edits := 0
	for _, p := range pairs {
		edits += len(p.journal.saved)
	}
	fmt.Printf("\nMedians of the rounds (%d edits reported saved by the journal):\n\n", edits)
	fmt.Printf("  saved, on the disk     p50 %7.3f ms   p99 %7.3f ms\n", ms(saved, 50), ms(saved, 99))
	fmt.Printf("  an fsync, nothing else p50 %7.3f ms   p99 %7.3f ms\n", ms(disk, 50), ms(disk, 99))
	fmt.Printf("  seen, with journal     p50 %7.3f ms   p99 %7.3f ms\n", ms(journal, 50), ms(journal, 99))
	fmt.Printf("  seen, with memory      p50 %7.3f ms   p99 %7.3f ms\n", ms(memory, 50), ms(memory, 99))
	for _, percent := range []int{50, 99} {
		ratios := sorted(func(p pair) float64 { return p.ratio(percent) })
		fmt.Printf("  journal : memory, p%d  %.3f in the median of the rounds, %.3f to %.3f\n", percent,
			each(func(p pair) float64 { return p.ratio(percent) }), ratios[0], ratios[len(ratios)-1])
	}
}

// loadAverage is the machine's of the last minute, where there is one.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}

package load

import (
	"math/rand/v2"
	"testing"
)

// TestCoverageCountsEachClockOnce adds random spans, late, early, twice and
// overlapping, and compares with a set.
func TestCoverageCountsEachClockOnce(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		var c coverage
		have := map[uint64]bool{}
		for range 60 {
			from := r.Uint64N(50)
			to := from + r.Uint64N(8)
			news := map[uint64]bool{}
			c.add(from, to, func(a, b uint64) {
				for ; a < b; a++ {
					if news[a] || have[a] {
						t.Fatalf("seed %d: clock %d is new twice", seed, a)
					}
					news[a] = true
				}
			})
			for ; from < to; from++ {
				if !have[from] && !news[from] {
					t.Fatalf("seed %d: clock %d came and is not counted", seed, from)
				}
				have[from] = true
			}
			for n := range news {
				if !have[n] {
					t.Fatalf("seed %d: clock %d is counted and did not come", seed, n)
				}
			}
		}
	}
}

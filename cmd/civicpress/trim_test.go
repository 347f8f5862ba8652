package main

import "testing"

func TestTrimmerWaitsForQuiet(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	for i, step := range []struct {
		allocated, free uint64
		want            bool
	}{
		{50 * mb, 0, false},       // has just done a lot
		{90 * mb, 20 * mb, false}, // and goes on
		{90*mb + 1000, 0, true},   // quiet now
		{90*mb + 2000, 0, false},  // nothing more to win
		{92 * mb, 0, false},       // a little work
		{92 * mb, 0, false},       // is not worth it
		{101 * mb, 0, false},      // much
		{101 * mb, 0, true},       // and quiet again
		{101 * mb, 90 * mb, false},
		{101*mb + 1, 90 * mb, true}, // freed since: the collector did its part already
	} {
		if got := tr.due(step.allocated, step.free); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

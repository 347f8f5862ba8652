package main

import "testing"

func TestTrimmerWaitsForQuiet(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	for i, step := range []struct {
		allocated, used, free uint64
		want                  bool
	}{
		{50 * mb, 10 * mb, 0, false},       // has just done a lot
		{90 * mb, 10 * mb, 20 * mb, false}, // and goes on
		{90*mb + 1000, 10 * mb, 0, true},   // quiet now
		{90*mb + 2000, 10 * mb, 0, false},  // nothing more to win
		{92 * mb, 10 * mb, 0, false},       // a little work
		{92 * mb, 10 * mb, 0, false},       // is not worth it
		{92 * mb, 10 * mb, 0, false},       // as long as more may come
		{92 * mb, 10 * mb, 0, true},        // but now nothing has come for a while
		{92 * mb, 10 * mb, 0, false},       // once
		{92*mb + 1000, 10 * mb, 0, false},  // what the program does at rest
		{93 * mb, 10 * mb, 0, false},       // a little work
		{93 * mb, 10 * mb, 0, false},       // …
		{94 * mb, 10 * mb, 0, false},       // and again
		{94 * mb, 10 * mb, 0, false},       // …
		{94 * mb, 10 * mb, 0, false},       // …
		{94 * mb, 10 * mb, 0, true},        // is done
		{103 * mb, 10 * mb, 0, false},      // much
		{103 * mb, 10 * mb, 0, true},       // and quiet again
		{103 * mb, 10 * mb, 90 * mb, false},
		{103*mb + 1, 10 * mb, 90 * mb, true}, // freed since: the collector did its part already
		{150 * mb, 400 * mb, 0, false},
		{150 * mb, 400 * mb, 0, false}, // much is alive: not worth it yet
		{250 * mb, 400 * mb, 0, false},
		{250 * mb, 400 * mb, 0, true},
	} {
		if got := tr.due(step.allocated, step.used, step.free); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// What giving memory back allocates is no work, and not worth doing it again.
func TestTrimmerIgnoresItself(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	tr.due(50*mb, 10*mb, 0)
	if !tr.due(50*mb, 10*mb, 0) {
		t.Fatal("not due")
	}
	tr.did(52 * mb)
	for i := range 2 * trimCalmLooks {
		if tr.due(52*mb, 10*mb, 0) {
			t.Errorf("look %d: due again", i)
		}
	}
}

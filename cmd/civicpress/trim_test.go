package main

import "testing"

func TestTrimmerWaitsForRest(t *testing.T) {
	const mb, kb = 1 << 20, 1 << 10
	var tr trimmer
	for i, step := range []struct {
		allocated, used, free uint64
		want                  bool
	}{
		{50 * mb, 10 * mb, 0, false},       // has just done a lot
		{90 * mb, 10 * mb, 20 * mb, false}, // and goes on
		{90*mb + 1, 10 * mb, 0, false},     // quiet now
		{90*mb + 2, 10 * mb, 0, false},     // …
		{90*mb + 3, 10 * mb, 0, true},      // and for a while
		{90*mb + 4, 10 * mb, 0, false},     // nothing more to win
		{92 * mb, 10 * mb, 0, false},       // a little work
		{92 * mb, 10 * mb, 0, false},       // may not be all
		{93 * mb, 10 * mb, 0, false},       // indeed
		{93 * mb, 10 * mb, 0, false},       //
		{93 * mb, 10 * mb, 0, false},       //
		{93 * mb, 10 * mb, 0, true},        // but now it was
		{93 * mb, 10 * mb, 0, false},       // once
		{93*mb + 200*kb, 10 * mb, 0, false},
		{93*mb + 200*kb, 10 * mb, 0, false},
		{93*mb + 200*kb, 10 * mb, 0, false},
		{93*mb + 200*kb, 10 * mb, 0, false}, // too little
		{93*mb + 201*kb, 10 * mb, 3 * mb, false},
		{93*mb + 202*kb, 10 * mb, 5 * mb, true}, // freed since: the collector did its part already
		{150 * mb, 400 * mb, 0, false},
		{150 * mb, 400 * mb, 0, false},
		{150 * mb, 400 * mb, 0, false},
		{150 * mb, 400 * mb, 0, true},
		{150*mb + 1, 400 * mb, 40 * mb, false}, // much is alive: not worth it yet
		{150*mb + 2, 400 * mb, 60 * mb, true},
	} {
		if got := tr.due(step.allocated, step.used, step.free); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// Who types is not made to wait for a collection, and a pause between two words is
// no rest. What little is done all the time is collected now and then.
func TestTrimmerAndTyping(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	var allocated uint64
	look := func(bytes uint64) bool {
		allocated += bytes
		return tr.due(allocated, 10*mb, 5*mb)
	}
	for i := range 100 {
		for range 5 {
			if look(100 << 10) {
				t.Fatalf("given back while many type, word %d", i)
			}
		}
		for range trimLooks - 1 {
			if look(0) {
				t.Fatalf("given back in the pause after word %d", i)
			}
		}
	}
	look(100 << 10)
	given := 0
	for range 1000 {
		allocated += 50 << 10
		if tr.due(allocated, 10*mb, 0) {
			given++
			tr.did(allocated)
		}
	}
	if total := 1000 * 50 << 10; given < total/trimMore-1 || given > total/trimMore+1 {
		t.Errorf("given back %d times for %d MB", given, total/mb)
	}
}

// What giving memory back allocates is no work, and not worth doing it again.
func TestTrimmerIgnoresItself(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	tr.due(50*mb, 10*mb, 0)
	for i := range trimLooks {
		if got, want := tr.due(50*mb, 10*mb, 0), i == trimLooks-1; got != want {
			t.Fatalf("look %d: %v", i, got)
		}
	}
	tr.did(52 * mb)
	for i := range 3 * trimLooks {
		if tr.due(52*mb, 10*mb, 0) {
			t.Errorf("look %d: due again", i)
		}
	}
}

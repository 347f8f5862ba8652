package main

import (
	"testing"
	"time"
)

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
		{92 * mb, 10 * mb, 0, false},       // …
		{92 * mb, 10 * mb, 0, true},        // but now nothing has come for a while
		{92 * mb, 10 * mb, 0, false},       // once
		{92*mb + 1000, 10 * mb, 0, false},  // what the program does at rest
		{93 * mb, 10 * mb, 0, false},       // a little work
		{93 * mb, 10 * mb, 0, false},       // …
		{94 * mb, 10 * mb, 0, false},       // and again
		{94 * mb, 10 * mb, 0, false},       // …
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
		if got := tr.due(time.Time{}, step.allocated, step.used, step.free); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// What giving memory back allocates is no work, and not worth doing it again.
func TestTrimmerIgnoresItself(t *testing.T) {
	const mb = 1 << 20
	var tr trimmer
	tr.due(time.Time{}, 50*mb, 10*mb, 0)
	if !tr.due(time.Time{}, 50*mb, 10*mb, 0) {
		t.Fatal("not due")
	}
	tr.did(time.Time{}, 0, 52*mb)
	for i := range 2 * trimCalmLooks {
		if tr.due(time.Time{}, 52*mb, 10*mb, 0) {
			t.Errorf("look %d: due again", i)
		}
	}
}

// Of somebody who types, giving memory back takes no more than a fiftieth of the
// time; it does not wait when nobody does.
func TestTrimmerRests(t *testing.T) {
	const mb = 1 << 20
	const took = 100 * time.Millisecond
	start := time.Unix(0, 0)
	var tr trimmer
	var now time.Duration
	var allocated uint64
	look := func(bytes, free uint64) bool {
		now += trimEvery
		allocated += bytes
		return tr.due(start.Add(now), allocated, 10*mb, free)
	}

	look(900<<10, 0)
	var times []time.Duration
	for range 60 { // half a minute of somebody who types, and the collector frees a lot
		if look(100<<10, 5*mb) {
			times = append(times, now)
			tr.did(start.Add(now+took), took, allocated)
		}
	}
	if len(times) < 5 {
		t.Fatalf("given back at %v", times)
	}
	for i, at := range times[2:] { // the second time it took him for one who rests
		if pause := at - times[i+1]; pause < trimPause*took || pause > trimPause*took+2*trimEvery {
			t.Errorf("given back after %v", pause)
		}
	}

	tr.did(start.Add(now), took, allocated)
	look(900<<10, 0) // now he does
	for i := range trimCalmLooks {
		if given, want := look(0, 0), i == trimCalmLooks-1; given != want {
			t.Errorf("look %d of the pause: %v", i, given)
		}
	}
	tr.did(start.Add(now), 0, allocated)
	for i := range 2 * trimCalmLooks {
		if look(1000, 0) {
			t.Errorf("look %d: due again", i)
		}
	}
}

// Fifty who type are not made to wait, whatever could be given back.
func TestTrimmerLeavesTypingAlone(t *testing.T) {
	var tr trimmer
	for i := range uint64(100) {
		if tr.due(time.Time{}, i*(200<<10), 10<<20, 100<<20) {
			t.Errorf("look %d", i)
		}
	}
}

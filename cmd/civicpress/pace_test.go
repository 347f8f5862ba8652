package main

import (
	"runtime"
	"testing"
	"time"
)

func TestPacerBoundsGrowth(t *testing.T) {
	const mb = 1 << 20
	var p pacer
	for i, step := range []struct {
		live    uint64
		percent int
		changed bool
	}{
		{0, 200, true},
		{4 * mb, 200, false}, // small: no more than that
		{8 * mb, 100, true},
		{16 * mb, 50, true},
		{17 * mb, 50, false}, // not worth stopping the program for
		{20 * mb, 40, true},
		{25 * mb, 32, true},
		{27 * mb, 30, true}, // the least, though near
		{400 * mb, 30, false},
		{9 * mb, 88, true},
		{8*mb + 1<<19, 88, false},
		{4*mb + 1<<17, 193, true},
		{4 * mb, 200, true}, // the most, though not far
		{1 * mb, 200, false},
	} {
		if percent, changed := p.pace(step.live); percent != step.percent || changed != step.changed {
			t.Errorf("step %d: %d, %v", i, percent, changed)
		}
	}
}

func TestPacerObeysTheEnvironment(t *testing.T) {
	t.Setenv("GOGC", "")
	if !mayPace() {
		t.Error("nobody has chosen, and yet the percentage is left alone")
	}
	t.Setenv("GOGC", "off")
	if mayPace() {
		t.Error("the choice of the environment is overruled")
	}
}

func TestAfterEachGC(t *testing.T) {
	called := make(chan struct{}, 1)
	stop := afterEachGC(func() {
		select {
		case called <- struct{}{}:
		default:
		}
	})
	for i := range 3 {
		runtime.GC()
		select {
		case <-called:
		case <-time.After(time.Minute):
			t.Fatalf("collection %d went by", i+1)
		}
	}
	stop()
	for range 3 { // the first finds the mark, the next would find it again
		runtime.GC()
	}
	last := make(chan struct{})
	runtime.SetFinalizer(new([2]*int), func(*[2]*int) { close(last) })
	runtime.GC()
	<-last // they run one after the other
	if len(called) > 0 {
		t.Error("called after stop")
	}
}

package meter

import (
	"math"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	if q := h.Snapshot().Quantile(.5); !math.IsNaN(q) {
		t.Errorf("quantile of nothing: %v", q)
	}
	for range 99 {
		h.Observe(5 * time.Millisecond)
	}
	before := h.Snapshot()
	h.Observe(3 * time.Second)
	c := h.Snapshot()
	if c.Total() != 100 || c.Sum != 99*5*time.Millisecond+3*time.Second {
		t.Errorf("%d, %v", c.Total(), c.Sum)
	}
	if q := c.Quantile(.5); q < .004 || q > .0063 {
		t.Errorf("p50 %v", q)
	}
	if q := c.Quantile(.999); q < 2.5 || q > 4 {
		t.Errorf("p99.9 %v", q)
	}
	if d := c.Minus(before); d.Total() != 1 || d.Sum != 3*time.Second {
		t.Errorf("difference %+v", d)
	}
	h.Observe(time.Hour) // beyond the last bound
	if q := h.Snapshot().Quantile(1); q != 10 {
		t.Errorf("p100 %v", q)
	}
}

func TestKindsHaveNames(t *testing.T) {
	for k := range Kinds {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}

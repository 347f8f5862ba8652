// Package meter holds the counters of the server's hot path. They are plain
// atomics, because the path runs a million times a second and a scrape once in
// fifteen; package realtime shows them to Prometheus and to the dashboard.
//
// All methods may be called from any goroutine and none blocks.
package meter

import (
	"math"
	"sync/atomic"
	"time"
)

// Kind is the type of a message in the counters.
type Kind int

// The kinds of messages.
const (
	Step1 Kind = iota
	Step2
	Update
	Awareness
	Control
	Other
	Kinds // how many there are
)

// String is the label of the kind.
func (k Kind) String() string {
	return [...]string{"step1", "step2", "update", "awareness", "control", "other"}[k]
}

// Counter only grows.
type Counter struct{ atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() { c.Add(1) }

// Meter is everything the hot path counts.
type Meter struct {
	In, Out           [Kinds]Counter // messages by kind
	BytesIn, BytesOut Counter

	Opened       Counter // sockets admitted
	Updates      Counter // updates applied that changed a document
	UpdatesVoid  Counter // updates that changed nothing
	UpdatesBad   Counter // malformed updates
	Turns        Counter // room turns
	Refused      Counter // edits refused for want of the right
	Forged       Counter // frames that spoke as somebody else
	Relayed      Counter // structs of others taken from a step 2
	Throttled    Counter // frames that had to wait for the rate limit
	Resyncs      Counter // slow readers caught up with one diff
	CutOff       Counter // slow readers closed for want of progress
	Lineage      Counter // clients told to reload
	RoomsOpened  Counter
	RoomsFailed  Counter // rooms that could not be loaded
	Wakes        Counter // sleeping documents that were used again
	JournalFull  Counter // edits refused because the journal is full
	SizeRefused  Counter // edits refused because the document is too large
	AuthOutages  Counter // questions the auth backend did not answer
	RegrantsDone Counter // grants re-read

	Ack Histogram // arrival of an edit until it is durable
}

// bounds of the histogram, in seconds: 1 ms to 10 s in steps of about 1.6.
var bounds = [...]float64{.001, .0016, .0025, .004, .0063, .01, .016, .025, .04, .063, .1, .16, .25, .4, .63, 1, 1.6, 2.5, 4, 6.3, 10}

// Histogram counts durations.
type Histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	s := d.Seconds()
	i := 0
	for i < len(bounds) && s > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// Counts is a histogram at one moment.
type Counts struct {
	Buckets [len(bounds) + 1]uint64 // not cumulative
	Sum     time.Duration
}

// Bounds returns the upper bounds of the buckets but the last, in seconds.
func Bounds() []float64 { return bounds[:] }

// Snapshot returns the counts.
func (h *Histogram) Snapshot() (c Counts) {
	for i := range h.buckets {
		c.Buckets[i] = h.buckets[i].Load()
	}
	c.Sum = time.Duration(h.sum.Load())
	return c
}

// Minus returns what was counted since an earlier snapshot.
func (c Counts) Minus(earlier Counts) Counts {
	for i := range c.Buckets {
		c.Buckets[i] -= earlier.Buckets[i]
	}
	c.Sum -= earlier.Sum
	return c
}

// Total is how many durations were counted.
func (c Counts) Total() (n uint64) {
	for _, k := range c.Buckets {
		n += k
	}
	return n
}

// Quantile estimates a quantile in seconds, NaN without samples.
func (c Counts) Quantile(q float64) float64 {
	total := c.Total()
	if total == 0 {
		return math.NaN()
	}
	rank := q * float64(total)
	var below float64
	for i, k := range c.Buckets {
		if below+float64(k) >= rank && k > 0 {
			low, high := 0.0, bounds[len(bounds)-1]
			if i > 0 {
				low = bounds[i-1]
			}
			if i < len(bounds) {
				high = bounds[i]
			}
			return low + (high-low)*(rank-below)/float64(k)
		}
		below += float64(k)
	}
	return bounds[len(bounds)-1]
}

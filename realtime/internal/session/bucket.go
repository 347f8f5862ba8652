package session

import "time"

// bucket is a token bucket for one reader; it has no lock. The zero rate lets
// everything through.
type bucket struct {
	rate  float64 // tokens a second
	burst float64
	have  float64
	last  time.Time
}

func newBucket(rate, burst float64, now time.Time) bucket {
	return bucket{rate: rate, burst: burst, have: burst, last: now}
}

// take takes n tokens and returns how long the caller has to wait for them.
func (b *bucket) take(now time.Time, n float64) time.Duration {
	if b.rate <= 0 {
		return 0
	}
	b.have = min(b.burst, b.have+now.Sub(b.last).Seconds()*b.rate) - n
	b.last = now
	if b.have >= 0 {
		return 0
	}
	return time.Duration(-b.have / b.rate * float64(time.Second))
}

// try takes a token if there is one, and never owes any.
func (b *bucket) try(now time.Time) bool {
	b.have = min(b.burst, b.have+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.have < 1 {
		return false
	}
	b.have--
	return true
}

// fill makes the bucket as full as it can be.
func (b *bucket) fill(now time.Time) { b.have, b.last = b.burst, now }

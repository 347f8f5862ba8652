package load

import "slices"

// A coverage is which clocks of a writer have arrived at a reader.
type coverage struct {
	next  uint64 // everything before it is there
	ahead []span // what is there beyond it; apart from each other, ascending
}

type span struct{ from, to uint64 }

// add takes in clocks from to to-1 and calls news with each span of them that
// was not there before.
func (c *coverage) add(from, to uint64, news func(from, to uint64)) {
	if from <= c.next && len(c.ahead) == 0 { // nearly always
		if to > c.next {
			news(c.next, to)
			c.next = to
		}
		return
	}
	at := max(from, c.next)
	for _, s := range c.ahead {
		if at < min(s.from, to) {
			news(at, min(s.from, to))
		}
		at = max(at, s.to)
	}
	if at < to {
		news(at, to)
	}
	c.insert(span{from, to})
}

// insert keeps ahead joined and in order, and moves next.
func (c *coverage) insert(s span) {
	s.from = max(s.from, c.next)
	if s.from >= s.to {
		return
	}
	c.ahead = append(c.ahead, s)
	slices.SortFunc(c.ahead, func(a, b span) int {
		if a.from < b.from {
			return -1
		}
		return 1
	})
	joined := c.ahead[:1]
	for _, s := range c.ahead[1:] {
		if last := &joined[len(joined)-1]; s.from <= last.to {
			last.to = max(last.to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	if joined[0].from <= c.next {
		c.next = joined[0].to
		joined = slices.Delete(joined, 0, 1)
	}
	c.ahead = joined
}

package yjs

import "slices"

// A client holds the structs of one client in the order of their clocks,
// without gaps. They lie in runs of bounded size, so that finding one costs a
// binary search over plain numbers and inserting one moves little memory,
// however long the list is.
type client struct {
	id     uint64
	idx    uint32 // in Doc.clients
	state  uint32 // next clock
	before uint32 // state before the transaction stamp
	stamp  uint64 // id of the last transaction that added structs
	joins  uint64 // id of the last one that added a struct which continues the one before
	runs   []run
}

type run struct {
	clocks []uint32 // of items, for the search
	items  []*item
}

const runLen = 512 // most items in a run

// pos is the place of a struct in a client.
type pos struct{ run, i int }

// nextClock is the next clock, also of a client that is not there.
func (c *client) nextClock() uint64 {
	if c == nil {
		return 0
	}
	return uint64(c.state)
}

func (c *client) at(p pos) *item { return c.runs[p.run].items[p.i] }

// find returns the place of the struct that holds clock, which must be less
// than c.state.
func (c *client) find(clock uint32) pos {
	lo := len(c.runs) - 1
	if last := c.runs[lo].clocks; clock >= last[len(last)-1] {
		return pos{lo, len(last) - 1}
	}
	if clock < c.runs[lo].clocks[0] {
		hi := lo // runs[hi] starts after clock
		lo = 0
		for hi-lo > 1 {
			mid := int(uint(lo+hi) / 2)
			if c.runs[mid].clocks[0] <= clock {
				lo = mid
			} else {
				hi = mid
			}
		}
	}
	clocks := c.runs[lo].clocks
	i := len(clocks) - 1
	for few := max(0, i-8); i > few && clock < clocks[i]; i-- {
		// What is looked for is most often close to the end.
	}
	if clock < clocks[i] {
		hi := i
		i = 0
		for hi-i > 1 {
			mid := int(uint(i+hi) / 2)
			if clocks[mid] <= clock {
				i = mid
			} else {
				hi = mid
			}
		}
	}
	return pos{lo, i}
}

func (c *client) get(clock uint32) *item { return c.at(c.find(clock)) }

// add appends a struct whose clock is c.state.
func (c *client) add(it *item) {
	n := len(c.runs)
	if n == 0 || len(c.runs[n-1].items) >= runLen {
		var r run
		if n > 0 { // it will fill up as well
			r = run{make([]uint32, 0, runLen), make([]*item, 0, runLen)}
		}
		c.runs = append(c.runs, r)
		n++
	}
	r := &c.runs[n-1]
	r.clocks = append(r.clocks, it.clock)
	r.items = append(r.items, it)
	c.state = it.end()
}

// insertAfter puts a struct behind the one at p and returns its place.
func (c *client) insertAfter(p pos, it *item) pos {
	r := &c.runs[p.run]
	if len(r.items) >= runLen {
		half := len(r.items) / 2
		second := run{slices.Clone(r.clocks[half:]), slices.Clone(r.items[half:])}
		clear(r.items[half:])
		r.clocks, r.items = r.clocks[:half], r.items[:half]
		c.runs = slices.Insert(c.runs, p.run+1, second)
		if p.i >= half {
			p = pos{p.run + 1, p.i - half}
		}
		r = &c.runs[p.run]
	}
	p.i++
	r.clocks = slices.Insert(r.clocks, p.i, it.clock)
	r.items = slices.Insert(r.items, p.i, it)
	return p
}

// next returns the place after p.
func (c *client) next(p pos) (pos, bool) {
	if p.i+1 < len(c.runs[p.run].items) {
		return pos{p.run, p.i + 1}, true
	}
	if p.run+1 < len(c.runs) {
		return pos{p.run + 1, 0}, true
	}
	return p, false
}

// prev returns the place before p.
func (c *client) prev(p pos) (pos, bool) {
	if p.i > 0 {
		return pos{p.run, p.i - 1}, true
	}
	if p.run > 0 {
		return pos{p.run - 1, len(c.runs[p.run-1].items) - 1}, true
	}
	return p, false
}

// removeAfter takes out the n structs behind p. Places before and at p stay
// valid.
func (c *client) removeAfter(p pos, n int) {
	if r := &c.runs[p.run]; p.i+1 < len(r.items) {
		m := min(n, len(r.items)-p.i-1)
		r.clocks = slices.Delete(r.clocks, p.i+1, p.i+1+m)
		r.items = slices.Delete(r.items, p.i+1, p.i+1+m)
		n -= m
	}
	gone := p.run + 1
	for n > 0 {
		r := &c.runs[gone]
		if m := len(r.items); m > n {
			r.clocks = slices.Delete(r.clocks, 0, n)
			r.items = slices.Delete(r.items, 0, n)
			break
		} else {
			n -= m
			gone++
		}
	}
	c.runs = slices.Delete(c.runs, p.run+1, gone)
	c.joinRuns(p.run)
}

// joinRuns appends the next run to this one if both are small, so that
// merging does not leave many short runs behind.
func (c *client) joinRuns(i int) {
	if i+1 >= len(c.runs) || len(c.runs[i].items)+len(c.runs[i+1].items) > runLen/4 {
		return
	}
	r, next := &c.runs[i], &c.runs[i+1]
	r.clocks = append(r.clocks, next.clocks...)
	r.items = append(r.items, next.items...)
	c.runs = slices.Delete(c.runs, i+1, i+2)
}

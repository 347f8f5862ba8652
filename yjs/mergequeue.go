package yjs

import (
	"cmp"
	"container/heap"
	"slices"
)

// A mergeQueue tells which source of a merge comes next. A source may have moved
// on, or have come to its end, only after it was first.
type mergeQueue interface {
	first() *source // nil when all are done
}

// Among sources with the same next clock, which one is asked shows in the bytes
// when one knows more than the other. Yjs sorts all sources each time, and its
// order is well defined except between a collected struct and one that is not:
// there it answers "less" whichever way it is asked, and the result is that of the
// sorting algorithm. For as many updates as are merged in practice sortedQueue
// does what V8 does; beyond, heapQueue is faster and leaves that case open, like
// the language does.
const sortedQueueMax = 63 // from 64 on, V8 sorts in several runs

func newMergeQueue(live []*source) mergeQueue {
	if len(live) <= sortedQueueMax {
		return &sortedQueue{live}
	}
	for i, s := range live {
		s.seq = i
	}
	q := &heapQueue{h: live}
	heap.Init(&q.h)
	return q
}

func compareSources(a, b *source) int {
	x, y := &a.cur.id, &b.cur.id
	return cmp.Or(cmp.Compare(y.Client, x.Client), cmp.Compare(x.Clock, y.Clock))
}

type sortedQueue struct{ live []*source }

func (q *sortedQueue) first() *source {
	q.live = slices.DeleteFunc(q.live, func(s *source) bool { return s.done })
	if len(q.live) == 0 {
		return nil
	}
	less := func(a, b *source) bool {
		c := compareSources(a, b)
		return c < 0 || c == 0 && (a.cur.kind() == kindGC) != (b.cur.kind() == kindGC)
	}
	// A run that is sorted already, one way or the other, then the rest by binary
	// insertion.
	run := 1
	if len(q.live) > 1 {
		down := less(q.live[1], q.live[0])
		for run = 2; run < len(q.live) && less(q.live[run], q.live[run-1]) == down; {
			run++
		}
		if down {
			slices.Reverse(q.live[:run])
		}
	}
	for ; run < len(q.live); run++ {
		s := q.live[run]
		lo, hi := 0, run
		for lo < hi {
			if mid := lo + (hi-lo)/2; less(s, q.live[mid]) {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		copy(q.live[lo+1:run+1], q.live[lo:run])
		q.live[lo] = s
	}
	return q.live[0]
}

type heapQueue struct {
	h     sourceHeap
	asked int
}

func (q *heapQueue) first() *source {
	if q.asked > 0 {
		if last := q.h[0]; last.done {
			heap.Pop(&q.h)
		} else {
			last.seq = -q.asked // a stable sort leaves it before its equals
			heap.Fix(&q.h, 0)
		}
	}
	q.asked++
	if len(q.h) == 0 {
		return nil
	}
	return q.h[0]
}

type sourceHeap []*source

func (h sourceHeap) Len() int      { return len(h) }
func (h sourceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h sourceHeap) Less(i, j int) bool {
	return cmp.Or(compareSources(h[i], h[j]), cmp.Compare(h[i].seq, h[j].seq)) < 0
}
func (h *sourceHeap) Push(x any) { *h = append(*h, x.(*source)) }
func (h *sourceHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	*h = (*h)[:last]
	return s
}

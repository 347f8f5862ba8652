package markdown

// hunk says that a[a0:a1] was replaced by b[b0:b1]. One side may be empty.
type hunk struct{ a0, a1, b0, b1 int }

// maxDiffCost bounds the work of one diff: beyond it the part that is still
// open counts as replaced as a whole. It keeps the diff of two unrelated texts
// linear; the result is correct either way, only coarser.
const maxDiffCost = 1 << 22

// diff returns what turns a into b, in order, as the shortest edit script of
// Myers ("An O(ND) Difference Algorithm and Its Variations", 1986) in its
// linear-space form. Equal runs lie between the hunks.
func diff[T comparable](a, b []T) []hunk {
	d := differ[T]{a: a, b: b, budget: maxDiffCost}
	d.run(0, len(a), 0, len(b))
	return d.out
}

type differ[T comparable] struct {
	a, b   []T
	fv, bv []int // furthest reaching points, forward and backward, by diagonal
	budget int
	out    []hunk
}

// add appends a replacement, joined to the one before if they touch.
func (d *differ[T]) add(a0, a1, b0, b1 int) {
	if n := len(d.out); n > 0 && d.out[n-1].a1 == a0 && d.out[n-1].b1 == b0 {
		d.out[n-1].a1, d.out[n-1].b1 = a1, b1
		return
	}
	d.out = append(d.out, hunk{a0, a1, b0, b1})
}

func (d *differ[T]) run(a0, a1, b0, b1 int) {
	for a0 < a1 && b0 < b1 && d.a[a0] == d.b[b0] {
		a0, b0 = a0+1, b0+1
	}
	for a0 < a1 && b0 < b1 && d.a[a1-1] == d.b[b1-1] {
		a1, b1 = a1-1, b1-1
	}
	if a0 == a1 || b0 == b1 {
		if a0 < a1 || b0 < b1 {
			d.add(a0, a1, b0, b1)
		}
		return
	}
	x, y, ok := d.middle(a0, a1, b0, b1)
	if !ok {
		d.add(a0, a1, b0, b1)
		return
	}
	d.run(a0, x, b0, y)
	d.run(x, a1, y, b1)
}

// middle finds a point that a shortest path passes. ok is false when the
// budget is used up or the point would not divide the problem.
func (d *differ[T]) middle(a0, a1, b0, b1 int) (x, y int, ok bool) {
	n, m := a1-a0, b1-b0
	limit := (n+m+1)/2 + 1
	if need := 2*limit + 2; len(d.fv) < need {
		d.fv, d.bv = make([]int, need), make([]int, need)
	}
	fv, bv, off := d.fv, d.bv, limit
	delta := n - m
	fv[off+1], bv[off+1] = 0, 0
	for c := 0; c < limit; c++ {
		if d.budget -= 2*c + 2; d.budget < 0 {
			return 0, 0, false
		}
		for k := -c; k <= c; k += 2 {
			i := fv[off+k+1]
			if k != -c && (k == c || fv[off+k-1] >= i) {
				i = fv[off+k-1] + 1
			}
			j := i - k
			s := i
			for i < n && j < m && i >= 0 && j >= 0 && d.a[a0+i] == d.b[b0+j] {
				i, j = i+1, j+1
			}
			fv[off+k] = i
			if r := delta - k; delta&1 != 0 && r >= -(c-1) && r <= c-1 && i+bv[off+r] >= n {
				return d.split(a0, a1, b0, b1, a0+s, b0+s-k)
			}
		}
		for k := -c; k <= c; k += 2 {
			i := bv[off+k+1]
			if k != -c && (k == c || bv[off+k-1] >= i) {
				i = bv[off+k-1] + 1
			}
			j := i - k
			for i < n && j < m && i >= 0 && j >= 0 && d.a[a1-1-i] == d.b[b1-1-j] {
				i, j = i+1, j+1
			}
			bv[off+k] = i
			if r := delta - k; delta&1 == 0 && r >= -c && r <= c && i+fv[off+r] >= n {
				return d.split(a0, a1, b0, b1, a1-i, b1-j)
			}
		}
	}
	return 0, 0, false
}

func (d *differ[T]) split(a0, a1, b0, b1, x, y int) (int, int, bool) {
	inside := x >= a0 && x <= a1 && y >= b0 && y <= b1
	divides := (x != a0 || y != b0) && (x != a1 || y != b1)
	return x, y, inside && divides
}

// merge3 replays on ours what turned base into theirs. Where both sides changed
// the same place, both decides what stands there.
func merge3[T comparable](base, ours, theirs []T, both func(ours, theirs []T) []T) (merged []T) {
	left, right := diff(base, ours), diff(base, theirs)
	merged = make([]T, 0, len(ours)+len(theirs)/4)
	at := 0 // position in base up to which everything is written
	for len(left) > 0 || len(right) > 0 {
		// The hunk begins at the earlier change and grows while changes of
		// either side overlap or touch it.
		var lo, hi int
		switch {
		case len(right) == 0 || len(left) > 0 && left[0].a0 < right[0].a0:
			lo, hi = left[0].a0, left[0].a1
		default:
			lo, hi = right[0].a0, right[0].a1
		}
		l, r := 0, 0
		for grown := true; grown; {
			grown = false
			for l < len(left) && (left[l].a0 < hi || left[l].a0 == lo || left[l].a0 == hi && hi > lo && left[l].a0 == left[l].a1) {
				hi, l, grown = max(hi, left[l].a1), l+1, true
			}
			for r < len(right) && (right[r].a0 < hi || right[r].a0 == lo || right[r].a0 == hi && hi > lo && right[r].a0 == right[r].a1) {
				hi, r, grown = max(hi, right[r].a1), r+1, true
			}
		}
		merged = append(merged, base[at:lo]...)
		switch {
		case r == 0: // only ours differs from base here
			merged = appendSide(merged, base, ours, left[:l], lo, hi)
		case l == 0:
			merged = appendSide(merged, base, theirs, right[:r], lo, hi)
		default:
			merged = append(merged, both(
				appendSide(nil, base, ours, left[:l], lo, hi),
				appendSide(nil, base, theirs, right[:r], lo, hi))...)
		}
		left, right, at = left[l:], right[r:], hi
	}
	return append(merged, base[at:]...)
}

// appendSide appends what side has for base[lo:hi].
func appendSide[T comparable](dst, base, side []T, hunks []hunk, lo, hi int) []T {
	for _, s := range hunks {
		dst = append(dst, base[lo:s.a0]...)
		dst = append(dst, side[s.b0:s.b1]...)
		lo = s.a1
	}
	return append(dst, base[lo:hi]...)
}

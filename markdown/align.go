package markdown

// align says for each block of a container as it is now which block of the
// source it was, or -1. A block is recognised by the identity of its element;
// then by equal content (editors delete and insert what somebody drags); then,
// between two neighbours that are recognised, by its kind.
func align(now, old []*Node) []int {
	match := make([]int, len(now))
	taken := make([]bool, len(old))
	left := alignByIdentity(now, old, match, taken)
	if left > 0 {
		left = alignByContent(now, old, match, taken, left)
	}
	if left > 0 {
		alignByPlace(now, old, match, taken)
	}
	return match
}

func alignByIdentity(now, old []*Node, match []int, taken []bool) (left int) {
	// Nearly always the two run in step.
	next := 0
	var byID map[blockID]int
	for i, n := range now {
		match[i] = -1
		if n.id == (blockID{}) {
			left++
			continue
		}
		if next < len(old) && old[next].id == n.id {
			match[i], taken[next] = next, true
			next++
			continue
		}
		if byID == nil {
			byID = make(map[blockID]int, len(old))
			for j, o := range old {
				if o.id != (blockID{}) {
					byID[o.id] = j
				}
			}
		}
		j, ok := byID[n.id]
		if !ok || taken[j] || old[j].Type != n.Type {
			left++
			continue
		}
		match[i], taken[j] = j, true
		next = j + 1
	}
	return left
}

func alignByContent(now, old []*Node, match []int, taken []bool, left int) int {
	byHash := make(map[uint64][]int)
	for j, o := range old {
		if !taken[j] {
			h := o.hash()
			byHash[h] = append(byHash[h], j)
		}
	}
	if len(byHash) == 0 {
		return left
	}
	for i, n := range now {
		if match[i] >= 0 {
			continue
		}
		// Blocks of one hash are equal but for collisions, which stay unmatched.
		h := n.hash()
		if like := byHash[h]; len(like) > 0 && Equal(n, old[like[0]]) {
			match[i], taken[like[0]] = like[0], true
			byHash[h] = like[1:]
			left--
		}
	}
	return left
}

// alignByPlace pairs what is left between recognised neighbours, in order, as
// long as the kinds agree.
func alignByPlace(now, old []*Node, match []int, taken []bool) {
	j := 0 // the first block of the source after the last recognised one
	for i, n := range now {
		if match[i] >= 0 {
			j = match[i] + 1
			continue
		}
		for k := j; k < len(old) && !taken[k]; k++ {
			if old[k].Type == n.Type {
				match[i], taken[k], j = k, true, k+1
				break
			}
		}
	}
}

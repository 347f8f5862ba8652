package markdown

// blockPair is a block of one text and what became of it in another. One side
// is nil for what was inserted or deleted.
type blockPair struct{ old, new *Node }

// pairBlocks says what became of the blocks of a container, in the order of
// the new text; deleted blocks stand where they were.
func pairBlocks(old, now []*Node) []blockPair {
	var pairs []blockPair
	a, b := hashes(old), hashes(now)
	at, bt := 0, 0
	same := func(n int) {
		for ; n > 0; n-- {
			pairs = append(pairs, blockPair{old[at], now[bt]})
			at, bt = at+1, bt+1
		}
	}
	for _, h := range diff(a, b) {
		same(h.a0 - at)
		pairs = pairChanged(pairs, old[h.a0:h.a1], now[h.b0:h.b1])
		at, bt = h.a1, h.b1
	}
	same(len(old) - at)
	return pairs
}

func hashes(nodes []*Node) []uint64 {
	h := make([]uint64, len(nodes))
	for i, n := range nodes {
		h[i] = n.hash()
	}
	return h
}

// maxPairing bounds the table that looks for the best pairing of one hunk;
// above it blocks pair in order.
const maxPairing = 1 << 14

// pairChanged pairs blocks of the same kind so that what pairs has as many
// words in common as can be, keeping the order.
func pairChanged(pairs []blockPair, old, now []*Node) []blockPair {
	if len(old) == 0 || len(now) == 0 || len(old)*len(now) > maxPairing {
		return pairInOrder(pairs, old, now)
	}
	bags := make([]map[string]int, len(old))
	for i, o := range old {
		bags[i] = bagOfWords(o)
	}
	// best[i][j] is the worth of the best pairing of old[i:] and now[j:].
	width := len(now) + 1
	best := make([]float64, (len(old)+1)*width)
	like := make([]float64, len(old)*len(now))
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			worth := 0.0
			if old[i].Type == now[j].Type {
				worth = likeness(bags[i], now[j])
			}
			like[i*len(now)+j] = worth
			best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			if worth > 0 {
				best[i*width+j] = max(best[i*width+j], worth+best[(i+1)*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) && j < len(now) {
		worth, here := like[i*len(now)+j], best[i*width+j]
		switch {
		case worth > 0 && here == worth+best[(i+1)*width+j+1]:
			pairs = append(pairs, blockPair{old[i], now[j]})
			i, j = i+1, j+1
		case here == best[(i+1)*width+j]:
			pairs = append(pairs, blockPair{old[i], nil})
			i++
		default:
			pairs = append(pairs, blockPair{nil, now[j]})
			j++
		}
	}
	return unpaired(pairs, old[i:], now[j:])
}

func pairInOrder(pairs []blockPair, old, now []*Node) []blockPair {
	for len(old) > 0 && len(now) > 0 {
		if old[0].Type == now[0].Type {
			pairs = append(pairs, blockPair{old[0], now[0]})
			now = now[1:]
		} else {
			pairs = append(pairs, blockPair{old[0], nil})
		}
		old = old[1:]
	}
	return unpaired(pairs, old, now)
}

func unpaired(pairs []blockPair, old, now []*Node) []blockPair {
	for _, o := range old {
		pairs = append(pairs, blockPair{o, nil})
	}
	for _, n := range now {
		pairs = append(pairs, blockPair{nil, n})
	}
	return pairs
}

// bagOfWords counts the words of a block.
func bagOfWords(n *Node) map[string]int {
	bag := make(map[string]int)
	eachText(n, func(s string) {
		for _, w := range words(s) {
			if isWordByte(w[0]) {
				bag[w]++
			}
		}
	})
	return bag
}

func eachText(n *Node, f func(string)) {
	if n.Type == typeText {
		f(n.Text)
	}
	for _, c := range n.Content {
		eachText(c, f)
	}
}

// likeness is the share of words that two blocks have in common, 0 if that is
// too little for one to be the other. Blocks without words are alike.
func likeness(bag map[string]int, n *Node) float64 {
	common, total := 0, 0
	for _, c := range bag {
		total += c
	}
	used := make(map[string]int)
	eachText(n, func(s string) {
		for _, w := range words(s) {
			if !isWordByte(w[0]) {
				continue
			}
			total++
			if used[w] < bag[w] {
				used[w]++
				common++
			}
		}
	})
	if total == 0 {
		return 0.5
	}
	share := 2 * float64(common) / float64(total)
	if share < 0.25 {
		return 0
	}
	return share
}

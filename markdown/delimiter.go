package markdown

// delimiter is one * or _ of a run that may open or close emphasis.
type delimiter struct {
	tok         int32
	size        int32 // of the whole run
	end         int32 // index of the delimiter that closes it, -1
	jump        int32 // how many delimiters before it need not be looked at again
	marker      byte
	open, close bool
}

// pairDelims finds emphasis among the delimiters from first on and drops them from the list.
// Each closer takes the nearest opener that fits; what was searched in vain is not searched
// again, so that the whole is linear.
func (in *inline) pairDelims(first int) {
	d := in.delims[first:]
	if len(d) > 1 {
		pair(d)
		in.mark(d)
	}
	in.delims = in.delims[:first]
}

func pair(d []delimiter) {
	var bottom [2][6]int32 // by marker, by whether the closer opens and its size modulo 3
	for i := range bottom {
		for j := range bottom[i] {
			bottom[i][j] = -1
		}
	}
	head := int32(0) // first delimiter of the closer's run
	lastTok := int32(-2)
	for ci := range d {
		c := &d[ci]
		c.jump = 0
		if d[head].marker != c.marker || lastTok != c.tok-1 {
			head = int32(ci)
		}
		lastTok = c.tok
		if !c.close {
			continue
		}
		kind := c.size % 3
		if c.open {
			kind += 3
		}
		low := &bottom[b2i(c.marker == '_')][kind]
		oi := head - d[head].jump - 1
		tried := oi
		for ; oi > *low; oi -= d[oi].jump + 1 {
			o := &d[oi]
			if o.marker != c.marker || !o.open || o.end >= 0 {
				continue
			}
			if (o.close || c.open) && (o.size+c.size)%3 == 0 && (o.size%3 != 0 || c.size%3 != 0) {
				continue
			}
			skip := int32(0)
			if oi > 0 && !d[oi-1].open {
				skip = d[oi-1].jump + 1
			}
			c.jump = int32(ci) - oi + skip
			o.jump = skip
			c.open = false
			o.end = int32(ci)
			o.close = false
			tried = -1
			lastTok = -2
			break
		}
		if tried != -1 {
			*low = tried
		}
	}
}

// mark turns the tokens of paired delimiters into the ends of em and strong.
func (in *inline) mark(d []delimiter) {
	for i := len(d) - 1; i >= 0; i-- {
		if d[i].end < 0 {
			continue
		}
		end := d[i].end
		open, close := &in.toks[d[i].tok], &in.toks[d[end].tok]
		if i > 0 && d[i-1].end == end+1 && d[i-1].marker == d[i].marker &&
			d[i-1].tok == d[i].tok-1 && d[end+1].tok == d[end].tok+1 {
			open.kind, close.kind = tokStrongOpen, tokStrongClose
			in.toks[d[i-1].tok].kind = tokNothing
			in.toks[d[end+1].tok].kind = tokNothing
			i--
		} else {
			open.kind, close.kind = tokEmOpen, tokEmClose
		}
	}
}

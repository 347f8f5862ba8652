package yjs

// cleanFormatting deletes marks that a remote transaction has made redundant,
// in a transaction of its own: Options.CleanFormatting.
func (tx *Transaction) cleanFormatting() {
	d := tx.doc
	var full []*branch
	seen := make(map[*branch]bool)
	need := func(b *branch) {
		if !seen[b] {
			seen[b] = true
			full = append(full, b)
		}
	}
	for _, t := range tx.touched {
		if t.before == t.after {
			continue
		}
		for p, ok := t.c.find(t.before), true; ok; p, ok = t.c.next(p) {
			if it := t.c.at(p); !it.deleted && it.kind == kindFormat {
				need(it.parent)
			}
		}
	}
	clean, outer := d.begin(nil, true)
	if outer {
		defer d.end(clean)
	}
	for _, r := range tx.dels {
		c := d.clients[r.client]
		clean.cleanStart(c, r.clock)
		clean.cleanEnd(c, r.clock+r.len-1)
		for p, ok := c.find(r.clock), true; ok && c.at(p).clock < r.clock+r.len; p, ok = c.next(p) {
			it := c.at(p)
			switch {
			case it.isGC() || !it.parent.formatted || seen[it.parent]:
			case it.kind == kindFormat:
				need(it.parent)
			default:
				clean.cleanAround(it)
			}
		}
	}
	for _, b := range full {
		clean.cleanText(b)
	}
}

// cleanAround deletes marks around a deleted item that are overwritten before
// the next visible content.
func (tx *Transaction) cleanAround(it *item) {
	for it.right != nil && !it.right.visible() {
		it = it.right
	}
	seen := make(map[string]bool)
	for ; it != nil && !it.visible(); it = it.left {
		if it.deleted || it.kind != kindFormat {
			continue
		}
		if key := it.aux.key; seen[key] {
			tx.delete(it)
		} else {
			seen[key] = true
		}
	}
}

// cleanText deletes redundant marks of a whole text.
func (tx *Transaction) cleanText(b *branch) {
	start := b.start
	var before, now marks
	for it := b.start; it != nil; it = it.right {
		if it.deleted {
			continue
		}
		if it.kind == kindFormat {
			now.apply(it.aux)
			continue
		}
		tx.cleanGap(start, it, before, &now)
		before, start = now.clone(), it
	}
}

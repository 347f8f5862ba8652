package yjs

import "fmt"

// Transact runs fn in a transaction. Writes made in it become one update,
// and observers hear of them together at its end. Inside of another
// transaction it joins that one, whose origin stays. If fn fails, its error
// is returned; what it has written until then stays and is announced, because
// a document cannot forget.
//
// An observer may call Transact; that transaction is finished after the one
// it hears of.
func (d *Doc) Transact(origin any, fn func(*Transaction) error) (err error) {
	tx, outer := d.begin(origin, true)
	if outer {
		// A panic of fn goes on, but must not leave the transaction open.
		defer d.end(tx)
	}
	return fn(tx)
}

// begin opens a transaction, or returns the one that is open.
func (d *Doc) begin(origin any, local bool) (tx *Transaction, outer bool) {
	if d.tx != nil {
		return d.tx, false
	}
	if tx = d.spare; tx == nil {
		tx = &Transaction{doc: d}
	}
	d.spare = nil
	d.lastTx++
	tx.id, tx.origin, tx.local, tx.open = d.lastTx, origin, local, true
	d.tx = tx
	d.queue = append(d.queue, tx)
	for _, h := range d.events.before.list {
		h.f(tx)
	}
	return tx, true
}

// end closes a transaction and, unless another one is being cleaned up
// already, cleans up this one and those that observers begin meanwhile.
func (d *Doc) end(tx *Transaction) {
	tx.open = false
	d.tx = nil
	if d.queue[0] != tx {
		return
	}
	// Observers are code of others. If one panics, the rest still happens.
	done := 0
	defer func() {
		if done < len(d.queue) {
			for _, tx := range d.queue[done:] {
				tx.finish()
			}
		}
		d.release()
	}()
	for ; done < len(d.queue); done++ {
		d.queue[done].cleanup()
	}
}

// release empties the queue and keeps one transaction to use again.
func (d *Doc) release() {
	first := d.queue[0]
	for _, tx := range d.queue {
		tx.done = true
	}
	clear(d.queue)
	d.queue = d.queue[:0]
	const most = 1 << 12
	if cap(first.dels) > most || cap(first.merge) > most || cap(first.changed) > most || cap(first.touched) > most {
		return
	}
	clear(first.changed)
	clear(first.touched)
	*first = Transaction{
		doc: d, touched: first.touched[:0], dels: first.dels[:0], merge: first.merge[:0],
		changed: first.changed[:0],
	}
	d.spare = first
}

// cleanup tells observers of a transaction, tidies up the store and emits the
// update, in the order of Yjs.
func (tx *Transaction) cleanup() {
	d := tx.doc
	tx.sortDeletes()
	for i := range tx.touched {
		tx.touched[i].after = tx.touched[i].c.state
	}
	func() {
		defer tx.finish()
		tx.callObservers()
		for _, h := range d.events.after.list {
			h.f(tx)
		}
		if tx.cleanFormats {
			tx.cleanFormatting()
		}
	}()
	tx.emit()
}

// finish does what must happen even if an observer has panicked.
func (tx *Transaction) finish() {
	if tx.done {
		return
	}
	tx.done = true
	tx.sortDeletes()
	tx.collectAndMerge()
	d := tx.doc
	if !tx.local {
		if c := d.known(d.clientID); c != nil && c.state != tx.before(c) {
			d.clientID = randomClientID() // another one uses the same id
		}
	}
}

func (tx *Transaction) emit() {
	d := tx.doc
	for _, h := range d.events.cleaned.list {
		h.f(tx)
	}
	tx.emitUpdate()
	if tx.finishSubdocs() {
		e := SubdocsEvent{Added: tx.added, Removed: tx.removed, Loaded: tx.loaded}
		for _, h := range d.events.subdocs.list {
			h.f(e, tx)
		}
	}
}

func (tx *Transaction) emitUpdate() {
	d := tx.doc
	if len(d.events.update.list)+len(d.events.updateV2.list) == 0 {
		return
	}
	internal := tx.encode()
	if internal == nil {
		return
	}
	if len(d.events.update.list) > 0 {
		u := internal
		if d.raw {
			u, _ = convert(internal, true, &v1Writer{lossy: true}) // it is well-formed: we wrote it
		}
		for _, h := range d.events.update.list {
			h.f(u, tx.origin, tx)
		}
	}
	if len(d.events.updateV2.list) > 0 {
		u, err := internalToV2(internal)
		if err != nil {
			panic(fmt.Sprintf("yjs: own update in format V2: %v", err)) // we wrote it
		}
		for _, h := range d.events.updateV2.list {
			h.f(u, tx.origin, tx)
		}
	}
}

package room

import (
	"bytes"
	"log/slog"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
)

// writer is what one member wrote within a turn.
type writer struct {
	member   *Member
	updates  [][]byte // parts of the inbox's arena
	messages uint64   // also those without content
	relayed  bool     // some of it may be other people's
}

// cut is where the frame of one writer lies in the frames of the turn.
type cut struct {
	member   *Member // nil: from another node or from outside
	update   []byte
	from, to int
}

// maxCuts is up to how many writers a turn sends one frame each, so that none
// gets its own back. With more, all are merged into one: clients then render
// once, and the echo changes nothing there.
const maxCuts = 4

// emptyUpdate is the update without structs and without deletions, which a
// client that is up to date sends as its step 2.
var emptyUpdate = []byte{0, 0}

// gather takes one update of a member into the turn, if the member may write.
func (r *Room) gather(e *event) {
	m := e.member
	m.updates++
	if !m.Grant().Edit { // taken away after the message had passed the gate
		r.manager.opts.Meter.Refused.Inc()
		r.denyEdit(m)
		return
	}
	var w *writer
	for i := range r.turned.writers {
		if r.turned.writers[i].member == m {
			w = &r.turned.writers[i]
		}
	}
	if w == nil {
		r.turned.writers = append(r.turned.writers, writer{member: m})
		w = &r.turned.writers[len(r.turned.writers)-1]
	}
	w.messages++
	r.turned.relayed = false
	switch {
	case bytes.Equal(e.data, emptyUpdate):
	case r.mayWrite(m, e.data, e.kind == evStep2):
		w.updates = append(w.updates, e.data)
		w.relayed = w.relayed || r.turned.relayed
	default:
		// What was refused must not be called saved: not this message, and
		// none after it, until a step 2 brings everything the client has.
		m.refused = true
		return
	}
	if e.kind == evStep2 {
		m.refused = false
	}
}

// commit applies what was gathered, one transaction for each writer, and sends
// it to everybody else.
func (r *Room) commit() {
	if len(r.turned.writers) == 0 {
		return
	}
	for i := range r.turned.writers {
		r.applyFrom(&r.turned.writers[i])
	}
	clear(r.turned.writers)
	r.turned.writers = r.turned.writers[:0]
	r.fanOut()
}

// applyFrom applies what one member wrote.
func (r *Room) applyFrom(w *writer) {
	m := w.member
	if len(w.updates) > 0 && !r.admit(m, w.updates) {
		w.updates = nil
	}
	waited := r.pending()
	update, bad := r.transact(m, w.updates)
	if bad != nil {
		r.manager.opts.Meter.UpdatesBad.Inc()
		id := host.NewCorrelationID()
		m.invalid++
		if r.report(slog.LevelWarn, m.invalid, "invalid update refused", "op", "room.apply", "client", m.id, "user", m.user.ID, "count", m.invalid, "correlation_id", id, "error", bad) {
			r.manager.emit(id, hooks.SecurityInvalidUpdate{UserID: m.user.ID, ClientID: m.id, RoomID: r.id, Count: m.invalid})
		}
		m.SendControl(wire.Error(ErrInvalidUpdate.Code, "The server could not read an edit of yours; reload the document.", id))
	}
	if update != nil {
		m.active.Store(r.turned.now.UnixMilli())
		author := m.user.ID
		if w.relayed {
			author = 0
		}
		r.record(m, update, store.Entry{Author: author})
		r.watch.Edited(r.seq)
		if r.link != nil {
			r.link.Publish(cluster.Message{Kind: cluster.Update, Data: update})
		}
	}
	m.owed = r.pending() && (m.owed || !waited || !r.reached(m.clocks))
	switch {
	case m.owed && m.asked < maxAsks: // something before it is missing
		m.asked++
		m.Send(wire.Step1(r.stateVector()))
	case !m.owed && !m.refused:
		m.asked = 0
		if m.v1 && w.messages > 0 {
			r.await(m)
		}
	}
}

// pending reports whether the document waits for updates that are missing. One
// that sleeps never does, and is not woken to be asked: who comes without
// anything of its own says just that.
func (r *Room) pending() bool { return r.sleeper == nil && r.doc.HasPending() }

// reached reports whether the document holds everything below these clocks.
func (r *Room) reached(clocks map[uint64]uint64) bool {
	if len(clocks) == 0 {
		return true
	}
	have := r.document().StateVector()
	for id, c := range clocks {
		if have[id] < c {
			return false
		}
	}
	return true
}

// maxAsks bounds how often one member is asked for updates that are missing.
const maxAsks = 8

// transact applies updates in one transaction and returns what it did, nil if
// nothing. Bad updates are left out; the error is that of the last one.
func (r *Room) transact(origin any, updates [][]byte) (did []byte, bad error) {
	if len(updates) == 0 {
		return nil, nil
	}
	r.turned.txUpdate = nil
	err := r.document().Transact(origin, func(tx *yjs.Transaction) error {
		for _, u := range updates {
			if err := tx.ApplyUpdate(u); err != nil {
				bad = err
			}
		}
		return nil
	})
	if err != nil {
		bad = err
	}
	did, r.turned.txUpdate = r.turned.txUpdate, nil
	if did == nil {
		r.manager.opts.Meter.UpdatesVoid.Add(uint64(len(updates)))
	}
	return did, bad
}

// record gives an applied update its sequence number, hands it to the journal
// and adds it to the frames of the turn.
func (r *Room) record(from *Member, update []byte, e store.Entry) {
	r.seq++
	r.applied.Store(r.seq)
	r.updates.Add(1)
	r.manager.opts.Meter.Updates.Inc()
	e.Seq, e.Update, e.At = r.seq, update, r.turned.now
	r.journal(e)
	r.grew(len(update))

	start := len(r.turned.frames)
	r.turned.frames = wire.AppendUpdate(r.turned.frames, update)
	r.turned.cuts = append(r.turned.cuts, cut{member: from, update: update, from: start, to: len(r.turned.frames)})
}

// fanOut sends the frames of the turn: encoded once, shared by all. A writer
// gets them without its own.
func (r *Room) fanOut() {
	frames, cuts := r.turned.frames, r.turned.cuts
	if len(cuts) == 0 {
		return
	}
	if len(cuts) > maxCuts {
		updates := make([][]byte, len(cuts))
		for i, c := range cuts {
			updates[i] = c.update
		}
		if merged, err := yjs.MergeUpdates(updates); err == nil {
			frames = wire.AppendUpdate(nil, merged)
		} else {
			r.logger().Error("updates of a turn cannot be merged; sent one by one", "op", "room.fanout", "error", err)
		}
		clear(cuts)
		cuts = cuts[:0]
	}
	r.state.append(frames)
	for _, m := range r.members {
		if !m.synced {
			continue
		}
		before, after := frames, wire.Frame(nil)
		for _, c := range cuts {
			if c.member == m {
				before, after = frames[:c.from], frames[c.to:]
			}
		}
		if len(before)+len(after) > 0 {
			r.offer(m, before, after)
		}
	}
	r.manager.opts.Meter.Out[meter.Update].Add(uint64(len(r.members)))
	clear(r.turned.cuts)
	r.turned.frames, r.turned.cuts = nil, r.turned.cuts[:0]
}

// offer queues document frames for a member, and notes from where a diff has
// to start when the member does not keep up.
func (r *Room) offer(m *Member, frames ...wire.Frame) {
	wake, fell := m.out.offer(frames...)
	if wake {
		r.turned.woken = append(r.turned.woken, m)
	}
	if fell {
		m.base = r.stateVector()
		r.logger().Debug("slow reader falls behind", "op", "room.fanout", "client", m.id, "queued_bytes", m.Queued())
	}
}

// admit asks before an edit is applied whether it can be kept.
func (r *Room) admit(m *Member, updates [][]byte) bool {
	n := 0
	for _, u := range updates {
		n += len(u)
	}
	if err := r.canJournal(n); err != nil {
		r.manager.opts.Meter.JournalFull.Inc()
		r.reject(m, ErrUnavailable, wire.CodeUnavailable, "Edits cannot be stored at present; yours are kept in your browser.", err)
		return false
	}
	if limit := r.manager.opts.MaxDocument; limit > 0 && r.size+n > limit && r.measure()+n > limit && addsContent(updates) {
		r.manager.opts.Meter.SizeRefused.Inc()
		id := r.reject(m, ErrDocumentTooLarge, wire.CodeDocTooLarge, "The document has reached its size limit; this edit was not taken.", nil)
		if r.tooLarge++; isTold(r.tooLarge) {
			r.manager.emit(id, hooks.SecurityLimitStorm{Limit: "limits.document_max_bytes", UserID: m.user.ID, RoomID: r.id, Count: r.tooLarge})
		}
		return false
	}
	return true
}

// reject ends a member whose edit cannot be taken: going on would let it
// believe that it was. It returns the correlation id.
func (r *Room) reject(m *Member, why error, code int, text string, cause error) (id string) {
	id = host.NewCorrelationID()
	name := CodeOf(why)
	r.logger().Warn("edit refused", "op", "room.apply", "client", m.id, "code", name, "correlation_id", id, "error", cause)
	c := wire.NewClose(code, name, text, id)
	c.Retry = code == wire.CodeUnavailable
	m.Revoke()
	m.socket.End(c, m.errorFrame(name, text, id))
	return id
}

// errorFrame is an error for members that take control frames.
func (m *Member) errorFrame(code, text, id string) wire.Frame {
	if !m.control {
		return nil
	}
	return wire.Error(code, text, id)
}

// addsContent reports whether any of the updates holds structs: deletions are
// welcome in a document that is too large.
func addsContent(updates [][]byte) bool {
	for _, u := range updates {
		if len(u) > 0 && u[0] != 0 {
			return true
		}
	}
	return false
}

// outside applies a change that comes from the room's own archive.
func (r *Room) outside(update []byte, meta store.Meta) error {
	r.document() // what sleeps has the meta packed with it
	if len(update) == 0 {
		r.meta = meta
		return nil
	}
	if err := r.canJournal(len(update)); err != nil {
		return err
	}
	did, err := r.transact(originOutside, [][]byte{update})
	if err != nil {
		return err
	}
	r.meta = meta
	if did == nil {
		did = emptyUpdate
	}
	r.record(nil, did, store.Entry{Meta: &meta})
	r.fanOut()
	return nil
}

// origins of transactions that no member made.
type origin string

const (
	originOutside origin = "outside"
	originCluster origin = "cluster"
	originLoad    origin = "load"
)

// Receive implements cluster.Receiver.
func (r *Room) Receive(msg cluster.Message) {
	r.call(func() {
		switch msg.Kind {
		case cluster.Update:
			did, err := r.transact(originCluster, [][]byte{msg.Data})
			if err != nil {
				r.logger().Error("update of another node refused", "op", "room.cluster", "error", err)
			}
			if did != nil {
				r.record(nil, did, store.Entry{})
				r.watch.Edited(r.seq)
				r.fanOut()
			}
		case cluster.Awareness:
			r.hearRemote(msg.Data)
		case cluster.Renew:
			if ids := r.renew(); len(ids) > 0 {
				r.link.Publish(cluster.Message{Kind: cluster.Awareness, Data: r.presence.Encode(ids)})
			}
		case cluster.StateVector:
			if diff, err := r.document().EncodeStateAsUpdate(msg.Data); err == nil && !bytes.Equal(diff, emptyUpdate) {
				r.link.Publish(cluster.Message{Kind: cluster.Update, Data: diff})
			}
		}
	})
}

// grew keeps the estimate of the document's size, and warns once when it
// passes the warning size.
func (r *Room) grew(n int) {
	warn := r.manager.opts.WarnDocument
	before := r.size
	r.size += n
	r.bytes.Store(int64(r.size))
	if warn > 0 && before < warn && r.size >= warn {
		r.logger().Warn("document is large", "op", "room.apply", "bytes", r.size, "warn_bytes", warn)
		for _, m := range r.members {
			m.SendControl(wire.Notice("DOCUMENT_LARGE", "This document is getting large; consider splitting the record."))
		}
	}
}

// measure replaces the estimate by the true size.
func (r *Room) measure() int {
	if c, err := r.captured(); err == nil { // else the estimate stands
		r.size = len(c.State)
	}
	r.bytes.Store(int64(r.size))
	return r.size
}

// journal hands an entry to the log. What the log refuses is kept in order and
// tried again: it was applied already.
func (r *Room) journal(e store.Entry) {
	r.flights.add(e.Seq, e.At)
	if len(r.backlog) == 0 {
		err := r.log.Append(e)
		if err == nil {
			return
		}
		r.logger().Error("journal refused an entry; it is kept", "op", "room.journal", "seq", e.Seq, "error", err)
	}
	r.backlog = append(r.backlog, e)
}

// canJournal reports whether the journal would take an entry.
func (r *Room) canJournal(n int) error {
	for len(r.backlog) > 0 {
		if err := r.log.Append(r.backlog[0]); err != nil {
			return err
		}
		r.backlog = r.backlog[1:]
	}
	return r.log.CanAppend(n)
}

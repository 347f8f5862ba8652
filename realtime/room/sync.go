package room

import (
	"bytes"
	"time"

	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/yjs"
)

// helloWait is how long a member may take to say what it has. After that it
// gets everything, for clients that only listen.
const helloWait = time.Second

// stateCache keeps the encoded document for those who join: a full state and
// the frames that were sent since. A hundred people joining while others type
// cost one encoding.
type stateCache struct {
	full  wire.Frame   // step 2 of everything; nil = none
	tail  []wire.Frame // what came after it
	bytes int          // of tail

	sv []byte // the present state vector, encoded; nil = stale

	askedSV []byte     // the last state vector that was answered …
	reply   wire.Frame // … and the answer, as long as nothing changes
}

// append notes frames that were sent to everybody.
func (c *stateCache) append(frames wire.Frame) {
	c.sv, c.askedSV, c.reply = nil, nil, nil
	if c.full == nil {
		return
	}
	c.tail = append(c.tail, frames)
	if c.bytes += len(frames); c.bytes > max(64<<10, len(c.full)/4) {
		c.drop()
	}
}

func (c *stateCache) drop() { c.full, c.tail, c.bytes = nil, nil, 0 }

func (r *Room) stateVector() []byte {
	if r.state.sv == nil {
		r.state.sv = r.document().EncodeStateVector()
	}
	return r.state.sv
}

// answer replies to a member's step 1. The first one lets it in: from then on
// it gets every update.
func (r *Room) answer(m *Member, sv []byte) {
	have, err := decodeSV(sv)
	if err != nil {
		r.logger().Debug("invalid state vector ignored", "op", "room.sync", "client", m.id, "error", err)
		return
	}
	if r.foreign(have) {
		r.sendAway(m)
		return
	}
	first := !m.synced
	m.synced = true
	if m.hello != nil {
		m.hello.Stop()
		m.hello = nil
	}
	if m.out.fallBehind() { // asks faster than it reads
		m.base = bytes.Clone(sv)
	} else {
		for _, f := range r.diff(sv, len(have) == 0) {
			m.Send(f)
		}
		r.manager.opts.Meter.Out[meter.Step2].Inc()
	}
	if first {
		if m.rejoined = len(have) > 0; m.rejoined {
			r.renew()
			if r.link != nil {
				r.link.Publish(cluster.Message{Kind: cluster.Renew})
			}
		}
		r.tell(m)
	}
}

// diff returns the frames that bring a client with the state vector sv up to
// date. The first one is a step 2.
func (r *Room) diff(sv []byte, everything bool) []wire.Frame {
	c := &r.state
	if everything {
		r.cached.Store(r.turned.now.UnixMilli())
		if c.full == nil {
			now, err := r.captured()
			if err != nil {
				return nil
			}
			r.size = len(now.State)
			r.bytes.Store(int64(r.size))
			c.full = wire.Step2(now.State)
		}
		return append([]wire.Frame{c.full}, c.tail...)
	}
	if c.reply == nil || !bytes.Equal(sv, c.askedSV) {
		update, err := r.document().EncodeStateAsUpdate(sv)
		if err != nil {
			r.logger().Debug("state vector cannot be answered", "op", "room.sync", "error", err)
			return nil
		}
		c.askedSV, c.reply = bytes.Clone(sv), wire.EmptyStep2
		if !bytes.Equal(update, emptyUpdate) {
			c.reply = wire.Step2(update)
		}
	}
	return []wire.Frame{c.reply}
}

// catchUp brings a member that was behind and has drained up to date with one
// diff.
func (r *Room) catchUp(m *Member) {
	if m.room != r || m.Ended() || !m.out.isBehind() {
		return
	}
	update, err := r.document().EncodeStateAsUpdate(m.base)
	if err != nil {
		r.logger().Error("diff for a slow reader failed", "op", "room.sync", "client", m.id, "error", err)
		return
	}
	m.base = nil
	m.out.caughtUp()
	r.manager.opts.Meter.Resyncs.Inc()
	m.Send(wire.AppendUpdate(nil, update))
	r.tell(m)
}

// heal shows a stock client that wrote without the right what is true. It
// cannot take back what the client holds, but nothing new can rest on it; and
// not more often than every few seconds, so that it is no amplifier.
func (r *Room) heal(m *Member) {
	if r.turned.now.Sub(m.healed) < healEvery {
		return
	}
	m.healed = r.turned.now
	for _, f := range r.diff(nil, true) {
		m.Send(f)
	}
}

const healEvery = 5 * time.Second

// decodeSV reads a state vector; nothing at all is the empty one.
func decodeSV(sv []byte) (yjs.StateVector, error) {
	if len(sv) == 0 {
		return nil, nil
	}
	return yjs.DecodeStateVector(sv)
}

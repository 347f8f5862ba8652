package session

import (
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// handle checks one message against the present grant and the rate, and hands
// it to the room. As existing servers do, it looks at the first byte and not
// at the opcode to tell JSON from y-protocols.
func (s *Session) handle(b []byte) {
	m := s.cfg.Meter
	m.BytesIn.Add(uint64(len(b)))
	if len(b) == 0 {
		return
	}
	if b[0] > protocol.MessageQueryAwareness {
		s.handleJSON(b)
		return
	}
	msg, err := protocol.Decode(b)
	if !s.throttle(&s.bucket, cost(msg)) {
		return
	}
	if err != nil {
		m.In[meter.Other].Inc()
		s.cfg.Logger.Debug("malformed message ignored", "op", "session.gate", "client", s.Member.ID(), "error", err)
		return
	}
	switch {
	case msg.Type == protocol.MessageAwareness:
		m.In[meter.Awareness].Inc()
		s.submit(room.Awareness, msg.Payload)
	case msg.Type == protocol.MessageQueryAwareness:
		m.In[meter.Awareness].Inc()
		s.submit(room.Query, nil)
	case msg.Type != protocol.MessageSync:
		m.In[meter.Other].Inc()
	case msg.Sync == protocol.SyncStep1:
		m.In[meter.Step1].Inc()
		s.submit(room.Step1, msg.Payload)
	case msg.Sync == protocol.SyncStep2:
		m.In[meter.Step2].Inc()
		s.edit(room.Step2, msg.Payload)
	default:
		m.In[meter.Update].Inc()
		s.edit(room.Update, msg.Payload)
	}
}

// cost is how many messages a message counts as. Questions whose answers may
// be the whole document count for more.
func cost(m protocol.Message) float64 {
	switch {
	case m.Type == protocol.MessageQueryAwareness:
		return 5
	case m.Type == protocol.MessageSync && m.Sync == protocol.SyncStep1:
		return 10
	default:
		return 1
	}
}

func (s *Session) submit(kind room.Message, payload []byte) {
	s.Member.Submit(kind, payload)
}

// edit passes an update on if the session may edit now.
func (s *Session) edit(kind room.Message, update []byte) {
	if s.Member.Grant().Edit {
		s.submit(kind, update)
		return
	}
	if len(update) == 2 && update[0] == 0 && update[1] == 0 {
		return // nothing in it: what a reader answers to a step 1
	}
	s.cfg.Meter.Refused.Inc()
	s.Member.RefuseEdit()
}

// handleJSON answers the JSON ping; other JSON is ignored, but counts.
func (s *Session) handleJSON(b []byte) {
	s.cfg.Meter.In[meter.Control].Inc()
	if !wire.IsPing(b) {
		s.throttle(&s.bucket, 1)
		return
	}
	if s.throttle(&s.chatter, 1) {
		s.Member.Send(wire.Pong(time.Now()))
	}
}

// pong answers a WebSocket ping. The library would write the answer itself and
// so wait for a slow peer in the middle of reading.
func (s *Session) pong(payload []byte) {
	if s.chatter.take(time.Now(), 1) == 0 {
		s.Member.Send(wire.PingReply(payload))
	}
}

// controlFrame is the frame if the client takes control frames.
func (s *Session) controlFrame(f wire.Frame) wire.Frame {
	if s.Request.Control {
		return f
	}
	return nil
}

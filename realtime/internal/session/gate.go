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

// throttle waits until the client may send one more message: who sends too
// much is read more slowly, and TCP tells him so. A client that keeps sending
// too much is warned and at last closed; then it reports false.
func (s *Session) throttle(b *bucket, n float64) bool {
	now := time.Now()
	wait := b.take(now, n)
	if wait == 0 {
		if !s.flooding.IsZero() && b == &s.bucket && b.have >= b.burst/2 {
			s.flooding, s.warned = time.Time{}, false
		}
		return true
	}
	s.cfg.Meter.Throttled.Inc()
	if b == &s.bucket {
		if s.flooding.IsZero() {
			s.flooding = now
		}
		switch since := now.Sub(s.flooding); {
		case since > s.cfg.Flood:
			s.cfg.Logger.Warn("client floods the room and is closed", "op", "session.rate", "client", s.Member.ID(),
				"user", s.Member.UserID(), "for", since.Round(time.Second))
			s.End(wire.CloseRateLimit, s.controlFrame(wire.Error("UNKNOWN_ERROR", "Rate limit exceeded", "")))
			return false
		case since > s.cfg.Flood/4 && !s.warned:
			s.warned = true
			s.Member.SendControl(wire.Notice("RATE_LIMIT", "You send more than the server takes; it slows you down and will close the connection if this goes on."))
		}
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	<-t.C // bounded: a bucket never owes more than one message
	return s.ending.Load() == nil
}

// controlFrame is the frame if the client takes control frames.
func (s *Session) controlFrame(f wire.Frame) wire.Frame {
	if s.Request.Control {
		return f
	}
	return nil
}

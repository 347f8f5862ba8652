package session

import (
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// hangupCheck is how long a throttled reader waits at most before it looks
// whether its peer is still there.
const hangupCheck = time.Second

// throttle waits until the client may send one more message: who sends too
// much is read more slowly, and TCP tells him so. A client that keeps sending
// too much is warned and at last closed; then it reports false.
//
// A client that floods and hangs up leaves megabytes in the kernel, which
// nobody should read for a minute. It gets one more burst without waiting, so
// that what a person did last counts, and then its connection ends.
func (s *Session) throttle(b *bucket, n float64) bool {
	now := time.Now()
	wait := b.take(now, n)
	if wait == 0 {
		if !s.flooding.IsZero() && b == &s.bucket && b.have >= b.burst/2 && !s.left {
			s.flooding, s.warned = time.Time{}, false
		}
		return true
	}
	s.cfg.Meter.Throttled.Inc()
	if b == &s.bucket && !s.flood(now) {
		return false
	}
	for {
		if s.left {
			s.spent = true // the burst after the hang-up
			return false
		}
		if s.sock.conn.hungUp() {
			s.left = true
			s.bucket.fill(now)
			s.chatter.fill(now)
			return s.ending.Load() == nil
		}
		pause(min(wait, hangupCheck))
		if wait -= hangupCheck; wait <= 0 || s.ending.Load() != nil {
			return s.ending.Load() == nil
		}
	}
}

// pause waits; never for long, because a bucket owes one message at most.
func pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	<-t.C
}

// flood warns a client that exceeds its rate, and closes it when that has gone
// on for too long; then it reports false.
func (s *Session) flood(now time.Time) bool {
	if s.flooding.IsZero() {
		s.flooding = now
	}
	switch since := now.Sub(s.flooding); {
	case since > s.cfg.Flood:
		id := s.cfg.Exceeded(s, "rate_limiting.messages_per_second")
		s.cfg.Logger.Warn("client floods the room and is closed", "op", "session.rate", "client", s.Member.ID(),
			"user", s.Member.UserID(), "for", since.Round(time.Second), "correlation_id", id)
		if !s.Request.V1 {
			id = "" // existing clients know the frame without
		}
		s.End(wire.CloseRateLimit, s.controlFrame(wire.Error("UNKNOWN_ERROR", "Rate limit exceeded", id)))
		return false
	case since > s.cfg.Flood/4 && !s.warned:
		s.warned = true
		s.Member.SendControl(wire.Notice("RATE_LIMIT", "You send more than the server takes; it slows you down and will close the connection if this goes on."))
	}
	return true
}

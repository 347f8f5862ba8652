package session

import (
	"math/rand/v2"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// keepAlive is how long a client may hear nothing: stock y-websocket gives up
// after 30 s without a message, and the server looks once a second.
const keepAlive = 18 * time.Second

// pongWait is how long a peer may take to answer a ping.
const pongWait = 15 * time.Second

// watch is what the server's ticker remembers of a session. Only the ticker
// touches it.
type watch struct {
	ping               time.Duration // jittered, so that pings do not come in waves
	received, sent     uint64        // as of the last change
	receivedAt, sentAt time.Time
	heardAt            time.Time // when we last wrote something
	pinged             bool
}

func (w *watch) start(s *Session, now time.Time) {
	w.ping = s.cfg.Ping - time.Duration(rand.Int64N(int64(s.cfg.Ping)/5+1))
	w.receivedAt, w.sentAt, w.heardAt = now, now, now
}

// Tick looks after one session: it keeps the connection alive on both sides,
// finds dead peers, cuts off those that take nothing, and takes the goroutine
// from those that send nothing. The server calls it
// about once a second, always on the same goroutine.
func (s *Session) Tick(now time.Time) {
	if s.ending.Load() != nil {
		return
	}
	w := &s.watch
	if n := s.sock.conn.received.Load(); n != w.received {
		w.received, w.receivedAt, w.pinged = n, now, false
	}
	if n := s.sock.conn.sent.Load(); n > w.sent { // less: our ping, not written yet
		w.sent, w.sentAt, w.heardAt = n, now, now
	}
	busy := s.Member.Draining()
	if !busy {
		w.sentAt = now // nothing to take, so no stall
	}
	switch silent := now.Sub(w.receivedAt); {
	case busy && now.Sub(w.sentAt) >= s.cfg.Stall:
		s.cfg.Meter.CutOff.Inc()
		s.cfg.Logger.Info("client took nothing for too long and is cut off", "op", "session.watch", "client", s.Member.ID(), "for", now.Sub(w.sentAt).Round(time.Second), "queued_bytes", s.Member.Queued())
		s.Kill(wire.Close{Code: wire.CodePolicy, Retry: true})
	case silent >= w.ping+pongWait && !busy:
		s.cfg.Logger.Debug("client is dead", "op", "session.watch", "client", s.Member.ID())
		s.Kill(wire.Close{Code: codeBroken, Retry: true})
	case silent >= w.ping && !w.pinged:
		w.pinged = true
		w.sent += uint64(len(wire.Ping)) // to the client's own watchdog a ping is no message
		s.Member.Send(wire.Ping)
	}
	if now.Sub(w.receivedAt) >= s.cfg.Linger {
		s.dismiss()
	}
	if now.Sub(w.heardAt) >= keepAlive {
		w.heardAt = now
		s.Member.Send(wire.KeepAlive)
	}
}

package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/room"
)

// Config is what all sessions of a server share.
type Config struct {
	MaxMessage int64   // bytes in one message
	Rate       float64 // messages a second that a client may sustain; 0 = no limit
	Burst      float64 // messages at once
	// Flood is for how long a client may exceed Rate without a pause before it
	// is closed; a quarter of it before it is warned.
	Flood   time.Duration
	Ping    time.Duration // silence after which the peer is pinged
	Stall   time.Duration // a peer that takes nothing for so long is cut off
	Queue   int           // bytes that may wait for a client before it counts as behind
	Meter   *meter.Meter
	Logger  *slog.Logger
	Tasks   *sync.WaitGroup // every goroutine of every session
	Writers *Writers
	Holding *atomic.Bool // set while the server stops: what comes in is not taken
	// Exceeded reports a client that is closed for a limit of realtime.yml, and
	// returns the correlation id.
	Exceeded func(s *Session, limit string) (id string)
}

// Session is a socket in a room. Its reader runs in Serve; Writers write what
// waits for the socket.
type Session struct {
	Member  *room.Member
	Request Request
	Began   time.Time

	cfg  *Config
	sock *Socket

	// The reader's own.
	bucket   bucket
	chatter  bucket    // JSON and WebSocket pings
	flooding time.Time // since when it exceeds its rate; zero = it does not
	warned   bool
	left     bool // the peer has hung up; what it sent before may still be unread
	spent    bool // … and no more of that is wanted

	ending atomic.Pointer[wire.Close] // why we closed it; nil = we did not
	ended  chan struct{}              // closed when Serve has returned
	watch  watch                      // the server's ticker
}

// New makes the session of an admitted socket.
func New(sock *Socket, q Request, o room.MemberOptions, cfg *Config) *Session {
	now := time.Now()
	s := &Session{
		Request: q, Began: now, cfg: cfg, sock: sock,
		bucket:  newBucket(cfg.Rate, cfg.Burst, now),
		chatter: newBucket(20, 100, now),
		ended:   make(chan struct{}),
	}
	o.Control, o.V1, o.QueueBytes = q.Control, q.V1, cfg.Queue
	s.Member = room.NewMember(o, s)
	s.watch.start(s, now)
	answer := s.pong
	sock.ping.Store(&answer)
	sock.ws.SetReadLimit(-1) // receive looks itself, and says why it closes
	_ = sock.conn.SetDeadline(time.Time{})
	return s
}

// Ended is closed when the session is over.
func (s *Session) Ended() <-chan struct{} { return s.ended }

// Serve reads until the connection ends, and returns the close code: ours if
// we closed it, else the peer's.
func (s *Session) Serve() (code int) {
	defer close(s.ended)
	defer s.sock.Kill()
	for {
		_, r, err := s.sock.ws.Reader(context.Background())
		if err != nil {
			return s.code(err)
		}
		if s.ending.Load() != nil || s.cfg.Holding.Load() {
			// Nothing counts any more; read on, so that the close is seen.
			if _, err := io.Copy(io.Discard, r); err != nil {
				return s.code(err)
			}
			continue
		}
		if err := s.receive(r); err != nil || s.spent {
			return s.code(err)
		}
	}
}

func (s *Session) code(err error) int {
	if c := s.ending.Load(); c != nil {
		return c.Code
	}
	return closeCode(err)
}

// messages are buffers for what is read; a silent client holds none.
var messages = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// receive reads one message and handles it.
func (s *Session) receive(r io.Reader) error {
	buf := messages.Get().(*[]byte)
	b, err := appendAll((*buf)[:0], r, s.cfg.MaxMessage)
	switch {
	case err == nil:
		s.handle(b)
	case errors.Is(err, errTooBig):
		s.tooBig()
		_, err = io.Copy(io.Discard, r) // until the client has read why
	}
	if cap(b) <= 64<<10 {
		*buf = b[:0]
		messages.Put(buf)
	}
	return err
}

var errTooBig = errors.New("the message is too large")

// tooBig closes a client for a message that is larger than it may be.
func (s *Session) tooBig() {
	id := s.cfg.Exceeded(s, "limits.frame_bytes")
	s.cfg.Logger.Warn("message too large, the client is closed", "op", "session.read", "client", s.Member.ID(),
		"user", s.Member.UserID(), "limit", s.cfg.MaxMessage, "correlation_id", id)
	s.sock.conn.quota = max(int(s.cfg.MaxMessage), refusedBytes) // of what it sends before it knows
	text := fmt.Sprintf("A message is larger than the %d bytes that the server takes.", s.cfg.MaxMessage)
	s.End(wire.CloseTooBig(id), s.controlFrame(wire.Error(wire.TooBig, text, id)))
}

// appendAll appends what r holds to b, at most limit bytes.
func appendAll(b []byte, r io.Reader, limit int64) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return b, errTooBig
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// Wake implements room.Socket: frames wait, and nobody writes.
func (s *Session) Wake() { s.cfg.Writers.add(s) }

// Deliver implements room.Socket. Where writing would have to wait for the peer
// it is left to the writers.
func (s *Session) Deliver(spare []wire.Frame) []wire.Frame {
	if s.sock.conn.raw == nil {
		s.Wake()
		return spare
	}
	return s.deliver(spare)
}

// deliver writes what waits, as far as the peer takes it at once. It uses the
// slice that it is given and returns one for the next socket.
func (s *Session) deliver(spare []wire.Frame) []wire.Frame {
	for range rounds {
		frames := s.Member.Take(spare)
		if len(frames) == 0 {
			return nil
		}
		n, left, err := s.sock.conn.tryFrames(frames)
		switch {
		case left != nil:
			s.wrote(n, nil)
			s.cfg.Tasks.Go(func() { s.finish(left) })
			return frames
		case !s.wrote(n, err):
			return frames
		}
		spare = frames
	}
	s.cfg.Writers.add(s) // there may be more: after the others
	return spare
}

// finish writes what a peer did not take at once, and what comes meanwhile. It
// waits for the peer.
func (s *Session) finish(left *leftover) {
	n, err := s.sock.conn.finish(left)
	var frames []wire.Frame
	for s.wrote(n, err) {
		if frames = s.Member.Take(frames); len(frames) == 0 {
			return
		}
		n, err = s.sock.conn.writeFrames(frames)
	}
}

// wrote counts what was written. After an error it ends the session and
// reports false.
func (s *Session) wrote(n int, err error) bool {
	s.cfg.Meter.BytesOut.Add(uint64(n))
	if err == nil {
		return true
	}
	s.sock.conn.Conn.Close() // the reader sees it and ends the session
	s.Member.Discard()
	return false
}

// End implements room.Socket. From here on no frame of the socket counts; the
// farewell runs in a goroutine of its own.
func (s *Session) End(c wire.Close, first wire.Frame) {
	if !s.ending.CompareAndSwap(nil, &c) {
		return
	}
	s.Member.Revoke()
	s.cfg.Tasks.Go(func() {
		_ = s.sock.Send(first)
		s.sock.Close(c)
	})
}

// Farewell closes the socket after everything that waits for it was written,
// within closeWait.
func (s *Session) Farewell(c wire.Close, first wire.Frame) {
	if !s.ending.CompareAndSwap(nil, &c) {
		return
	}
	s.Member.SetGrant(room.Grant{})
	s.cfg.Tasks.Go(func() {
		_ = s.sock.conn.SetWriteDeadline(time.Now().Add(closeWait))
		s.Member.SendControl(first)
		s.Member.Drained()
		s.sock.Close(c)
	})
}

// Kill ends the connection without a word, for peers that do not take any.
func (s *Session) Kill(c wire.Close) {
	s.ending.CompareAndSwap(nil, &c)
	s.Member.Revoke()
	s.sock.conn.Conn.Close()
}

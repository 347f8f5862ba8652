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
	Lot     *Lot
	// Linger is for how long a goroutine waits at least for what a client sends
	// next, as when somebody types; then the socket waits in Lot.
	Linger  time.Duration
	Holding *atomic.Bool // set while the server stops: what comes in is not taken
	// Exceeded reports a client that is closed for a limit of realtime.yml, and
	// returns the correlation id.
	Exceeded func(s *Session, limit string) (id string)
}

// Session is a socket in a room. One goroutine at a time reads from it, Lot
// watches it while there is none, and Writers write what waits for it.
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
	known    bool // to the system's part of Config.Lot
	row      int  // times that it was woken in a row, see talking
	parkedAt time.Time

	waits  atomic.Bool              // a goroutine waits for the client
	over   func(code int)           // set by Start
	ending atomic.Pointer[farewell] // why it ended; nil = it has not
	watch  watch                    // the server's ticker
}

// New makes the session of an admitted socket.
func New(sock *Socket, q Request, o room.MemberOptions, cfg *Config) *Session {
	now := time.Now()
	s := &Session{
		Request: q, Began: now, cfg: cfg, sock: sock,
		bucket:  newBucket(cfg.Rate, cfg.Burst, now),
		chatter: newBucket(20, 100, now),
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

// Start reads from the socket until the connection ends, in goroutines that
// Config.Tasks counts; while the client is silent there may be none. Then over
// runs in one of them, once, with the close code: ours if we closed it, else the
// peer's.
func (s *Session) Start(over func(code int)) {
	s.over = over
	s.cfg.Tasks.Go(s.serve)
}

// serve reads until the connection ends, or nothing came for a while.
func (s *Session) serve() {
	for s.await() {
		if err := s.read(); err != nil || s.spent {
			s.conclude(err)
			return
		}
	}
}

// read reads and handles one message. It waits until the message is complete.
func (s *Session) read() error {
	_, r, err := s.sock.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	if s.ending.Load() != nil || s.cfg.Holding.Load() {
		// Nothing counts any more; read on, so that the close is seen.
		_, err = io.Copy(io.Discard, r)
		return err
	}
	return s.receive(r)
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

package room

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
)

// Room is a live document and the people in it.
type Room struct {
	id      string // "records:noise-bylaw"
	kind    string // "records"
	local   string // "noise-bylaw"
	manager *Manager
	handler Handler
	entry   *entry
	created time.Time
	broken  chan struct{} // closed when the loop has failed

	in inbox

	// Set before the room is served, then constant.
	log   *store.Log
	watch *store.Watch
	link  cluster.Link

	// The loop owns what follows.
	doc      *yjs.Doc // nil while the room sleeps; document() wakes it
	sleeper  *sleeper // what the room is while it sleeps
	meta     store.Meta
	seq      uint64 // the last applied update
	members  []*Member
	authors  map[uint64]int64 // Yjs client id -> user who writes under it
	presence *awareness.Awareness
	speakers map[uint64]*Member // awareness id -> the socket that speaks for it
	left     map[uint64]int64   // awareness id -> user whose it was
	state    stateCache
	turned   turned
	flights  flights
	waiting  []*Member     // members with acks to come
	backlog  []store.Entry // applied, but not yet taken by the journal
	failing  bool          // the journal cannot write at present
	size     int           // estimate of the encoded document; exact when measured
	tooLarge int           // edits refused for the size of the document

	// For readers on other goroutines.
	clients   atomic.Int32
	bytes     atomic.Int64
	applied   atomic.Uint64 // seq
	durable   atomic.Uint64
	acksDue   atomic.Bool // somebody waits to hear what is durable
	updates   atomic.Uint64
	snapshot  atomic.Int64           // unix milliseconds of the last one; 0 = none
	snapSeq   atomic.Uint64          // covered by it
	cached    atomic.Int64           // unix milliseconds of the last use of state; 0 = empty
	worked    atomic.Int64           // unix milliseconds of the last use of doc, or of the start; 0 = it is packed
	fresh     atomic.Bool            // it was only opened: neither packed nor ever unpacked
	writeback atomic.Pointer[string] // the last failure; nil = none
}

var (
	_ store.Source   = (*Room)(nil)
	_ store.Listener = (*Room)(nil)
)

// RoomID returns the full id.
func (r *Room) RoomID() string { return r.id }

// logger names the room. It is made anew because most rooms never log.
func (r *Room) logger() *slog.Logger { return r.manager.logger.With("room", r.id) }

// turned is what one turn has gathered.
type turned struct {
	writers  []writer
	talked   []*Member // whose presence changed
	presence []uint64  // awareness ids that changed
	woken    []*Member // whose sockets must be written to when the turn is over
	now      time.Time
	txUpdate []byte // of the last transaction
	relayed  bool   // mayWrite met edits that may be other people's
	frames   wire.Frame
	cuts     []cut
}

// turn deals with everything that arrived together.
func (r *Room) turn(b *batch) {
	r.manager.opts.Meter.Turns.Inc()
	r.turned.now = time.Now()
	for i := range b.events {
		e := &b.events[i]
		switch e.kind {
		case evUpdate, evStep2:
			r.gather(e)
			continue
		case evAwareness:
			r.hear(e.member, e.data)
			continue
		}
		r.commit() // what came before must be applied before
		switch e.kind {
		case evJoin:
			r.enter(e.member)
		case evLeave:
			r.part(e.member)
		case evStep1:
			r.answer(e.member, e.data)
		case evPush:
			if !e.member.synced {
				r.answer(e.member, nil)
			}
		case evQuery:
			r.tell(e.member)
		case evTruth:
			e.member.updates++
			r.denyEdit(e.member)
		case evDrained:
			r.catchUp(e.member)
		case evCall:
			r.wake() // fn may wait for what was sent before
			e.fn()
		}
	}
	r.commit()
	r.spread()
	if b.hasNews {
		r.news(b)
	}
}

// do runs fn on the loop and waits for it. The error is ErrClosed if the room
// is closed, or the context's.
func (r *Room) do(ctx context.Context, fn func()) error {
	done := make(chan struct{})
	if !r.call(func() { defer close(done); fn() }) {
		return ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-r.broken:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Capture implements store.Source.
func (r *Room) Capture(ctx context.Context) (c store.Capture, err error) {
	type result struct {
		capture store.Capture
		err     error
	}
	got := make(chan result, 1)
	err = r.do(ctx, func() {
		c, err := r.captured()
		got <- result{c, err}
	})
	if err != nil {
		return c, err
	}
	res := <-got
	return res.capture, res.err
}

// ApplyOutside implements store.Source.
func (r *Room) ApplyOutside(ctx context.Context, update []byte, meta store.Meta) error {
	failed := make(chan error, 1)
	if err := r.do(ctx, func() { failed <- r.outside(update, meta) }); err != nil {
		return err
	}
	return <-failed
}

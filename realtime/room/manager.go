package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/meter"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
)

// Options of a Manager. The zero value means the defaults.
type Options struct {
	// MaxRooms bounds the open rooms, those in their grace period included.
	// Default 100, negative = no limit.
	MaxRooms int
	// MaxMembers bounds the sockets in one room. Default 500, negative = no
	// limit.
	MaxMembers int
	// Grace is how long a room stays open after the last one left. Default 5
	// minutes, negative = not at all.
	Grace time.Duration
	// OpenTimeout bounds loading a room. Default 30 s.
	OpenTimeout time.Duration
	// WarnDocument is the size in bytes at which a document is reported.
	// Default 500 KB, negative = never.
	WarnDocument int
	// MaxDocument is the size in bytes beyond which edits that add content are
	// refused. Default 64 MiB, negative = no limit.
	MaxDocument int
	// Meter counts; New makes one.
	Meter *meter.Meter
}

// Deps are what a Manager needs. Store, Journal and Keeper are required.
type Deps struct {
	Store    store.Store
	Journal  *store.Journal
	Keeper   *store.Keeper
	Handlers []Handler
	Cluster  cluster.Cluster // nil = this is the only node
	Hooks    hooks.Sink      // nil = nobody listens
	Observer *Observer       // nil = nobody watches journal and keeper
	Logger   *slog.Logger    // nil = slog.Default()
}

// Manager opens rooms when they are needed and closes them when they are not.
type Manager struct {
	deps     Deps
	opts     Options
	logger   *slog.Logger
	handlers map[string]Handler // by room type; constant

	base   context.Context // ends when Stop gives up
	cancel context.CancelFunc
	tasks  sync.WaitGroup // goroutines that open and close rooms
	graves graveyard

	tidying atomic.Bool // a goroutine tidies up

	mu      sync.Mutex
	entries map[string]*entry // guarded by mu; by full room id
	graces  graces            // guarded by mu
	stopped bool              // guarded by mu
	tidied  time.Time         // guarded by mu
	looked  time.Time         // guarded by mu; for deleted records
}

// entry is a room that is open, opening or closing. Its fields are guarded by
// Manager.mu, except those that ready publishes.
type entry struct {
	id      string
	refs    int           // members in it and on their way to it
	leaves  time.Time     // end of the grace period; zero = there is none
	waiting bool          // it is in Manager.graces
	closing bool          // nobody may join any more
	gone    chan struct{} // closed when the entry has left the map

	ready chan struct{} // closed when room or err is set
	room  *Room
	err   error
}

// NewManager checks the handlers: a nil one and two of one type are errors.
func NewManager(d Deps, o Options) (*Manager, error) {
	if d.Store == nil || d.Journal == nil || d.Keeper == nil {
		return nil, errors.New("room: a manager needs a store, a journal and a keeper")
	}
	if d.Hooks == nil {
		d.Hooks = hooks.Discard
	}
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	o.setDefaults()
	m := &Manager{deps: d, opts: o, logger: d.Logger, handlers: map[string]Handler{}, entries: map[string]*entry{}}
	for i, h := range d.Handlers {
		if h == nil {
			return nil, fmt.Errorf("room: handler %d of %d is nil", i+1, len(d.Handlers))
		}
		t := h.RoomType()
		if t == "" || t == deletedType || strings.ContainsAny(t, ":/") {
			return nil, fmt.Errorf("room: handler %T has an unusable room type %q", h, t)
		}
		if other, twice := m.handlers[t]; twice {
			return nil, fmt.Errorf("room: room type %q has two handlers, %T and %T", t, other, h)
		}
		m.handlers[t] = h
	}
	m.base, m.cancel = context.WithCancel(context.Background())
	if d.Observer != nil {
		d.Observer.bind(m)
	}
	return m, nil
}

func (o *Options) setDefaults() {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.MaxRooms, 100)
	set(&o.MaxMembers, 500)
	set(&o.WarnDocument, 500<<10)
	set(&o.MaxDocument, 64<<20)
	if o.Grace == 0 {
		o.Grace = 5 * time.Minute
	}
	if o.OpenTimeout <= 0 {
		o.OpenTimeout = 30 * time.Second
	}
	if o.Meter == nil {
		o.Meter = new(meter.Meter)
	}
}

// Meter returns the counters of the rooms, which the sockets share.
func (m *Manager) Meter() *meter.Meter { return m.opts.Meter }

// MaxRooms returns the limit in force, negative = none.
func (m *Manager) MaxRooms() int { return m.opts.MaxRooms }

// Handler returns the handler of a room type.
func (m *Manager) Handler(roomType string) (Handler, bool) {
	h, ok := m.handlers[roomType]
	return h, ok
}

// Join puts a member into the room, which is opened if need be: once, however
// many come at the same time. The errors are those of this package or of the
// context. Leave must be called for each Join that succeeded.
func (m *Manager) Join(ctx context.Context, roomType, id string, member *Member) error {
	h, ok := m.handlers[roomType]
	if !ok {
		return ErrRoomType
	}
	for {
		e, err := m.enter(ctx, h, roomType, id)
		if err != nil {
			return err
		}
		member.room, member.entry = e.room, e
		if e.room.post(event{kind: evJoin, member: member}) {
			return nil
		}
		m.release(e) // it closed at this moment
	}
}

// Leave takes a member out of its room. It may be called once.
func (m *Manager) Leave(member *Member) {
	member.out.close()
	member.room.post(event{kind: evLeave, member: member})
	m.release(member.entry)
}

// enter returns the entry of an open room with one reference more.
func (m *Manager) enter(ctx context.Context, h Handler, roomType, id string) (*entry, error) {
	full := roomType + ":" + id
	for {
		m.mu.Lock()
		e := m.entries[full]
		switch {
		case m.stopped:
			m.mu.Unlock()
			return nil, ErrClosed
		case e != nil && e.closing:
			m.mu.Unlock()
			select {
			case <-e.gone:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			continue
		case e != nil && m.opts.MaxMembers > 0 && e.refs >= m.opts.MaxMembers:
			m.mu.Unlock()
			return nil, &limitError{key: "rooms.max_members", text: fmt.Sprintf("per-room connection limit reached (%d)", m.opts.MaxMembers)}
		case e == nil && m.opts.MaxRooms > 0 && len(m.entries) >= m.opts.MaxRooms:
			m.mu.Unlock()
			return nil, roomLimit(m.opts.MaxRooms, full)
		case e == nil:
			e = &entry{id: full, ready: make(chan struct{}), gone: make(chan struct{})}
			m.entries[full] = e
			m.tasks.Go(func() { m.open(e, h, roomType, id) })
		}
		e.refs++
		e.endGraceLocked()
		m.mu.Unlock()

		select {
		case <-e.ready:
		case <-ctx.Done():
			m.release(e)
			return nil, ctx.Err()
		}
		if e.err != nil {
			m.release(e)
			return nil, e.err
		}
		return e, nil
	}
}

// release gives a reference back. The last one starts the grace period; while
// the room opens, that is for open to do.
func (m *Manager) release(e *entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.refs--; e.refs > 0 || m.entries[e.id] != e || e.closing || m.stopped {
		return
	}
	select {
	case <-e.ready:
		m.startGraceLocked(e, m.opts.Grace)
	default:
	}
}

// Room returns an open room.
func (m *Manager) Room(id string) (*Room, bool) {
	m.mu.Lock()
	e := m.entries[id]
	m.mu.Unlock()
	if e == nil {
		return nil, false
	}
	select {
	case <-e.ready:
		return e.room, e.room != nil
	default:
		return nil, false
	}
}

// Rooms returns the open rooms in no particular order.
func (m *Manager) Rooms() []*Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	rooms := make([]*Room, 0, len(m.entries))
	for _, e := range m.entries {
		select {
		case <-e.ready:
			if e.room != nil {
				rooms = append(rooms, e.room)
			}
		default:
		}
	}
	return rooms
}

// Count is the number of rooms that count towards the limit.
func (m *Manager) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

// Flush saves a snapshot of an open room and has it written back. ok is false
// if the room is not open.
func (m *Manager) Flush(ctx context.Context, id string) (res store.FlushResult, ok bool, err error) {
	r, ok := m.Room(id)
	if !ok {
		return res, false, nil
	}
	res, err = r.watch.Flush(ctx, store.ReasonRequest)
	return res, true, err
}

// CheckOutside tells a room that its file or draft may have been changed by
// somebody else. Nothing happens if it is not open.
func (m *Manager) CheckOutside(id string) {
	if r, ok := m.Room(id); ok {
		r.watch.CheckOutside()
	}
}

// FlushAll saves and writes back every open room, several at a time, until ctx
// ends. The error joins those of the rooms that were not saved.
func (m *Manager) FlushAll(ctx context.Context, reason store.Reason) error {
	var (
		g    errgroup.Group
		mu   sync.Mutex
		errs []error
	)
	g.SetLimit(8)
	for _, r := range m.Rooms() {
		g.Go(func() error {
			_, err := r.watch.Flush(ctx, reason)
			closed := errors.Is(err, ErrClosed) || errors.Is(err, store.ErrClosed) // meanwhile, by who saw to its state
			if err != nil && !closed {
				mu.Lock()
				errs = append(errs, fmt.Errorf("room %s: %w", r.id, err))
				mu.Unlock()
			}
			return nil
		})
	}
	_ = g.Wait()
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// Stop saves every room, ends who is still in it, and closes them. It waits
// for all goroutines of the rooms, within ctx.
func (m *Manager) Stop(ctx context.Context) error {
	m.mu.Lock()
	m.stopped = true
	if m.graces.timer != nil {
		m.graces.timer.Stop()
	}
	m.mu.Unlock()
	defer m.cancel()

	err := m.FlushAll(ctx, store.ReasonStop)
	for _, r := range m.Rooms() {
		m.shut(r.entry, wire.CloseRestart, "stop", "")
	}
	done := make(chan struct{})
	go func() { m.tasks.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		m.cancel()
		<-done // whatever opens a room obeys its context
	}
	return err
}

func (m *Manager) emit(correlationID string, p hooks.Payload) {
	m.deps.Hooks.Emit(hooks.Event{CorrelationID: correlationID, Data: p})
}

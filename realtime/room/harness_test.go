package room

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/cluster"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs"
)

// plain is a room type without an archive.
type plain struct {
	kind  string
	seeds atomic.Int32
	text  string        // of each record; "" = seed
	wait  chan struct{} // if not nil, Seed waits for it
}

func (p *plain) RoomType() string { return p.kind }
func (p *plain) Authorize(context.Context, host.Session, string) (Grant, error) {
	return Grant{View: true, Edit: true}, nil
}
func (p *plain) Seed(ctx context.Context, id string) (Seed, error) {
	p.seeds.Add(1)
	if p.wait != nil {
		<-p.wait
	}
	d := yjs.NewDoc(yjs.Options{ClientID: 7})
	err := d.Transact(nil, func(tx *yjs.Transaction) error {
		return d.Text("t").Insert(tx, 0, cmp.Or(p.text, "seed"), nil)
	})
	if err != nil {
		return Seed{}, err
	}
	state, err := d.EncodeStateAsUpdate(nil)
	return Seed{State: state, Meta: store.Meta{Lineage: "L"}}, err
}
func (p *plain) WriteBack(context.Context, store.Capture, func(context.Context, store.Meta) error) (store.Outcome, error) {
	return store.Outcome{}, nil
}

func newManager(t testing.TB, o Options, handlers ...Handler) *Manager {
	t.Helper()
	return newNode(t, nil, o, handlers...)
}

// newNode makes the manager of one node of a cluster.
func newNode(t testing.TB, c cluster.Cluster, o Options, handlers ...Handler) *Manager {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	if handlers == nil {
		handlers = []Handler{&plain{kind: "records"}}
	}
	s := mem.New()
	j := store.NewJournal(s, store.JournalOptions{Logger: logger})
	k := store.NewKeeper(s, store.KeeperOptions{Logger: logger, Interval: -1, MaxUpdates: -1})
	m, err := NewManager(Deps{Store: s, Journal: j, Keeper: k, Handlers: handlers, Logger: logger, Cluster: c}, o)
	check(t, err)
	check(t, j.Start(t.Context()))
	check(t, k.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		check(t, m.Stop(ctx))
		check(t, k.Stop(ctx))
		check(t, j.Stop(ctx))
	})
	return m
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sink is a socket that takes everything at once.
type sink struct {
	m     *Member
	sleep bool // takes nothing

	mu     sync.Mutex
	got    []byte
	closed *wire.Close
}

func (s *sink) Wake() {
	if s.sleep {
		return
	}
	var frames []wire.Frame
	for {
		if frames = s.m.Take(frames); len(frames) == 0 {
			return
		}
		s.mu.Lock()
		for _, f := range frames {
			s.got = append(s.got, f...)
		}
		s.mu.Unlock()
	}
}

func (s *sink) Deliver(sockets []Socket) {
	for _, socket := range sockets {
		socket.Wake()
	}
}

func (s *sink) End(c wire.Close, _ wire.Frame) {
	s.mu.Lock()
	s.closed = &c
	s.mu.Unlock()
}

func (s *sink) taken() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.got)
}

func (s *sink) bytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (m *Manager) join(t testing.TB, room string, user int64) *sink {
	t.Helper()
	s := &sink{}
	s.m = NewMember(MemberOptions{ID: "c", User: host.User{ID: user}, Grant: Grant{View: true, Edit: true}}, s)
	check(t, m.Join(t.Context(), "records", room, s.m))
	s.m.Submit(Step1, []byte{0})
	return s
}

// tidyAll is Tidy of every room, done when it returns.
func (m *Manager) tidyAll(now time.Time) { m.tidy(m.Rooms(), now) }

// settle waits until the room has dealt with everything that came before.
func settle(t testing.TB, r *Room) {
	t.Helper()
	check(t, r.do(t.Context(), func() {}))
}

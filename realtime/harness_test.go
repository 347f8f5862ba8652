package realtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs"
)

// patience is how long a test waits for what must come; it is never slept.
const patience = 10 * time.Second

// stand is a whole server on a real port, over the in-memory host and store.
type stand struct {
	t        testing.TB
	host     *memhost.Host
	store    store.Store
	journal  *store.Journal
	keeper   *store.Keeper
	rooms    *room.Manager
	server   *Server
	notes    *notes
	log      *safeBuffer
	observer *room.Observer
}

type standOptions struct {
	server   Options
	rooms    room.Options
	journal  store.JournalOptions
	keeper   store.KeeperOptions
	store    store.Store
	host     *memhost.Host
	handlers []room.Handler
	hookLoad func() hooks.Stats
	hurried  bool // no goroutine waits for a client
}

// textRooms is a room type for tests: the id must be a record of the host, the
// document holds its body as text.
type textRooms struct {
	host    *memhost.Host
	foreign func(meta store.Meta, sv yjs.StateVector) bool
	seeds   func(id string) error
}

const seedClient = 4242

func (textRooms) RoomType() string { return "records" }

func (h textRooms) Authorize(ctx context.Context, s host.Session, id string) (room.Grant, error) {
	rec, err := h.host.Record(ctx, id)
	if errors.Is(err, host.ErrNotFound) {
		return room.Grant{}, room.ErrRoomNotFound
	}
	if err != nil {
		return room.Grant{}, err
	}
	view, err := h.host.Can(ctx, s.User, host.PermissionRecordsView, rec.Type)
	if err != nil {
		return room.Grant{}, err
	}
	edit, err := h.host.Can(ctx, s.User, host.PermissionRecordsEdit, rec.Type)
	return room.Grant{View: view, Edit: edit}, err
}

func (h textRooms) Seed(ctx context.Context, id string) (room.Seed, error) {
	if h.seeds != nil {
		if err := h.seeds(id); err != nil {
			return room.Seed{}, err
		}
	}
	rec, err := h.host.Record(ctx, id)
	if err != nil {
		return room.Seed{}, err
	}
	d := yjs.NewDoc(yjs.Options{ClientID: seedClient})
	err = d.Transact(nil, func(tx *yjs.Transaction) error { return d.Text("t").Insert(tx, 0, rec.Body, nil) })
	if err != nil {
		return room.Seed{}, err
	}
	state, err := d.EncodeStateAsUpdate(nil)
	return room.Seed{State: state, Meta: store.Meta{Lineage: "L1"}}, err
}

func (textRooms) WriteBack(context.Context, store.Capture, func(context.Context, store.Meta) error) (store.Outcome, error) {
	return store.Outcome{}, nil
}

func (h textRooms) Foreign(meta store.Meta, sv yjs.StateVector) bool {
	return h.foreign != nil && h.foreign(meta, sv)
}

func (textRooms) Lineage(yjs.StateVector) string { return "L1" }

func (textRooms) Markdown(_ context.Context, c store.Capture) ([]byte, error) {
	d := yjs.NewDoc(yjs.Options{})
	if err := d.ApplyUpdate(c.State, nil); err != nil {
		return nil, err
	}
	return []byte(d.Text("t").String()), nil
}

func newHost() *memhost.Host {
	h := memhost.New()
	h.AddUser(host.User{ID: 1, Username: "alice", Name: "Alice Tremblay", Role: "clerk"})
	h.AddUser(host.User{ID: 2, Username: "bob", Name: "Bob Singh", Role: "clerk"})
	h.AddUser(host.User{ID: 3, Username: "carol", Role: "public"})
	h.AddUser(host.User{ID: 4, Username: "dave", Role: "admin"})
	for i := range 30 {
		h.PutRecord(host.Record{Fields: host.Fields{ID: fmt.Sprintf("r%d", i), Title: "R", Type: "bylaw", Status: "active", Body: "seed"}})
	}
	return h
}

func newStand(t testing.TB, o standOptions) *stand {
	t.Helper()
	s := &stand{t: t, host: o.host, store: o.store, notes: &notes{}, log: &safeBuffer{}}
	if s.host == nil {
		s.host = newHost()
	}
	if s.store == nil {
		s.store = mem.New()
	}
	if o.handlers == nil {
		o.handlers = []room.Handler{textRooms{host: s.host}}
	}
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.observer = room.NewObserver(s.notes, logger)
	o.journal.Observer, o.keeper.Events = s.observer, s.observer
	o.journal.Logger, o.keeper.Logger = logger, logger
	if o.journal.CommitInterval == 0 {
		o.journal.CommitInterval = time.Millisecond
	}
	s.journal, s.keeper = store.NewJournal(s.store, o.journal), store.NewKeeper(s.store, o.keeper)
	var err error
	s.rooms, err = room.NewManager(room.Deps{
		Store: s.store, Journal: s.journal, Keeper: s.keeper, Handlers: o.handlers, Hooks: s.notes, Observer: s.observer, Logger: logger,
	}, o.rooms)
	must(t, err)
	o.server.Addr = "127.0.0.1:0"
	s.server, err = New(Deps{
		Auth: s.host, Rooms: s.rooms, Hooks: s.notes, Logger: logger,
		Journal: s.journal, Keeper: s.keeper, Observer: s.observer, HookLoad: o.hookLoad,
	}, o.server)
	must(t, err)
	if o.hurried {
		s.server.config.Linger = 0
	}
	ctx := t.Context()
	must(t, s.journal.Start(ctx))
	must(t, s.keeper.Start(ctx))
	must(t, s.server.Start(ctx))
	unsubscribe := s.server.Subscribe(s.host)
	t.Cleanup(func() {
		unsubscribe()
		ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
		defer cancel()
		must(t, s.server.Stop(ctx))
		must(t, s.keeper.Stop(ctx))
		must(t, s.journal.Stop(ctx))
		if t.Failed() {
			t.Log("server log:\n" + s.log.tail(8000))
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stand) url(path string) string {
	return "ws://" + s.server.Addr().String() + path
}

// notes remembers hooks.
type notes struct {
	mu     sync.Mutex
	events []hooks.Event
}

func (n *notes) Emit(e hooks.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e)
}

func (n *notes) names() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for _, e := range n.events {
		list = append(list, e.Name())
	}
	return list
}

func (n *notes) find(name string) (hooks.Event, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.events {
		if e.Name() == name {
			return e, true
		}
	}
	return hooks.Event{}, false
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *safeBuffer) tail(n int) string {
	s := b.String()
	return s[max(0, len(s)-n):]
}

// get asks the plugin's HTTP API.
func (s *stand) get(method, path string, user int64) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, path, nil)
	must(s.t, err)
	if user != 0 {
		req.Header.Set("Authorization", "Bearer "+s.host.Login(user, 0))
	}
	rec := newRecorder()
	s.server.API().ServeHTTP(rec, req)
	return rec.status, rec.body.String()
}

type recorder struct {
	h      http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{h: http.Header{}, status: 200} }

func (r *recorder) Header() http.Header         { return r.h }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

var _ io.Writer = (*recorder)(nil)

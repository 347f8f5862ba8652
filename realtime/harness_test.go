package realtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
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

	alice, bob, carol, dave host.User
}

type standOptions struct {
	server   Options
	rooms    room.Options
	journal  store.JournalOptions
	keeper   store.KeeperOptions
	store    store.Store
	host     *memhost.Host
	handlers []room.Handler
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
		Journal: s.journal, Keeper: s.keeper, Observer: s.observer,
	}, o.server)
	must(t, err)
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

// client is a Yjs client over a real socket, as y-websocket is one.
type client struct {
	t      testing.TB
	ws     *websocket.Conn
	doc    *yjs.Doc
	synced chan struct{} // closed at the first step 2
	done   chan struct{} // closed when the reader ends
	v1     bool

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each message
	texts   []map[string]any
	states  map[uint64]awareness.Entry
	binary  int // messages
	err     error
}

type dial struct {
	user   int64
	token  string // instead of a login of user
	room   string // default "r1"
	v1     bool
	header bool
	id     uint64 // Yjs client id; 0 = random
	doc    []byte // what it holds already
	quiet  bool   // sends no step 1
	h      http.Header
	path   string
}

func (s *stand) dial(d dial) *client {
	s.t.Helper()
	c, err := s.tryDial(d)
	must(s.t, err)
	return c
}

func (s *stand) tryDial(d dial) (*client, error) {
	if d.token == "" && d.user != 0 {
		d.token = s.host.Login(d.user, 0)
	}
	if d.room == "" {
		d.room = "r1"
	}
	if d.path == "" {
		d.path = "/realtime/records/" + d.room
	}
	o := &websocket.DialOptions{HTTPHeader: d.h}
	if o.HTTPHeader == nil {
		o.HTTPHeader = http.Header{}
	}
	switch {
	case d.header:
		o.HTTPHeader.Set("Authorization", "Bearer "+d.token)
	case d.token != "":
		o.Subprotocols = []string{"auth." + d.token}
	}
	if d.v1 {
		o.Subprotocols = append([]string{"civicpress.realtime.v1"}, o.Subprotocols...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, s.url(d.path), o)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	c := &client{t: s.t, ws: ws, v1: d.v1, synced: make(chan struct{}), done: make(chan struct{}),
		changed: make(chan struct{}), states: map[uint64]awareness.Entry{}}
	c.doc = yjs.NewDoc(yjs.Options{ClientID: d.id})
	if d.doc != nil {
		must(s.t, c.doc.ApplyUpdate(d.doc, nil))
	}
	go c.read()
	s.t.Cleanup(func() { ws.CloseNow(); <-c.done })
	if !d.quiet {
		c.mu.Lock()
		sv := c.doc.EncodeStateVector()
		c.mu.Unlock()
		c.write(protocol.AppendSyncStep1(nil, sv))
	}
	return c, nil
}

func (c *client) read() {
	defer close(c.done)
	for {
		typ, b, err := c.ws.Read(context.Background())
		c.mu.Lock()
		if err != nil {
			c.err = err
		} else if typ == websocket.MessageText {
			var m map[string]any
			if json.Unmarshal(b, &m) == nil {
				c.texts = append(c.texts, m)
			}
		} else {
			c.binary++
			c.receive(b)
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// receive runs under the lock.
func (c *client) receive(b []byte) {
	m, err := protocol.Decode(b)
	if err != nil {
		c.t.Errorf("server sent %x: %v", b, err)
		return
	}
	switch {
	case m.Type == protocol.MessageAwareness:
		entries, err := awareness.DecodeUpdate(m.Payload)
		if err != nil {
			c.t.Errorf("server sent awareness %x: %v", m.Payload, err)
		}
		for _, e := range entries {
			if e.Gone() {
				delete(c.states, e.Client)
			} else {
				e.State = bytes.Clone(e.State)
				c.states[e.Client] = e
			}
		}
	case m.Sync == protocol.SyncStep1:
		diff, err := c.doc.EncodeStateAsUpdate(m.Payload)
		if err != nil {
			c.t.Errorf("server's state vector %x: %v", m.Payload, err)
			return
		}
		go c.write(protocol.AppendSyncStep2(nil, diff))
	default:
		if err := c.doc.ApplyUpdate(m.Payload, "remote"); err != nil {
			c.t.Errorf("server sent update %x: %v", m.Payload, err)
		}
		if m.Sync == protocol.SyncStep2 {
			select {
			case <-c.synced:
			default:
				close(c.synced)
			}
		}
	}
}

func (c *client) write(b []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageBinary, b)
}

func (c *client) writeText(s string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, []byte(s))
}

func (c *client) sync() *client {
	c.t.Helper()
	select {
	case <-c.synced:
	case <-c.done:
		c.t.Fatalf("closed before the sync: %v", c.err)
	case <-time.After(patience):
		c.t.Fatal("no step 2")
	}
	return c
}

// edit makes a local change and returns the update that it sent.
func (c *client) edit(fn func(tx *yjs.Transaction, t *yjs.Text) error) []byte {
	c.t.Helper()
	update := c.change(fn)
	if err := c.write(protocol.AppendUpdate(nil, update)); err != nil {
		c.t.Fatalf("send an edit: %v", err)
	}
	return update
}

func (c *client) change(fn func(tx *yjs.Transaction, t *yjs.Text) error) []byte {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var update []byte
	cancel := c.doc.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) { update = u })
	defer cancel()
	must(c.t, c.doc.Transact("local", func(tx *yjs.Transaction) error { return fn(tx, c.doc.Text("t")) }))
	return update
}

func (c *client) insert(i int, s string) {
	c.t.Helper()
	c.edit(func(tx *yjs.Transaction, t *yjs.Text) error { return t.Insert(tx, i, s, nil) })
}

// state is what the client holds.
func (c *client) state() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.doc.EncodeStateAsUpdate(nil)
	must(c.t, err)
	return b
}

func (c *client) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.doc.Text("t").String()
}

// until waits until cond holds; cond runs under the lock after each message.
func (c *client) until(what string, cond func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		ok, changed := cond(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("%s: not within %v; text %q, %d texts %v, %d binary, err %v", what, patience, c.doc.Text("t").String(), len(c.texts), c.texts, c.binary, c.err)
		}
	}
}

func (c *client) untilText(want string) {
	c.t.Helper()
	c.until("text "+want, func() bool { return c.doc.Text("t").String() == want })
}

// untilEvent waits for a control frame and returns it.
func (c *client) untilEvent(event string) (found map[string]any) {
	c.t.Helper()
	c.until("event "+event, func() bool {
		for _, m := range c.texts {
			if m["event"] == event || event == "pong" && m["type"] == "pong" {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// closed waits for the end and returns code and reason.
func (c *client) closed() (int, string) {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatal("the socket was not closed")
	}
	var ce websocket.CloseError
	if errors.As(c.err, &ce) {
		return int(ce.Code), ce.Reason
	}
	return 1006, c.err.Error()
}

// alive reports whether the server has neither closed nor said an error.
func (c *client) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.texts {
		if m["event"] == "error" {
			return false
		}
	}
	return c.err == nil
}

// say sends a presence state.
func (c *client) say(id, clock uint64, state string) {
	c.t.Helper()
	u := awareness.AppendUpdate(nil, []awareness.Entry{{Client: id, Clock: clock, State: json.RawMessage(state)}})
	must(c.t, c.write(protocol.AppendAwareness(nil, u)))
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

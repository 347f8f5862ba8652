package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/markdown"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/room/roomtest"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

const kindOfRoom = "counted"

// handler is a room type whose rooms begin as a record of about 2 KB and are
// written back nowhere.
type handler struct{ seed room.Seed }

func (handler) RoomType() string { return kindOfRoom }
func (handler) Authorize(context.Context, host.Session, string) (room.Grant, error) {
	return room.Grant{View: true, Edit: true}, nil
}
func (h handler) Seed(context.Context, string) (room.Seed, error) { return h.seed, nil }
func (handler) WriteBack(context.Context, store.Capture, func(context.Context, store.Meta) error) (store.Outcome, error) {
	return store.Outcome{}, nil
}

// rooms are those of a manager whose journal commits the first edit and then no
// more, because when it does depends on the clock. Nobody stops them: the
// process ends.
type rooms struct {
	*room.Manager
	journal *store.Journal
}

func newRooms(ctx context.Context, o room.Options) (*rooms, error) {
	seeded, err := markdown.Seed(body(12), markdown.SeedOptions{ClientID: seeder})
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.DiscardHandler)
	s := mem.New()
	j := store.NewJournal(s, store.JournalOptions{Logger: logger, CommitInterval: 24 * time.Hour})
	k := store.NewKeeper(s, store.KeeperOptions{Logger: logger, Interval: -1, MaxUpdates: -1})
	m, err := room.NewManager(room.Deps{Store: s, Journal: j, Keeper: k, Logger: logger,
		Handlers: []room.Handler{handler{room.Seed{State: seeded.Update, Meta: store.Meta{Lineage: "counted"}}}}}, o)
	if err != nil {
		return nil, err
	}
	if err := j.Start(ctx); err != nil {
		return nil, err
	}
	return &rooms{m, j}, k.Start(ctx)
}

// join puts a member into the room, who asks for the document as a newcomer
// does.
func join(ctx context.Context, m *rooms) (*roomtest.Sink, *room.Room, error) {
	s := roomtest.NewSink(room.MemberOptions{ID: "client_1", User: host.User{ID: 1}, Grant: room.Grant{View: true, Edit: true}})
	if err := m.Join(ctx, kindOfRoom, "x", s.Member); err != nil {
		return nil, nil, err
	}
	s.Submit(room.Step1, []byte{0})
	r, ok := m.Room(kindOfRoom + ":x")
	if !ok {
		return nil, nil, fmt.Errorf("the room is not open")
	}
	return s, r, nil
}

// begin types the first letter and waits until it is committed.
func (m *rooms) begin(ctx context.Context, writer *roomtest.Sink, r *room.Room, first []byte) error {
	writer.Submit(room.Update, first)
	for m.journal.Stats().Commits == 0 {
		pause()
	}
	return settle(ctx, r)
}

// settle waits until the room has dealt with everything that came before.
func settle(ctx context.Context, r *room.Room) error {
	_, err := r.Presence(ctx)
	return err
}

// keystroke is a letter from a socket to the queues of the readers.
func keystroke(ctx context.Context, readers, n int) (func() error, error) {
	updates, err := letters(n)
	if err != nil {
		return nil, err
	}
	m, err := newRooms(ctx, room.Options{MaxMembers: -1})
	if err != nil {
		return nil, err
	}
	writer, r, err := join(ctx, m)
	if err != nil {
		return nil, err
	}
	var last *roomtest.Sink
	for range readers {
		if last, _, err = join(ctx, m); err != nil {
			return nil, err
		}
	}
	err = m.begin(ctx, writer, r, updates[0])
	i := 0
	return func() error {
		i++
		before := last.Frames()
		writer.Submit(room.Update, updates[i])
		for last.Frames() == before {
			pause()
		}
		return ctx.Err()
	}, err
}

// comeAndGo joins, gets the document and leaves.
func comeAndGo(ctx context.Context, m *rooms) error {
	s, r, err := join(ctx, m)
	if err != nil {
		return err
	}
	if err := settle(ctx, r); err != nil {
		return err
	}
	if s.Frames() == 0 {
		return fmt.Errorf("no document came")
	}
	m.Leave(s.Member)
	return settle(ctx, r)
}

// joinPacked joins a room that nobody has touched for long; somebody is in it.
func joinPacked(ctx context.Context, _ int) (func() error, error) {
	m, err := newRooms(ctx, room.Options{})
	if err != nil {
		return nil, err
	}
	_, r, err := join(ctx, m)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return func() error {
		now = now.Add(time.Minute)
		m.Tidy(now)
		for range 8 { // its goroutine and the loop take turns; nobody says when they are done
			pause()
		}
		if err := settle(ctx, r); err != nil {
			return err
		}
		return comeAndGo(ctx, m)
	}, settle(ctx, r)
}

// joinAwake joins a room in which somebody has typed, and whose state was
// encoded for the one who joined before.
func joinAwake(ctx context.Context, _ int) (func() error, error) {
	updates, err := letters(0)
	if err != nil {
		return nil, err
	}
	m, err := newRooms(ctx, room.Options{})
	if err != nil {
		return nil, err
	}
	writer, r, err := join(ctx, m)
	if err != nil {
		return nil, err
	}
	return func() error { return comeAndGo(ctx, m) }, m.begin(ctx, writer, r, updates[0])
}

// openStored opens a room that is in the store, joins it and closes it.
func openStored(ctx context.Context, _ int) (func() error, error) {
	m, err := newRooms(ctx, room.Options{Grace: -1})
	return func() error {
		s, r, err := join(ctx, m)
		if err != nil {
			return err
		}
		if err := settle(ctx, r); err != nil {
			return err
		}
		m.Leave(s.Member)
		for m.Count() > 0 {
			pause()
		}
		return nil
	}, err
}

package room

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// mortal is a room type whose one record can be deleted.
type mortal struct {
	plain
	gone, restored atomic.Bool
}

func (p *mortal) Exists(context.Context, string) (bool, error) { return !p.gone.Load(), nil }
func (p *mortal) Restored(context.Context, string, store.Meta) (bool, error) {
	return p.restored.Load(), nil
}
func (p *mortal) WriteBack(context.Context, store.Capture, func(context.Context, store.Meta) error) (store.Outcome, error) {
	return store.Outcome{Gone: p.gone.Load()}, nil
}

type cemetery struct {
	*Manager
	t      *testing.T
	record *mortal
}

func newCemetery(t *testing.T) *cemetery {
	logger := slog.New(slog.DiscardHandler)
	h := &mortal{plain: plain{kind: "records"}}
	s, o := mem.New(), NewObserver(hooks.Discard, logger)
	j := store.NewJournal(s, store.JournalOptions{Logger: logger, CommitInterval: -1})
	k := store.NewKeeper(s, store.KeeperOptions{Logger: logger, Interval: -1, MaxUpdates: -1, Events: o})
	m, err := NewManager(Deps{Store: s, Journal: j, Keeper: k, Handlers: []Handler{h}, Logger: logger, Observer: o}, Options{Grace: -1})
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
	return &cemetery{m, t, h}
}

// typeIn writes into the room.
func (c *cemetery) typeIn() (*sink, *entry) {
	c.t.Helper()
	s := c.join(c.t, "x", 1)
	s.m.Submit(Update, newTypist(11).types(1)[0])
	settle(c.t, s.m.room)
	return s, s.m.entry
}

// leave leaves the room and waits until it is closed.
func (c *cemetery) leave(s *sink) {
	c.Leave(s.m)
	<-s.m.entry.gone
}

// open opens the room, closes it again, and returns its text.
func (c *cemetery) open() (text string) {
	c.t.Helper()
	s := c.join(c.t, "x", 1)
	check(c.t, s.m.room.do(c.t.Context(), func() { text = s.m.room.document().Text("t").String() }))
	c.leave(s)
	return text
}

func (c *cemetery) kept() (ids []string) {
	c.t.Helper()
	all, err := c.deps.Store.Rooms(c.t.Context())
	check(c.t, err)
	return slices.DeleteFunc(all, func(id string) bool { _, _, ok := ParseDeleted(id); return !ok })
}

// settled waits for what the manager does in the background.
func (c *cemetery) settled() { c.tasks.Wait() }

func TestARecordDeletedWhileItIsOpen(t *testing.T) {
	for _, back := range []bool{false, true} {
		c := newCemetery(t)
		s, e := c.typeIn()
		c.record.gone.Store(true)
		c.Deleted("records:x")
		<-e.gone
		s.mu.Lock()
		if s.closed == nil || s.closed.Code != wire.CodeForbidden {
			t.Errorf("member closed with %+v", s.closed)
		}
		s.mu.Unlock()
		if ids := c.kept(); len(ids) != 1 || !strings.HasSuffix(ids[0], ":records:x") {
			t.Fatalf("kept: %q", ids)
		}
		c.record.gone.Store(false)
		c.record.restored.Store(back)
		text := c.open()
		if fresh := text == "seed"; fresh == back {
			t.Errorf("restored %v: the room opens with %q", back, text)
		}
		if n := len(c.kept()); n == 1 == back {
			t.Errorf("restored %v: %d documents are still kept", back, n)
		}
	}
}

func TestARecordDeletedWhileItIsClosed(t *testing.T) {
	for name, deleted := range map[string]func(c *cemetery){
		"told":        func(c *cemetery) { c.Deleted("records:x") },
		"looked":      func(c *cemetery) { c.Tidy(time.Now()) },
		"last leaves": func(*cemetery) {},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCemetery(t)
			s, _ := c.typeIn()
			if name != "last leaves" {
				c.leave(s)
			}
			c.record.gone.Store(true)
			deleted(c)
			if name == "last leaves" {
				c.leave(s)
			}
			c.settled()
			if n := len(c.kept()); n != 1 {
				t.Errorf("%d documents kept", n)
			}
			c.record.gone.Store(false)
			if text := c.open(); text != "seed" {
				t.Errorf("a new record of that id opens with %q", text)
			}
			c.Tidy(time.Now().Add(KeepDeleted - time.Hour))
			c.settled()
			if n := len(c.kept()); n != 1 {
				t.Errorf("%d documents kept before their time is over", n)
			}
			c.Tidy(time.Now().Add(KeepDeleted + 12*time.Hour))
			c.settled()
			if ids := c.kept(); len(ids) != 0 {
				t.Errorf("kept for ever: %q", ids)
			}
			if text := c.open(); text != "seed" {
				t.Errorf("the new record opens with %q", text)
			}
		})
	}
}

// TestWhatExistsIsNotRetired hears of deletions that are none.
func TestWhatExistsIsNotRetired(t *testing.T) {
	c := newCemetery(t)
	s, _ := c.typeIn()
	c.leave(s)
	c.Deleted("records:x")
	c.Deleted("unknown:x")
	c.Tidy(time.Now())
	c.settled()
	if ids := c.kept(); len(ids) != 0 {
		t.Errorf("kept: %q", ids)
	}
	if text := c.open(); text == "seed" {
		t.Error("the edit is lost")
	}
}

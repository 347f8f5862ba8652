package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bus is a hook bus whose handler the test writes.
type bus struct {
	handle func(ctx context.Context, ev Event) error

	mu   sync.Mutex
	seen []string // guarded by mu; "name version" in the order of arrival
}

func (b *bus) Emit(ctx context.Context, name string, payload any) error {
	ev := payload.(Event)
	b.mu.Lock()
	b.seen = append(b.seen, fmt.Sprint(name, " ", ev.Data.(SnapshotSaved).Version))
	b.mu.Unlock()
	if b.handle == nil {
		return nil
	}
	return b.handle(ctx, ev)
}

func saved(v int64) Event { return Event{Data: SnapshotSaved{RoomID: "records:a", Version: v}} }

func startEmitter(t *testing.T, b *bus, o Options) *Emitter {
	t.Helper()
	e := NewEmitter(b, o)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func stop(t *testing.T, e *Emitter) {
	t.Helper()
	if err := e.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestEmitterKeepsTheOrder(t *testing.T) {
	b := &bus{}
	e := NewEmitter(b, Options{})
	const n = 1000
	for i := range int64(n) {
		if i == n/2 { // what was emitted before Start is not lost
			if err := e.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		e.Emit(saved(i))
	}
	stop(t, e)
	for i, got := range b.seen {
		if want := fmt.Sprint("realtime:snapshot:saved ", i); got != want {
			t.Fatalf("event %d: got %q, want %q", i, got, want)
		}
	}
	if got := e.Stats(); got.Forwarded != n || len(b.seen) != n {
		t.Fatalf("forwarded %d, seen %d, want %d", got.Forwarded, len(b.seen), n)
	}
}

func TestEmitterDropsWhenFullAndNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := &bus{handle: func(context.Context, Event) error { <-release; return nil }}
		e := startEmitter(t, b, Options{QueueSize: 3})
		e.Emit(saved(0))
		synctest.Wait() // the bus holds event 0
		for i := range int64(10) {
			e.Emit(saved(i + 1)) // 3 fit, 7 do not; a block would be a deadlock here
		}
		if got := e.Stats(); got.Dropped != 7 || got.Queued != 3 {
			t.Fatalf("got %+v, want 7 dropped and 3 queued", got)
		}
		close(release)
		stop(t, e)
		if got := e.Stats(); got.Forwarded != 4 {
			t.Fatalf("got %+v, want 4 forwarded", got)
		}
		e.Emit(saved(99))
		if got := e.Stats(); got.Dropped != 8 {
			t.Fatalf("an event after Stop: got %+v, want 8 dropped", got)
		}
	})
}

func TestEmitterOutlivesBadSubscribers(t *testing.T) {
	var log bytes.Buffer
	b := &bus{handle: func(_ context.Context, ev Event) error {
		switch ev.Data.(SnapshotSaved).Version {
		case 0:
			panic("boom")
		case 1:
			return errors.New("no")
		}
		return nil
	}}
	e := startEmitter(t, b, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for i := range int64(3) {
		e.Emit(saved(i))
	}
	stop(t, e)
	if got := e.Stats(); got.Failed != 1 || got.Panicked != 1 || got.Forwarded != 1 {
		t.Fatalf("got %+v, want one failed, one panicked and one forwarded", got)
	}
	if got := strings.Count(log.String(), "\n"); got != 1 {
		t.Fatalf("a storm of failures wrote %d log lines, want 1:\n%s", got, log.String())
	}
}

func TestEmitterGoesOnWithoutASlowSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := &bus{handle: func(_ context.Context, ev Event) error {
			if ev.Data.(SnapshotSaved).Version < 3 {
				<-release // ignores its context
			}
			return nil
		}}
		e := startEmitter(t, b, Options{Timeout: time.Second, MaxOverdue: 2})
		for i := range int64(5) {
			e.Emit(saved(i))
		}
		time.Sleep(10 * time.Second) // virtual
		synctest.Wait()
		// 0 and 1 are left behind; 2 waits for one of them, since only two may be.
		if got := e.Stats(); got.TimedOut != 3 || got.Overdue != 2 || got.Queued != 2 {
			t.Fatalf("got %+v, want 3 timed out, 2 overdue, 2 queued", got)
		}
		close(release)
		stop(t, e)
		if got := e.Stats(); got.Forwarded != 2 || got.Overdue != 0 {
			t.Fatalf("got %+v, want the other 2 forwarded", got)
		}
	})
}

func TestEmitterStopGivesUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{handle: func(ctx context.Context, _ Event) error { <-ctx.Done(); return ctx.Err() }}
		e := startEmitter(t, b, Options{Timeout: time.Hour})
		e.Emit(saved(0))
		e.Emit(saved(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := e.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the deadline", err)
		}
		synctest.Wait() // and nothing is left running: the bubble would say so
	})
}

func TestEmitterWithoutBus(t *testing.T) {
	e := NewEmitter(nil, Options{})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Emit(saved(1))
	e.Emit(Event{}) // no data: ignored
	stop(t, e)
	if got := e.Stats(); got.Forwarded != 1 {
		t.Fatalf("got %+v", got)
	}
	if err := e.Start(t.Context()); err == nil {
		t.Fatal("a second Start was accepted")
	}
	if err := NewEmitter(nil, Options{}).Stop(t.Context()); err != nil {
		t.Fatalf("Stop without Start: %v", err)
	}
}

package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
)

// slowly is a room type whose rooms take their time to be saved, or cannot be.
type slowly struct {
	plain
	take    atomic.Int64 // ns
	gate    sync.RWMutex // nobody saves while it is locked
	failing atomic.Bool
	began   atomic.Int64
}

func (s *slowly) WriteBack(ctx context.Context, _ store.Capture, _ func(context.Context, store.Meta) error) (store.Outcome, error) {
	s.began.Add(1)
	s.gate.RLock()
	defer s.gate.RUnlock()
	time.Sleep(time.Duration(s.take.Load()))
	if s.failing.Load() {
		return store.Outcome{}, errors.New("no")
	}
	return store.Outcome{}, ctx.Err()
}

// fill opens rooms with one member each, and waits until what opening starts is
// done.
func (m *Manager) fill(t testing.TB, n int) (all []*sink) {
	for i := range n {
		s := m.join(t, fmt.Sprint("r", i), 1)
		settle(t, mustRoom(t, m, fmt.Sprint("r", i)))
		all = append(all, s)
	}
	return all
}

func (m *Manager) leaveAll(all []*sink) {
	for _, s := range all {
		m.Leave(s.m)
	}
}

// A crowd that leaves at one moment costs a few goroutines, not some for each
// room: Go keeps what belongs to a goroutine for ever.
func TestRoomsThatEmptyTogetherTakeTurns(t *testing.T) {
	h := &slowly{plain: plain{kind: "records"}}
	m := newManager(t, Options{Grace: -1, MaxRooms: -1}, h)
	all := m.fill(t, 200)
	await(t, func() bool { return h.began.Load() == 200 }) // what every opening starts
	h.gate.Lock()
	open := sync.OnceFunc(h.gate.Unlock)
	defer open()
	before := runtime.NumGoroutine()
	m.leaveAll(all)
	await(t, func() bool { return h.began.Load() >= 200+store.DefaultParallel })
	await(t, func() bool { return runtime.NumGoroutine()-before <= 4*evictAtOnce })
	open()
	await(t, func() bool { return m.Count() == 0 })
}

// The time for saving a room counts from its turn, however many are before it.
func TestRoomsThatEmptyTogetherHaveTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slowly{plain: plain{kind: "records"}}
		m := newManager(t, Options{Grace: time.Minute, MaxRooms: -1}, h)
		var log bytes.Buffer
		m.logger = slog.New(slog.NewTextHandler(&log, nil))
		all := m.fill(t, 400)
		synctest.Wait()
		h.take.Store(int64(time.Second))
		m.leaveAll(all)
		time.Sleep(time.Minute + 400*time.Second/store.DefaultParallel + time.Second) // of the bubble
		synctest.Wait()
		if n := m.Count(); n > 0 || log.Len() > 0 {
			t.Errorf("%d rooms stay: %s", n, log.String())
		}
	})
}

// Those that cannot be saved stay open, are named in one line, and are tried
// again.
func TestRoomsThatCannotBeSavedStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &slowly{plain: plain{kind: "records"}}
		m := newManager(t, Options{Grace: time.Minute, MaxRooms: -1}, h)
		var log bytes.Buffer
		m.logger = slog.New(slog.NewTextHandler(&log, nil))
		all := m.fill(t, 50)
		synctest.Wait()
		h.failing.Store(true)
		m.leaveAll(all)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if n, lines := m.Count(), strings.Count(log.String(), "\n"); n != 50 || lines != 1 || !strings.Contains(log.String(), "rooms=50") {
			t.Errorf("%d rooms stay, and the log says: %s", n, log.String())
		}
		h.failing.Store(false)
		time.Sleep(retryEvict)
		synctest.Wait()
		if n := m.Count(); n != 0 {
			t.Errorf("%d rooms are not tried again", n)
		}
	})
}

// Who comes back within the grace period finds the room; it begins anew when
// they leave, and a room waits once, however often that happens.
func TestGraceBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, Options{Grace: time.Minute})
		for range 5 {
			m.Leave(m.join(t, "x", 1).m)
			time.Sleep(40 * time.Second)
		}
		synctest.Wait()
		if m.Count() != 1 || len(m.graces.waiting) != 1 {
			t.Errorf("%d rooms, %d wait", m.Count(), len(m.graces.waiting))
		}
		s := m.join(t, "x", 1)
		time.Sleep(time.Hour)
		if m.Count() != 1 || len(m.graces.waiting) != 0 {
			t.Errorf("%d rooms with somebody in it, %d wait", m.Count(), len(m.graces.waiting))
		}
		m.Leave(s.m)
		time.Sleep(time.Minute)
		synctest.Wait()
		if m.Count() != 0 {
			t.Error("the room stays")
		}
	})
}

// await waits for something that other goroutines do.
func await(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

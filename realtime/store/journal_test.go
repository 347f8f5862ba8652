package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

var quiet = slog.New(slog.DiscardHandler)

// flaky is a memory store whose Append fails or takes time when told to.
type flaky struct {
	*mem.Store
	mu      sync.Mutex
	err     error
	took    time.Duration
	appends []time.Time
	batches []int
}

func (f *flaky) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *flaky) Append(ctx context.Context, entries []store.Entry) error {
	f.mu.Lock()
	err, took := f.err, f.took
	f.appends = append(f.appends, time.Now())
	f.batches = append(f.batches, len(entries))
	f.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil {
		var re *store.RoomError
		if errors.As(err, &re) {
			for _, e := range entries {
				if e.Room == re.Room {
					return err
				}
			}
			return f.Store.Append(ctx, entries)
		}
		return err
	}
	return f.Store.Append(ctx, entries)
}

// ear is a Listener that remembers.
type ear struct {
	mu        sync.Mutex
	durable   uint64
	at        time.Time
	failing   []error
	recovered int
}

func (l *ear) Durable(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n <= l.durable {
		panic(fmt.Sprintf("durable went from %d to %d", l.durable, n))
	}
	l.durable, l.at = n, time.Now()
}

func (l *ear) Failing(err error, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = append(l.failing, err)
}

func (l *ear) Recovered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recovered++
}

func (l *ear) heard() (durable uint64, failing, recovered int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable, len(l.failing), l.recovered
}

func entry(seq uint64) store.Entry {
	return store.Entry{Seq: seq, Update: fmt.Appendf(nil, "update %d", seq)}
}

func startJournal(t *testing.T, s store.Store, o store.JournalOptions) *store.Journal {
	t.Helper()
	o.Logger = quiet
	j := store.NewJournal(s, o)
	if err := j.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return j
}

func mustAppend(t *testing.T, l *store.Log, seqs ...uint64) {
	t.Helper()
	for _, seq := range seqs {
		if err := l.Append(entry(seq)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalDurableWithinInterval checks the promise on time: whatever the
// moment of arrival, an entry is durable one interval later, and no more than
// one commit starts in an interval.
func TestJournalDurableWithinInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: mem.New(), took: 3 * time.Millisecond}
		j := startJournal(t, s, store.JournalOptions{})
		ears := map[string]*ear{}
		logs := map[string]*store.Log{}
		for _, room := range []string{"a", "b", "c"} {
			ears[room] = &ear{}
			logs[room] = j.Open(room, 0, ears[room])
		}
		const edits = 400
		var worst time.Duration
		for i := range edits {
			room := string(rune('a' + i%3))
			seq := uint64(i/3 + 1)
			mustAppend(t, logs[room], seq)
			began := time.Now()
			if i%7 == 0 { // follow this one
				if err := logs[room].Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				worst = max(worst, time.Since(began))
			}
			time.Sleep(time.Duration(i%5) * time.Millisecond)
		}
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		// The smoothed duration has to be learnt first; 3 ms is that slack.
		if limit := store.DefaultCommitInterval + 3*time.Millisecond; worst > limit {
			t.Errorf("slowest entry was durable after %v, want at most %v", worst, limit)
		}
		for i := 1; i < len(s.appends); i++ {
			if gap := s.appends[i].Sub(s.appends[i-1]); gap < store.DefaultCommitInterval-2*s.took-time.Millisecond && i < len(s.appends)-1 {
				t.Errorf("commits %d and %d are %v apart", i-1, i, gap)
			}
		}
		for room, e := range ears {
			l, err := s.Load(t.Context(), room)
			if !errors.Is(err, store.ErrNoRoom) {
				t.Fatal(l, err)
			}
			if d, f, _ := e.heard(); d < edits/3 || f > 0 {
				t.Errorf("room %s heard durable %d, %d failures", room, d, f)
			}
		}
	})
}

func TestJournalFirstAfterPauseStartsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: mem.New()}
		j := startJournal(t, s, store.JournalOptions{})
		e := &ear{}
		l := j.Open("a", 6, e)
		time.Sleep(time.Second)
		began := time.Now()
		mustAppend(t, l, 7)
		synctest.Wait()
		if d, _, _ := e.heard(); d != 7 || !e.at.Equal(began) {
			t.Errorf("durable %d at +%v, want 7 at once", d, e.at.Sub(began))
		}
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestJournalFailingDisk checks that a failing disk loses nothing, promises
// nothing, tells each room once, and refuses beyond the memory bound.
func TestJournalFailingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: mem.New()}
		for _, room := range []string{"a", "b"} {
			if err := s.Create(t.Context(), room, store.Meta{}, store.Snapshot{}); err != nil {
				t.Fatal(err)
			}
		}
		j := startJournal(t, s, store.JournalOptions{MaxPending: 4096})
		ea, eb := &ear{}, &ear{}
		a, b := j.Open("a", 0, ea), j.Open("b", 0, eb)
		mustAppend(t, a, 1)
		synctest.Wait()

		full := errors.New("no space left on device")
		s.set(full)
		mustAppend(t, a, 2)
		time.Sleep(time.Second)
		mustAppend(t, b, 1) // told although it came while the journal waits
		synctest.Wait()
		time.Sleep(time.Minute)
		if d, f, r := ea.heard(); d != 1 || f != 1 || r != 0 {
			t.Errorf("room a: durable %d, failing %d, recovered %d; want 1, 1, 0", d, f, r)
		}
		if d, f, _ := eb.heard(); d != 0 || f != 1 {
			t.Errorf("room b: durable %d, failing %d; want 0, 1", d, f)
		}
		if h := j.Health(); h.Status != host.Degraded || len(h.Reasons) != 1 {
			t.Errorf("health %v %v, want degraded with a reason", h.Status, h.Reasons)
		}
		var seq uint64 = 2
		for a.CanAppend(10) == nil {
			seq++
			mustAppend(t, a, seq)
		}
		if err := a.Append(entry(seq + 1)); !errors.Is(err, store.ErrJournalFull) {
			t.Errorf("append beyond the bound: %v, want ErrJournalFull", err)
		}
		if h := j.Health(); h.Status != host.Unhealthy {
			t.Errorf("health %v, want unhealthy", h.Status)
		}

		s.set(nil)
		time.Sleep(2 * store.DefaultMaxBackoff)
		if d, f, r := ea.heard(); d != seq || f != 1 || r != 1 {
			t.Errorf("room a: durable %d, failing %d, recovered %d; want %d, 1, 1", d, f, r, seq)
		}
		mustAppend(t, a, seq+1) // the refused one was not counted
		if h := j.Health(); h.Status != host.Healthy {
			t.Errorf("health %v %v, want healthy", h.Status, h.Reasons)
		}
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		loaded, err := s.Load(t.Context(), "a")
		if err != nil || loaded.LastSeq() != seq+1 {
			t.Errorf("stored through %d, %v; want %d", loaded.LastSeq(), err, seq+1)
		}
	})
}

func TestJournalHangingStoreCountsAsFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: mem.New(), took: time.Hour}
		j := startJournal(t, s, store.JournalOptions{AppendTimeout: time.Second})
		e := &ear{}
		mustAppend(t, j.Open("a", 0, e), 1)
		time.Sleep(900 * time.Millisecond) // the store has it in its hands
		if lag := j.Stats().Lag; lag != 900*time.Millisecond {
			t.Errorf("lag %v while the store hangs, want 900 ms", lag)
		}
		time.Sleep(1100 * time.Millisecond)
		if _, f, _ := e.heard(); f != 1 {
			t.Errorf("told failing %d times, want once", f)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := j.Stop(ctx); err == nil {
			t.Error("Stop with entries that were not written returned no error")
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("Stop took %v beyond its context", d)
		}
	})
}

// TestJournalGivesOneRoomUp checks that a room whose entries cannot be stored
// does not hold up the others.
func TestJournalGivesOneRoomUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: mem.New()}
		s.set(&store.RoomError{Room: "a", Err: store.ErrSeqTaken})
		j := startJournal(t, s, store.JournalOptions{})
		ea, eb := &ear{}, &ear{}
		a, b := j.Open("a", 0, ea), j.Open("b", 0, eb)
		mustAppend(t, a, 1, 2)
		mustAppend(t, b, 1)
		synctest.Wait()
		if d, f, _ := ea.heard(); d != 0 || f != 1 || !errors.Is(ea.failing[0], store.ErrSeqTaken) {
			t.Errorf("room a: durable %d, failing %v", d, ea.failing)
		}
		if d, f, _ := eb.heard(); d != 1 || f != 0 {
			t.Errorf("room b: durable %d, failing %d; want 1, 0", d, f)
		}
		if err := a.Append(entry(3)); !errors.Is(err, store.ErrSeqTaken) {
			t.Errorf("append to a broken log: %v", err)
		}
		if err := a.Flush(t.Context()); !errors.Is(err, store.ErrSeqTaken) {
			t.Errorf("flush of a broken log: %v", err)
		}
		if st := j.Stats(); st.Pending != 0 || st.PendingBytes != 0 {
			t.Errorf("pending %d entries, %d bytes; want none", st.Pending, st.PendingBytes)
		}
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLogRefusesGapsAndUseAfterClose(t *testing.T) {
	j := startJournal(t, mem.New(), store.JournalOptions{CommitInterval: -1})
	l := j.Open("a", 4, &ear{})
	if err := l.Append(entry(6)); err == nil {
		t.Error("entry 6 after 4 was taken")
	}
	mustAppend(t, l, 5)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.Durable() != 5 {
		t.Errorf("durable %d, want 5", l.Durable())
	}
	l.Close()
	if err := l.Append(entry(6)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
	l = j.Open("b", 0, &ear{})
	mustAppend(t, l, 1, 2, 3)
	if err := j.Stop(t.Context()); err != nil { // flushes
		t.Fatal(err)
	}
	if l.Durable() != 3 {
		t.Errorf("durable %d after Stop, want 3", l.Durable())
	}
	if err := l.Append(entry(4)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("append after Stop: %v", err)
	}
}

func TestLogAppendAllocates(t *testing.T) {
	j := store.NewJournal(mem.New(), store.JournalOptions{Logger: quiet, MaxPending: 1 << 30})
	l := j.Open("a", 0, &ear{})
	seq := uint64(0)
	update := []byte("x")
	n := testing.AllocsPerRun(1000, func() {
		seq++
		if err := l.Append(store.Entry{Seq: seq, Update: update}); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 { // growing the queue is amortised
		t.Errorf("Append allocates %v times", n)
	}
}

// An error about a room that has nothing to be written is one like any other:
// everything is tried again, once.
func TestJournalIsNotConfusedByAStrangeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &confused{Store: mem.New()}
		j := startJournal(t, s, store.JournalOptions{})
		l := j.Open("a", 0, &ear{})
		mustAppend(t, l, 1, 2)
		if err := l.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if st := j.Stats(); st.Pending != 0 || st.PendingBytes != 0 || st.Entries != 2 || st.Failures != 1 {
			t.Errorf("pending %d entries, %d bytes, written %d, failures %d; want 0, 0, 2, 1", st.Pending, st.PendingBytes, st.Entries, st.Failures)
		}
		if err := j.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// confused names a strange room the first time.
type confused struct {
	store.Store
	once sync.Once
}

func (s *confused) Append(ctx context.Context, entries []store.Entry) (err error) {
	s.once.Do(func() { err = &store.RoomError{Room: "elsewhere", Err: store.ErrSeqTaken} })
	if err != nil {
		return err
	}
	return s.Store.Append(ctx, entries)
}

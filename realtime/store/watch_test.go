package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
)

// slowTarget takes its time, and obeys the context at the end.
type slowTarget struct {
	take time.Duration
	good atomic.Int32
}

func (s *slowTarget) WriteBack(ctx context.Context, _ store.Capture, _ func(context.Context, store.Meta) error) (store.Outcome, error) {
	time.Sleep(s.take)
	if ctx.Err() == nil {
		s.good.Add(1)
	}
	return store.Outcome{}, ctx.Err()
}

// The time that a run may take counts from its turn: rooms that were due
// together do not run out of it while they wait for each other.
func TestRunsHaveTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := store.NewKeeper(mem.New(), store.KeeperOptions{Logger: quiet, Interval: -1, Parallel: 1, RunTimeout: time.Minute})
		if err := k.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		slow := &slowTarget{take: 50 * time.Second}
		var watches []*store.Watch
		for _, id := range []string{"records:a", "records:b", "records:c"} {
			w := k.Watch(&doc{id: id}, slow, store.Snapshot{}, 0)
			w.CheckOutside()
			watches = append(watches, w)
		}
		time.Sleep(3*slow.take + time.Second)
		synctest.Wait()
		if slow.good.Load() != 3 || k.Stats().Failures != 0 {
			t.Errorf("%d of 3 runs had their time: %v", slow.good.Load(), k.Stats().Failing)
		}
		for _, w := range watches {
			if err := w.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := k.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

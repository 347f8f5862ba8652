package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/fs"
	"github.com/civicpress/realtimefx/realtime/store/sqlite"
)

// timer is a Listener that measures from Append to Durable.
type timer struct {
	mu    sync.Mutex
	sent  map[uint64]time.Time
	delay []time.Duration
}

func (t *timer) Durable(through uint64) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for seq, at := range t.sent {
		if seq <= through {
			t.delay = append(t.delay, now.Sub(at))
			delete(t.sent, seq)
		}
	}
}
func (t *timer) Failing(err error, _ time.Time) { panic(err) }
func (t *timer) Recovered()                     {}

// BenchmarkDurableAck offers 1 000 edits a second over 50 rooms and reports how
// long each waits until it is on the disk.
func BenchmarkDurableAck(b *testing.B) {
	stores := map[string]func(dir string) (store.Store, error){
		"sqlite": func(dir string) (store.Store, error) {
			return sqlite.Open(context.Background(), sqlite.Options{Core: filepath.Join(dir, "civic.db"), Logger: quiet})
		},
		"files": func(dir string) (store.Store, error) {
			return fs.Open(context.Background(), fs.Options{Dir: dir, Logger: quiet})
		},
	}
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			s, err := open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			j := store.NewJournal(s, store.JournalOptions{Logger: quiet})
			if err := j.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			const rooms = 50
			logs, timers, seqs := make([]*store.Log, rooms), make([]*timer, rooms), make([]uint64, rooms)
			for i := range logs {
				timers[i] = &timer{sent: map[uint64]time.Time{}}
				logs[i] = j.Open(fmt.Sprint("records:", i), 0, timers[i])
			}
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			n := 0
			for b.Loop() { // one edit a millisecond
				<-tick.C
				i := n % rooms
				n++
				seqs[i]++
				timers[i].mu.Lock()
				timers[i].sent[seqs[i]] = time.Now()
				timers[i].mu.Unlock()
				if err := logs[i].Append(store.Entry{Seq: seqs[i], Update: make([]byte, 40), Author: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if err := j.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
			var all []time.Duration
			for _, t := range timers {
				all = append(all, t.delay...)
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(j.Stats().Commits)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

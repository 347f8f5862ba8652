package realtime

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/realtime/room"
)

var connects = flag.Int("connects", 10_000, "random connects and drops in the leak test; with -short at most 600")

// Whatever way sockets come and go, at the end every limit is free, every
// session, room and goroutine gone.
func TestRandomConnectsAndDropsLeakNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newStand(t, standOptions{server: Options{ConnectRate: -1, ConnectionsPerIP: 60, ConnectionsPerUser: 20, MaxPending: 40}})
	before := runtime.NumGoroutine()
	n := *connects
	if testing.Short() {
		n = min(n, 600)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			for range n / 8 {
				s.drop(rnd)
			}
		})
	}
	wg.Wait()
	s.settled(0)
	if ips, users := s.server.limits.Counts(); ips != 0 || users != 0 {
		t.Errorf("limits still hold %d addresses and %d users", ips, users)
	}
	s.poll("rooms without members", func() bool { // a room hears of a leave in its own time
		return !slices.ContainsFunc(s.rooms.Rooms(), func(r *room.Room) bool { return r.Info().Clients != 0 })
	})
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+4 { // refused sockets may still wait for their close
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.poll("no admission is counted", func() bool { return len(s.server.door) == 0 })
}

// drop connects in one of many ways and goes away in another.
func (s *stand) drop(rnd *rand.Rand) {
	d := dial{user: 1 + rnd.Int64N(4), room: fmt.Sprintf("r%d", rnd.IntN(8)), v1: rnd.IntN(2) == 0, quiet: rnd.IntN(2) == 0}
	if rnd.IntN(10) == 0 {
		d.token, d.user = fmt.Sprintf("bad%d", rnd.Uint64()), 0 // each its own offender: not slowed down
	}
	if rnd.IntN(10) == 0 {
		d.room = "nope"
	}
	c, err := s.tryDial(d)
	if err != nil {
		return // the door was full
	}
	switch rnd.IntN(5) {
	case 0:
	case 1:
		select {
		case <-c.synced:
		case <-c.done:
		case <-time.After(50 * time.Millisecond):
		}
	case 2:
		_ = c.write([]byte{0, 2, 2, 0, 0})
	case 3:
		s.host.Revoke(1+rnd.Int64N(4), "leak test")
	case 4:
		_ = c.ws.Close(1000, "")
	}
	_ = c.ws.CloseNow()
	<-c.done
}

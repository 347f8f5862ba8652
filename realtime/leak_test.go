package realtime

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

var connects = flag.Int("connects", 600, "random connects and drops in the leak test (10000 for the long run)")

// Whatever way sockets come and go, at the end every limit is free, every
// session, room and goroutine gone.
func TestRandomConnectsAndDropsLeakNothing(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newStand(t, standOptions{server: Options{ConnectionsPerIP: 60, ConnectionsPerUser: 20, MaxPending: 40}})
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			for range *connects / 8 {
				s.drop(rnd)
			}
		})
	}
	wg.Wait()
	s.settled(0)
	if ips, users := s.server.limits.Counts(); ips != 0 || users != 0 {
		t.Errorf("limits still hold %d addresses and %d users", ips, users)
	}
	for _, r := range s.rooms.Rooms() {
		if n := r.Info().Clients; n != 0 {
			t.Errorf("room %s holds %d members", r.RoomID(), n)
		}
	}
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+4 { // refused sockets may still wait for their close
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(s.server.door) != 0 {
		t.Errorf("%d admissions are still counted", len(s.server.door))
	}
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

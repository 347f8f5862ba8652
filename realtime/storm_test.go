package realtime

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Thousands of connects as fast as they can be made, by peers that speak
// nonsense, half a request, or leave in the middle: another room goes on
// editing, and then nothing is left of them.
func TestConnectStormLeavesNothing(t *testing.T) {
	const connects = 3000
	s := newStand(t, standOptions{server: Options{ConnectionsPerIP: -1, ConnectionsPerUser: -1, MaxPending: 64, UpgradeTimeout: time.Second}})
	addr := s.server.Addr().String()
	a, b := s.dial(dial{user: 1, room: "r2"}).sync(), s.dial(dial{user: 2, room: "r2"}).sync()
	a.untilText("seed")
	before, heap := runtime.NumGoroutine(), liveHeap()
	good := s.host.Login(4, 0)
	upgrade := func(path, token string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: auth." + token + "\r\n\r\n"
	}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range connects / 16 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					continue // no more ports: the attacker's problem
				}
				switch i % 8 {
				case 0: // says nothing
				case 1:
					_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") // TLS
				case 2:
					_, _ = io.WriteString(c, "GET /realtime/records/r1 HTT")
				case 3:
					_, _ = io.WriteString(c, upgrade("/realtime/records/r1", fmt.Sprintf("bad%d-%d", w, i)))
				case 4:
					_, _ = io.WriteString(c, upgrade("/realtime/records/r1", good))
				case 5:
					_, _ = io.WriteString(c, upgrade("/realtime/records/r1", good)+string(masked(0xc2, []byte{0, 2, 2, 0, 0})))
				case 6:
					_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10))
				case 7:
					_, _ = io.WriteString(c, upgrade("/realtime/records/r1", good)+string(masked(0x82, []byte{0, 0, 1, 0})))
					_, _ = io.ReadFull(c, make([]byte, 64))
				}
				if i%3 == 0 {
					_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
				}
				_ = c.Close()
			}
		})
	}
	for i := range 50 { // meanwhile, in another room
		a.insert(0, "x")
		b.untilText(strings.Repeat("x", i+1) + "seed")
	}
	wg.Wait()
	s.settled(2)
	deadline := time.Now().Add(3 * patience)
	for runtime.NumGoroutine() > before+4 || liveHeap() > heap+8<<20 {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before; %d KB of heap, %d before", runtime.NumGoroutine(), before, liveHeap()>>10, heap>>10)
		}
		time.Sleep(10 * time.Millisecond) // polling what has no event
	}
	if ips, users := s.server.limits.Counts(); ips != 1 || users != 2 {
		t.Errorf("limits hold %d addresses and %d users, want those of the two that are there", ips, users)
	}
	s.dial(dial{user: 4, room: "r1"}).sync().untilText("seed")
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A compressed frame is refused before anything is unpacked: the server agrees
// to no compression, whatever the client offers.
func TestCompressedFramesAreRefused(t *testing.T) {
	s := newStand(t, standOptions{})
	raw, br := s.rawDial(1, "r1")
	_, err := raw.Write(masked(0xc2, []byte(strings.Repeat("\x00", 1000))))
	must(t, err)
	for {
		op, payload, err := readFrame(br)
		must(t, err)
		if op == 8 {
			if code := int(payload[0])<<8 | int(payload[1]); code != 1002 {
				t.Errorf("closed with %d, want 1002", code)
			}
			break
		}
	}
	s.settled(0)
	s.dial(dial{user: 1}).sync().untilText("seed")
}

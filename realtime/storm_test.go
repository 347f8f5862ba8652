package realtime

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// attack is what one connect of a storm sends. hold says that the peer stays
// without a word until all is over.
type attack struct {
	text string
	hold bool
	read int // bytes of the answer that the peer waits for
}

// storm makes connects as fast as it can, by peers that speak nonsense, half a
// request, may not come in, or leave in the middle. It returns how many there
// were, and how many were held.
func (s *stand) storm(connects int) (made, held int) {
	addr := s.server.Addr().String()
	good, nobody := s.host.Login(4, 0), s.host.Login(3, 0)
	upgrade := func(path, token, more string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + more + "Sec-WebSocket-Protocol: auth." + token + "\r\n\r\n"
	}
	attacks := []func(n int) attack{
		func(int) attack { return attack{} },                                                        // says nothing
		func(int) attack { return attack{text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} },    // TLS
		func(n int) attack { return attack{text: "GET /realtime/records/r1 HTT", hold: n%16 == 2} }, // slowloris
		func(n int) attack {
			return attack{text: upgrade("/realtime/records/r1", fmt.Sprintf("bad-%d", n), ""), read: 12}
		},
		func(int) attack { return attack{text: upgrade("/realtime/records/r1", good, ""), read: 12} }, // over the limit of a user, mostly
		func(int) attack {
			return attack{text: upgrade("/realtime/records/r1", good, "") + string(masked(0xc2, []byte{0, 2, 2, 0, 0}))}
		},
		func(int) attack {
			return attack{text: "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10)}
		},
		func(int) attack {
			return attack{text: upgrade("/realtime/records/r1", good, "") + string(masked(0x82, []byte{0, 0, 1, 0})), read: 64}
		},
		func(int) attack {
			return attack{text: upgrade("/realtime/records/r1", good, "Origin: https://evil.example\r\n"), read: 12}
		},
		func(int) attack { // no token
			return attack{text: strings.Replace(upgrade("/realtime/records/r1", "", ""), "Sec-WebSocket-Protocol: auth.\r\n", "", 1), read: 12}
		},
		func(int) attack { return attack{text: upgrade("/realtime/records/nowhere", nobody, ""), read: 12} },
		func(n int) attack { return attack{text: upgrade("/realtime/records/r1", good, ""), hold: n%32 == 11} }, // half-open
	}
	var wg, silent sync.WaitGroup
	var count, waiting atomic.Int64
	over := make(chan struct{})
	for w := range 16 {
		wg.Go(func() {
			buf := make([]byte, 64)
			for i := range connects / 16 {
				n := i*16 + w
				c, err := net.Dial("tcp", addr)
				if err != nil {
					continue // no more ports: the attacker's problem
				}
				count.Add(1)
				a := attacks[n%len(attacks)](n)
				_, _ = io.WriteString(c, a.text)
				if a.hold {
					waiting.Add(1)
					silent.Go(func() { <-over; _ = c.Close() })
					continue
				}
				if a.read > 0 {
					_ = c.SetReadDeadline(time.Now().Add(patience))
					_, _ = io.ReadFull(c, buf[:a.read])
				}
				if n%3 != 0 {
					_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
				}
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	close(over)
	silent.Wait()
	return int(count.Load()), int(waiting.Load())
}

// pair are two who edit together, and how long each edit took from one to the
// other.
type pair struct {
	a, b *client
	n    int
	took []time.Duration
}

func (p *pair) edit() {
	began := time.Now()
	p.n++
	p.a.insert(0, "x")
	p.b.until("an edit", func() bool { return p.b.doc.Text("t").Len() == p.n+len("seed") })
	p.took = append(p.took, time.Since(began))
}

func (p *pair) quantile(q float64) time.Duration {
	d := slices.Sorted(slices.Values(p.took))
	return d[int(float64(len(d)-1)*q)].Round(10 * time.Microsecond)
}

// Ten thousand connects as fast as they can be made, while two people edit in
// another room: every edit arrives, and then nothing is left of the storm.
func TestConnectStormLeavesNothing(t *testing.T) {
	connects := 10_000
	if testing.Short() {
		connects = 3000
	}
	s := newStand(t, standOptions{server: Options{ConnectRate: -1, ConnectionsPerIP: -1, ConnectionsPerUser: 20, MaxPending: 64, UpgradeTimeout: time.Second}})
	calm := &pair{a: s.dial(dial{user: 1, room: "r2"}).sync(), b: s.dial(dial{user: 2, room: "r2"}).sync()}
	calm.b.untilText("seed")
	s.storm(64) // what is made once
	s.settled(2)
	before, heap, files := runtime.NumGoroutine(), liveHeap(), openFiles()
	for range 300 {
		calm.edit()
	}
	rough := &pair{a: calm.a, b: calm.b, n: calm.n}
	over := make(chan struct{})
	began := time.Now()
	var made, held int
	go func() {
		defer close(over)
		made, held = s.storm(connects)
	}()
	for busy := true; busy; {
		select {
		case <-over:
			busy = false
		default:
			rough.edit()
		}
	}
	took := time.Since(began)
	ratio := func(q float64) float64 { return float64(rough.quantile(q)) / float64(calm.quantile(q)) }
	t.Logf("%d connects, %d of them held, %.0f a second; from one to the other p50 %v, p99 %v of %d edits; without the storm p50 %v, p99 %v: %.1f and %.1f times",
		made, held, float64(made)/took.Seconds(), rough.quantile(0.5), rough.quantile(0.99), len(rough.took), calm.quantile(0.5), calm.quantile(0.99), ratio(0.5), ratio(0.99))
	if made < connects*9/10 || len(rough.took) < 10 {
		t.Errorf("%d connects and %d edits: the storm was none", made, len(rough.took))
	}
	s.settled(2)
	deadline := time.Now().Add(3 * patience)
	for runtime.NumGoroutine() > before+4 || liveHeap() > heap+8<<20 || openFiles() > files {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before; %d KB of heap, %d before; %d open files, %d before",
				runtime.NumGoroutine(), before, liveHeap()>>10, heap>>10, openFiles(), files)
		}
		time.Sleep(10 * time.Millisecond) // polling what has no event
	}
	if ips, users := s.server.limits.Counts(); ips != 1 || users != 2 {
		t.Errorf("limits hold %d addresses and %d users, want those of the two that are there", ips, users)
	}
	m := s.figures()
	for _, refused := range []string{`auth_failures_total{reason="bad_session"}`, `auth_failures_total{reason="no_token"}`, "origins_refused_total", "limits_reached_total"} {
		if !regexp.MustCompile(regexp.QuoteMeta("civicpress_realtime_"+refused) + " [1-9]").MatchString(m) {
			t.Errorf("nobody was refused for %s", refused)
		}
	}
	s.dial(dial{user: 4, room: "r1"}).sync().untilText("seed")
}

// openFiles is how many file descriptors the process has, 0 where the system
// does not tell.
func openFiles() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
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
	raw, br := s.rawDialWith(1, "r1", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
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

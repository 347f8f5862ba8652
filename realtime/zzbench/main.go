package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/host"
	"github.com/civicpress/realtimefx/host/memhost"
	"github.com/civicpress/realtimefx/realtime"
	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

type rooms struct{ h *memhost.Host }

func (rooms) RoomType() string { return "records" }
func (r rooms) Authorize(ctx context.Context, s host.Session, id string) (room.Grant, error) {
	return room.Grant{View: true, Edit: true}, nil
}
func (r rooms) Seed(ctx context.Context, id string) (room.Seed, error) {
	d := yjs.NewDoc(yjs.Options{ClientID: 4242})
	d.Transact(nil, func(tx *yjs.Transaction) error {
		return d.Text("t").Insert(tx, 0, strings.Repeat("seed ", seedKB*205), nil)
	})
	st, err := d.EncodeStateAsUpdate(nil)
	return room.Seed{State: st, Meta: store.Meta{Lineage: "L"}}, err
}
func (rooms) WriteBack(context.Context, store.Capture, func(context.Context, store.Meta) error) (store.Outcome, error) {
	return store.Outcome{}, nil
}

var seedKB = 2

func server(prof string) {
	h := memhost.New()
	h.AddUser(host.User{ID: 1, Username: "a", Role: "clerk"})
	s := mem.New()
	lg := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	j := store.NewJournal(s, store.JournalOptions{Logger: lg})
	k := store.NewKeeper(s, store.KeeperOptions{Logger: lg})
	m, err := room.NewManager(room.Deps{Store: s, Journal: j, Keeper: k, Handlers: []room.Handler{rooms{h}}, Logger: lg}, room.Options{MaxRooms: -1, MaxMembers: -1})
	check(err)
	srv, err := realtime.New(realtime.Deps{Auth: h, Rooms: m, Logger: lg}, realtime.Options{Addr: "127.0.0.1:0", MessagesPerSecond: -1, ConnectionsPerIP: -1, ConnectionsPerUser: -1})
	check(err)
	check(j.Start(context.Background()))
	check(k.Start(context.Background()))
	check(srv.Start(context.Background()))
	fmt.Println(srv.Addr(), h.Login(1, 0))
	if prof != "" {
		f, _ := os.Create(prof)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	c := make(chan os.Signal, 2)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGUSR1)
	for sig := range c {
		if sig == syscall.SIGTERM {
			break
		}
		runtime.GC()
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		fmt.Println("heap", ms.HeapAlloc, "stack", ms.StackInuse, "sys", ms.Sys, "goroutines", runtime.NumGoroutine())
		if prof != "" {
			f, _ := os.Create(prof + ".heap")
			pprof.WriteHeapProfile(f)
			f.Close()
		}
	}
	fmt.Println(*m.Meter())
}

// relay: one write a drain, holds nothing.
type rconn struct {
	mu    sync.Mutex
	buf   []byte
	spare []byte
	busy  bool
	nc    net.Conn
	wake  chan struct{}
}

func relay(prof string) {
	var mu sync.Mutex
	byRoom := map[string][]*rconn{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr(), "tok")
	if prof != "" {
		f, _ := os.Create(prof)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hj := w.(http.Hijacker)
		_ = hj
		wr := &hw{ResponseWriter: w}
		ws, err := websocket.Accept(wr, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{"auth.tok"}})
		if err != nil {
			return
		}
		ws.SetReadLimit(-1)
		nc := wr.nc
		c := &rconn{nc: nc, wake: make(chan struct{}, 1)}
		mu.Lock()
		byRoom[r.URL.Path] = append(byRoom[r.URL.Path], c)
		mu.Unlock()
		go func() {
			for range c.wake {
				c.mu.Lock()
				b := c.buf
				c.buf = c.spare[:0]
				c.mu.Unlock()
				if len(b) > 0 {
					nc.Write(b)
				}
				c.spare = b
			}
		}()
		push := func(o *rconn, hdr []byte, p []byte) {
			o.mu.Lock()
			o.buf = append(append(o.buf, hdr...), p...)
			o.mu.Unlock()
			select {
			case o.wake <- struct{}{}:
			default:
			}
		}
		buf := make([]byte, 0, 4096)
		for {
			_, rd, err := ws.Reader(context.Background())
			if err != nil {
				return
			}
			buf = buf[:0]
			for {
				n, err := rd.Read(buf[len(buf):cap(buf)])
				buf = buf[:len(buf)+n]
				if err == io.EOF {
					break
				}
				if err != nil {
					return
				}
			}
			if len(buf) > 1 && buf[0] == 0 && buf[1] == 0 {
				push(c, []byte{0x82, 5}, []byte{0, 1, 2, 0, 0})
				continue
			}
			hdr := []byte{0x82, byte(len(buf))}
			if len(buf) > 125 {
				hdr = []byte{0x82, 126, byte(len(buf) >> 8), byte(len(buf))}
			}
			mu.Lock()
			list := byRoom[r.URL.Path]
			mu.Unlock()
			for _, o := range list {
				if o != c {
					push(o, hdr, buf)
				}
			}
		}
	}))
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	<-c
}

type hw struct {
	http.ResponseWriter
	nc net.Conn
}

func (h *hw) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.nc = nc
	return nc, rw, err
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func cpu(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	check(err)
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	u, _ := strconv.Atoi(f[11])
	s, _ := strconv.Atoi(f[12])
	return time.Duration(u+s) * 10 * time.Millisecond
}

func rss(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "VmRSS:") {
			n, _ := strconv.Atoi(strings.Fields(l)[1])
			return n
		}
	}
	return 0
}

// edits makes n single character inserts at the end by one client
func edits(id uint64, n int) [][]byte {
	d := yjs.NewDoc(yjs.Options{ClientID: id})
	var list [][]byte
	d.OnUpdate(func(u []byte, _ any, _ *yjs.Transaction) {
		list = append(list, mask(protocol.AppendUpdate(nil, u)))
	})
	for i := range n {
		d.Transact(nil, func(tx *yjs.Transaction) error { return d.Text("t").Insert(tx, i, string(rune('a'+i%26)), nil) })
	}
	return list
}

func mask(p []byte) []byte {
	b := []byte{0x82}
	if len(p) < 126 {
		b = append(b, 0x80|byte(len(p)))
	} else {
		b = append(b, 0x80|126, byte(len(p)>>8), byte(len(p)))
	}
	return append(append(b, 0, 0, 0, 0), p...)
}

func dial(addr, tok, rm string) (net.Conn, *bufio.Reader) {
	c, err := net.Dial("tcp", addr)
	check(err)
	fmt.Fprintf(c, "GET /realtime/records/%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: auth.%s\r\n\r\n", rm, tok)
	br := bufio.NewReaderSize(c, 64<<10)
	resp, err := http.ReadResponse(br, nil)
	check(err)
	if resp.StatusCode != 101 {
		panic(resp.Status)
	}
	return c, br
}

func frame(r *bufio.Reader, buf []byte) (byte, []byte) {
	h0, err := r.ReadByte()
	if err != nil {
		return 0, nil
	}
	h1, _ := r.ReadByte()
	n := int(h1)
	if n == 126 {
		a, _ := r.ReadByte()
		b, _ := r.ReadByte()
		n = int(a)<<8 | int(b)
	} else if n == 127 {
		n = 0
		for range 8 {
			a, _ := r.ReadByte()
			n = n<<8 | int(a)
		}
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	io.ReadFull(r, buf)
	return h0 & 15, buf
}

func main() {
	mode := flag.String("mode", "load", "")
	nrooms := flag.Int("rooms", 1, "")
	nclients := flag.Int("clients", 50, "")
	nwriters := flag.Int("writers", 5, "")
	n := flag.Int("n", 10000, "")
	prof := flag.String("prof", "", "")
	target := flag.String("target", "server", "")
	rate := flag.Int("rate", 0, "")
	idle := flag.Int("idle", 0, "")
	flag.IntVar(&seedKB, "seedkb", 2, "")
	flag.Parse()
	switch *mode {
	case "server":
		server(*prof)
		return
	case "relay":
		relay(*prof)
		return
	}
	cmd := exec.Command(os.Args[0], "-mode", *target, "-prof", *prof, "-seedkb", strconv.Itoa(seedKB))
	out, _ := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	check(cmd.Start())
	ob := bufio.NewReader(out)
	line, _ := ob.ReadString('\n')
	f := strings.Fields(line)
	addr, tok := f[0], f[1]
	defer func() { cmd.Process.Signal(syscall.SIGTERM); io.Copy(os.Stdout, ob); cmd.Wait() }()
	if *idle > 0 {
		time.Sleep(300 * time.Millisecond)
		r0 := rss(cmd.Process.Pid)
		var conns []net.Conn
		for i := range *idle {
			c, br := dial(addr, tok, fmt.Sprintf("r%d", i%*nrooms))
			c.Write(mask([]byte{0, 0, 1, 0}))
			var buf []byte
			for {
				_, b := frame(br, buf)
				if len(b) > 1 && b[0] == 0 && b[1] == 1 {
					break
				}
			}
			br.Reset(nil)
			conns = append(conns, c)
		}
		for range 3 {
			time.Sleep(4 * time.Second)
			cmd.Process.Signal(syscall.SIGUSR1)
			l, _ := ob.ReadString('\n')
			r1 := rss(cmd.Process.Pid)
			fmt.Printf("idle %d rooms %d: start rss %d KB, now %d KB, %.2f KB each; %s", *idle, *nrooms, r0, r1, float64(r1-r0)/float64(*idle), l)
		}
		for _, c := range conns {
			c.Close()
		}
		return
	}
	var all [][][]byte
	for i := range *nwriters {
		all = append(all, edits(uint64(1000+i), *n))
	}
	var wg, ready sync.WaitGroup
	start := make(chan struct{})
	total := *n * *nwriters
	var delivered, frames atomic.Int64
	lat := make([][]time.Duration, *nrooms**nclients)
	sentAt := make([]atomic.Int64, *nrooms**nwriters**n)
	for rm := range *nrooms {
		for ci := range *nclients {
			ready.Add(1)
			wg.Add(1)
			go func() {
				defer wg.Done()
				c, br := dial(addr, tok, fmt.Sprintf("r%d", rm))
				c.Write(mask([]byte{0, 0, 1, 0}))
				var buf []byte
				for {
					_, b := frame(br, buf)
					if len(b) > 1 && b[0] == 0 && b[1] == 1 {
						break
					}
				}
				ready.Done()
				want := total
				if ci < *nwriters {
					want -= *n
					go func() {
						<-start
						var out []byte
						for i, u := range all[ci] {
							sentAt[(rm**nwriters+ci)**n+i].Store(time.Now().UnixNano())
							if *rate > 0 {
								c.Write(u)
								time.Sleep(time.Second / time.Duration(*rate))
								continue
							}
							out = append(out, u...)
							if len(out) > 1024 || i == len(all[ci])-1 {
								c.Write(out)
								out = out[:0]
							}
						}
					}()
				}
				have := map[uint64]uint64{}
				sum := 0
				for sum < want {
					op, b := frame(br, buf)
					buf = b[:0]
					if b == nil {
						fmt.Println("closed at", sum, want)
						return
					}
					frames.Add(1)
					if op != 2 || b[0] != 0 || b[1] == 0 {
						continue
					}
					m, err := protocol.Decode(b)
					check(err)
					_, to, err := yjs.UpdateMeta(m.Payload)
					check(err)
					now := time.Now().UnixNano()
					for id, clk := range to {
						if id < 1000 || id == 4242 || int(id) == 1000+ci {
							continue
						}
						if clk > have[id] {
							sum += int(clk - have[id])
							w := int(id) - 1000
							for k := have[id]; k < clk; k++ {
								lat[rm**nclients+ci] = append(lat[rm**nclients+ci], time.Duration(now-sentAt[(rm**nwriters+w)**n+int(k)].Load()))
							}
							have[id] = clk
						}
					}
				}
				delivered.Add(int64(sum))
				_ = c
			}()
		}
	}
	ready.Wait()
	c0, t0 := cpu(cmd.Process.Pid), time.Now()
	close(start)
	wg.Wait()
	c1, d := cpu(cmd.Process.Pid), time.Since(t0)
	var ls []time.Duration
	for _, l := range lat {
		ls = append(ls, l...)
	}
	slicesSort(ls)
	fmt.Printf("%s: %d delivered in %v (%.0f/s), %d frames, cpu %v = %.3f us/delivery; lat p50 %v p99 %v rss %d\n", *target, delivered.Load(), d.Round(time.Millisecond), float64(delivered.Load())/d.Seconds(), frames.Load(),
		c1-c0, float64((c1-c0).Microseconds())/float64(delivered.Load()), ls[len(ls)/2], ls[len(ls)*99/100], rss(cmd.Process.Pid))
}

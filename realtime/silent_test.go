package realtime

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/civicpress/realtimefx/hooks"
	"github.com/civicpress/realtimefx/realtime/internal/wire"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

var (
	step1   = masked(0x82, protocol.AppendSyncStep1(nil, []byte{0}))
	pong    = masked(0x8a, nil)
	goodbye = masked(0x88, []byte{0x03, 0xe8})
)

// peer is a client that does what it is told, and holds no goroutine.
type peer struct {
	net.Conn
	br *bufio.Reader
}

func (s *stand) peer(i int) *peer {
	c, br := s.rawDial(1+int64(i%4), fmt.Sprintf("r%d", i%30))
	return &peer{c, br}
}

// until reads frames until one has the opcode and a payload that starts so.
func (p *peer) until(op byte, prefix ...byte) error {
	for {
		got, payload, err := readFrame(p.br)
		if err != nil {
			return fmt.Errorf("wait for %x %x: %w", op, prefix, err)
		}
		if got == op && bytes.HasPrefix(payload, prefix) {
			return nil
		}
	}
}

// asks sends a step 1 and waits for the answer.
func (p *peer) asks() error {
	if _, err := p.Write(step1); err != nil {
		return err
	}
	return p.until(2, protocol.MessageSync, protocol.SyncStep2)
}

func (p *peer) pings(payload string) error {
	if _, err := p.Write(masked(0x89, []byte(payload))); err != nil {
		return err
	}
	return p.until(10, []byte(payload)...)
}

// openly is a server that takes any number of sockets from here, and has no
// goroutine wait for them.
func openly() standOptions {
	return standOptions{hurried: true, server: Options{ConnectRate: -1, AcceptRate: -1, ConnectionsPerIP: -1, ConnectionsPerUser: -1, MessagesPerSecond: -1}}
}

func onlyOnLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("each socket has a goroutine on this system")
	}
}

// However many are silent, and whatever wakes one of them, nobody has a
// goroutine for it afterwards.
func TestSilentSocketsHaveNoGoroutine(t *testing.T) {
	onlyOnLinux(t)
	n := 2000
	if testing.Short() {
		n = 300
	}
	s := newStand(t, openly())
	must(t, s.peer(0).asks())
	s.poll("the first is silent", func() bool { return s.readers() == 0 })
	before := runtime.NumGoroutine()
	peers := make([]*peer, n)
	for i := range peers {
		peers[i] = s.peer(i)
	}
	silent := func(when string) {
		t.Helper()
		s.poll("no goroutine for a silent socket, "+when, func() bool { return s.readers() == 0 })
		// Rooms have some that come and go by themselves.
		s.poll("goroutines "+when, func() bool { return runtime.NumGoroutine() <= before+30*2 })
	}
	each := func(do func(p *peer) error) {
		t.Helper()
		for i, p := range peers {
			if err := do(p); err != nil {
				t.Fatalf("socket %d: %v", i, err)
			}
		}
	}
	silent("as they came")
	for round := range 3 {
		each((*peer).asks)
		silent("after a message")
		each(func(p *peer) error { return p.pings(fmt.Sprint("ping", round)) })
		silent("after a ping")
	}
	each(func(p *peer) error { _, err := p.Write(pong); return err })
	silent("after a pong")
	each(func(p *peer) error { _, err := p.Write(step1[:3]); return err })
	s.poll("those who began a message are waited for", func() bool { return s.readers() == n })
	each(func(p *peer) error {
		if _, err := p.Write(step1[3:]); err != nil {
			return err
		}
		return p.until(2, protocol.MessageSync, protocol.SyncStep2)
	})
	silent("after a message that came in parts")
	// A ping, a message and half a ping in one piece; then the other half.
	ping := masked(0x89, []byte("whole"))
	each(func(p *peer) error {
		_, err := p.Write(slices.Concat(ping, step1, ping[:7]))
		if err == nil {
			err = p.until(10, []byte("whole")...)
		}
		if err == nil {
			err = p.until(2, protocol.MessageSync, protocol.SyncStep2)
		}
		if err == nil {
			_, err = p.Write(slices.Concat(ping[7:], step1))
		}
		if err == nil {
			err = p.until(10, []byte("whole")...)
		}
		if err == nil {
			err = p.until(2, protocol.MessageSync, protocol.SyncStep2)
		}
		return err
	})
	silent("after pieces")
	each(func(p *peer) error { return p.Close() })
	s.settled(1)
}

// readers is how many goroutines sessions have at this moment.
func (s *stand) readers() int {
	buf := make([]byte, 16<<20)
	return bytes.Count(buf[:runtime.Stack(buf, true)], []byte("session.(*Session).serve("))
}

// A silent socket ends for each of the reasons there are, at once and once.
func TestSilentSocketsEnd(t *testing.T) {
	onlyOnLinux(t)
	ends := map[string]struct {
		code int
		end  func(p *peer, l *live) error
	}{
		"the peer hangs up":          {1006, func(p *peer, _ *live) error { return p.Close() }},
		"the peer resets":            {1006, func(p *peer, _ *live) error { must(t, p.Conn.(*net.TCPConn).SetLinger(0)); return p.Close() }},
		"the peer sends no more":     {1006, func(p *peer, _ *live) error { return p.Conn.(*net.TCPConn).CloseWrite() }},
		"the peer says goodbye":      {1000, func(p *peer, _ *live) error { _, err := p.Write(goodbye); return first(err, p.until(8, 0x03, 0xe8)) }},
		"killed":                     {1012, func(p *peer, l *live) error { l.Kill(wire.CloseRestart); return p.gone() }},
		"ended, the peer answers":    {1012, func(p *peer, l *live) error { l.End(wire.CloseRestart, nil); return p.answers() }},
		"farewell, the peer answers": {1012, func(p *peer, l *live) error { l.Farewell(wire.CloseRestart, nil); return p.answers() }},
		"ended, then killed": {1012, func(p *peer, l *live) error {
			l.End(wire.CloseRestart, nil)
			l.Kill(wire.CloseNoStatus)
			return p.gone()
		}},
		"ended, and the peer goes": {1012, func(p *peer, l *live) error { l.End(wire.CloseRestart, nil); return first(p.until(8), p.Close()) }},
		"a frame without a mask":   {1006, func(p *peer, _ *live) error { _, err := p.Write([]byte{0x8a, 0}); return first(err, p.gone()) }},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, openly())
			p := s.peer(0)
			must(t, p.asks())
			s.poll("it is silent", func() bool { return s.readers() == 0 })
			var l *live
			s.sessions(func(one *live) { l = one })
			must(t, c.end(p, l))
			s.settled(0)
			s.poll("the hook", func() bool { return len(s.codes()) > 0 })
			if codes := s.codes(); !slices.Equal(codes, []int{c.code}) {
				t.Errorf("ended with %v, want %d once", codes, c.code)
			}
		})
	}
}

// answers waits for the close frame, answers it, and waits for the end.
func (p *peer) answers() error {
	if err := p.until(8, 0x03, 0xf4); err != nil {
		return err
	}
	if _, err := p.Write(masked(0x88, []byte{0x03, 0xf4})); err != nil {
		return err
	}
	return p.gone()
}

// gone reads until the connection ends; a second close frame is an error.
func (p *peer) gone() error {
	closes := 0
	for {
		op, _, err := readFrame(p.br)
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				return err
			}
			break
		}
		if op == 8 {
			closes++
		}
	}
	if closes > 1 {
		return fmt.Errorf("%d close frames", closes)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// codes are those with which sockets ended, as the hooks tell.
func (s *stand) codes() (list []int) {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	for _, e := range s.notes.events {
		if d, ok := e.Data.(hooks.ClientDisconnected); ok {
			list = append(list, d.CloseCode)
		}
	}
	return list
}

// Sockets that are left to wait after each message, while both sides do
// anything at any moment: every question is answered, and every socket that
// came ends once.
func TestWaitingSocketsUnderStress(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newStand(t, openly())
	const workers = 16
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(w)))
			for i := range rounds {
				if err := s.converse(rnd, w); err != nil {
					t.Errorf("worker %d, socket %d: %v", w, i, err)
					return
				}
			}
		})
	}
	all.Wait()
	s.settled(0)
	if t.Failed() {
		return
	}
	s.poll("the hooks", func() bool { return len(s.codes()) >= workers*rounds })
	if n := len(s.codes()); n > workers*rounds {
		t.Errorf("%d sockets ended, %d came", n, workers*rounds)
	}
}

// converse asks a number of questions in pieces of any size, with pings between
// them. When they are answered, several things end the socket while it sends on.
func (s *stand) converse(rnd *rand.Rand, room int) error {
	p := s.peer(room)
	defer p.Close()
	var stream []byte
	questions := 1 + rnd.IntN(10)
	for range questions {
		stream = append(stream, step1...)
		switch rnd.IntN(3) {
		case 0:
			stream = append(stream, pong...)
		case 1:
			stream = append(stream, masked(0x89, make([]byte, rnd.IntN(126)))...)
		}
	}
	for len(stream) > 0 {
		n := min(len(stream), 1+rnd.IntN(40))
		if _, err := p.Write(stream[:n]); err != nil {
			return err
		}
		stream = stream[n:]
		if rnd.IntN(4) == 0 {
			runtime.Gosched()
		}
	}
	for q := range questions {
		if err := p.until(2, protocol.MessageSync, protocol.SyncStep2); err != nil {
			return fmt.Errorf("question %d of %d: %w", q+1, questions, err)
		}
	}
	own := s.newest(fmt.Sprintf("r%d", room))
	ends := []func(){
		func() { own.Kill(wire.CloseRestart) },
		func() { own.End(wire.CloseRestart, nil) },
		func() { own.Farewell(wire.CloseRestart, nil) },
		func() { _, _ = p.Write(goodbye) },
		func() { _ = p.Conn.(*net.TCPConn).CloseWrite() },
		func() { _ = p.Close() },
	}
	rnd.Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
	var both sync.WaitGroup
	for _, end := range ends[:1+rnd.IntN(2)] {
		both.Go(end)
	}
	both.Go(func() { _, _ = p.Write(slices.Concat(step1, pong, step1)) })
	both.Wait()
	_, _ = p.Write(goodbye) // the answer, if it was asked for
	_, _ = io.Copy(io.Discard, p.br)
	return nil
}

// newest is the session that came last into a room.
func (s *stand) newest(room string) (last *live) {
	s.sessions(func(l *live) {
		if l.Request.RoomID == room && (last == nil || l.Began.After(last.Began)) {
			last = l
		}
	})
	return last
}

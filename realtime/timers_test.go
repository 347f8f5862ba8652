package realtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/realtime/room"
	"github.com/civicpress/realtimefx/realtime/store"
	"github.com/civicpress/realtimefx/realtime/store/mem"
	"github.com/civicpress/realtimefx/yjs/awareness"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// bubble is a server inside a synctest bubble: time is virtual, sockets are
// pipes.
type bubble struct {
	*stand
	dialer http.Client
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return addressed{c}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }

func newBubble(t *testing.T, o Options) (*bubble, func()) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	s := &stand{t: t, host: newHost(), store: mem.New(), notes: &notes{}, log: &safeBuffer{}}
	s.journal = store.NewJournal(s.store, store.JournalOptions{Logger: logger})
	s.keeper = store.NewKeeper(s.store, store.KeeperOptions{Logger: logger})
	var err error
	s.rooms, err = room.NewManager(room.Deps{Store: s.store, Journal: s.journal, Keeper: s.keeper,
		Handlers: []room.Handler{textRooms{host: s.host}}, Hooks: s.notes, Logger: logger}, room.Options{})
	must(t, err)
	s.server, err = New(Deps{Auth: s.host, Rooms: s.rooms, Hooks: s.notes, Logger: logger}, o)
	must(t, err)
	must(t, s.journal.Start(t.Context()))
	must(t, s.keeper.Start(t.Context()))
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	must(t, s.server.serve(l))
	b := &bubble{stand: s, dialer: http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			select {
			case l.conns <- there:
				return here, nil
			case <-l.closed:
				return nil, net.ErrClosed
			}
		},
	}}}
	return b, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, s.server.Stop(ctx))
		must(t, s.keeper.Stop(ctx))
		must(t, s.journal.Stop(ctx))
	}
}

func (b *bubble) connect(user int64) *websocket.Conn {
	b.t.Helper()
	ws, _, err := websocket.Dial(b.t.Context(), "ws://server/realtime/records/r1", &websocket.DialOptions{
		HTTPClient: &b.dialer, Subprotocols: []string{"auth." + b.host.Login(user, 0)},
	})
	must(b.t, err)
	return ws
}

// What people do with keyboard and mouse is never slowed down at the rates of
// realtime.yml, however long they do it.
func TestPeopleAreNeverThrottled(t *testing.T) {
	edit := func(n uint64) []byte { return protocol.AppendUpdate(nil, []byte{0, 0}) }
	cursor := func(n uint64) []byte {
		return protocol.AppendAwareness(nil, awareness.AppendUpdate(nil, []awareness.Entry{{Client: 9, Clock: n, State: json.RawMessage(fmt.Sprintf(`{"cursor":%d}`, n))}}))
	}
	for name, c := range map[string]struct {
		every    time.Duration
		messages []func(uint64) []byte
		times    int // each, at once
	}{
		"typing 20 characters a second":   {time.Second / 20, []func(uint64) []byte{edit, cursor}, 1},
		"dragging at 60 pictures":         {time.Second / 60, []func(uint64) []byte{cursor}, 1},
		"pasting 100 blocks now and then": {5 * time.Second, []func(uint64) []byte{edit, cursor}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, stop := newBubble(t, Options{MessagesPerSecond: 100, MessageBurst: 500})
				defer stop()
				ws := b.connect(1)
				defer ws.CloseNow()
				go func() {
					for {
						if _, _, err := ws.Read(context.Background()); err != nil {
							return
						}
					}
				}()
				var n uint64
				for began := time.Now(); time.Since(began) < 3*time.Minute; time.Sleep(c.every) {
					for range c.times {
						n++
						for _, message := range c.messages {
							must(t, ws.Write(t.Context(), websocket.MessageBinary, message(n)))
						}
					}
				}
				synctest.Wait()
				if got := b.server.meter.Throttled.Load(); got != 0 || b.server.sessions.count() != 1 {
					t.Errorf("%d of %d messages were throttled, %d sessions", got, n, b.server.sessions.count())
				}
			})
		})
	}
}

// Stock y-websocket takes a connection for dead when no message came for 30 s.
func TestLoneIdleClientHearsSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, stop := newBubble(t, Options{})
		defer stop()
		ws := b.connect(1)
		defer ws.CloseNow()
		must(t, ws.Write(t.Context(), websocket.MessageBinary, protocol.AppendSyncStep1(nil, []byte{0})))
		last := time.Now()
		for began := last; time.Since(began) < 5*time.Minute; {
			typ, _, err := ws.Read(t.Context())
			must(t, err)
			if typ != websocket.MessageBinary {
				t.Errorf("a stock client got a text message")
			}
			if d := time.Since(last); d > 20*time.Second {
				t.Errorf("silence of %v", d)
			}
			last = time.Now()
		}
	})
}

// A peer that is gone without a word is found by a ping that nobody answers.
func TestDeadPeerIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, stop := newBubble(t, Options{})
		defer stop()
		var dead net.Conn
		dialer := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, n, a string) (net.Conn, error) {
			c, err := b.dialer.Transport.(*http.Transport).DialContext(ctx, n, a)
			dead = c
			return c, err
		}}}
		ws, _, err := websocket.Dial(t.Context(), "ws://server/realtime/records/r1", &websocket.DialOptions{
			HTTPClient: &dialer, Subprotocols: []string{"auth." + b.host.Login(1, 0)}})
		must(t, err)
		defer ws.CloseNow()
		go io.Copy(io.Discard, dead) // takes everything, answers nothing
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := b.server.sessions.count(); n != 0 {
			t.Errorf("%d sessions after a minute of silence", n)
		}
	})
}

// A reader that takes nothing is cut off after the documented time without
// progress, and not before.
func TestStoppedReaderIsCutOffInTime(t *testing.T) {
	for _, stall := range []time.Duration{15 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			b, stop := newBubble(t, Options{Stall: stall})
			defer stop()
			ws := b.connect(1) // reads the answer to its upgrade and nothing more
			defer ws.CloseNow()
			must(t, ws.Write(t.Context(), websocket.MessageBinary, protocol.AppendSyncStep1(nil, []byte{0})))
			time.Sleep(stall - time.Second)
			synctest.Wait()
			if n := b.server.sessions.count(); n != 1 {
				t.Errorf("cut off before %v", stall)
			}
			time.Sleep(3 * time.Second) // the server looks once a second
			synctest.Wait()
			if n := b.server.sessions.count(); n != 0 || b.server.meter.CutOff.Load() != 1 {
				t.Errorf("not cut off after %v: %d sessions, %d counted", stall, n, b.server.meter.CutOff.Load())
			}
		})
	}
}

// Rights are read again every minute, whether or not the core says anything.
func TestRightsAreReadPeriodically(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, stop := newBubble(t, Options{})
		defer stop()
		ws := b.connect(1)
		defer ws.CloseNow()
		_, _, err := ws.Read(t.Context()) // it is in its room
		must(t, err)
		b.host.RemoveUser(1) // without any event
		began := time.Now()
		for {
			if _, _, err := ws.Read(t.Context()); err != nil {
				if websocket.CloseStatus(err) != 4001 {
					t.Errorf("ended with %v", err)
				}
				break
			}
		}
		if d := time.Since(began); d > 65*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

// A backend that is down is not a revocation, but not a licence for ever.
func TestSocketsOutliveAnOutageForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, stop := newBubble(t, Options{})
		defer stop()
		ws := b.connect(1)
		defer ws.CloseNow()
		_, _, err := ws.Read(t.Context()) // it is in its room
		must(t, err)
		b.host.Down(io.ErrUnexpectedEOF)
		began := time.Now()
		for {
			if _, _, err := ws.Read(t.Context()); err != nil {
				if websocket.CloseStatus(err) != 1013 {
					t.Errorf("ended with %v", err)
				}
				break
			}
		}
		if d := time.Since(began); d < 4*time.Minute || d > 7*time.Minute {
			t.Errorf("it ended after %v", d)
		}
	})
}

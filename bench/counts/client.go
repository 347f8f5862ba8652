package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/civicpress/realtimefx/yjs/protocol"
)

// A client is one socket that does nothing of its own accord.
type client struct {
	conn *websocket.Conn
	down atomic.Int64 // bytes that came, heads of frames and of HTTP included
	done chan struct{}

	mu      sync.Mutex // guards what follows
	asked   bool       // the server has sent its step 1
	synced  bool       // and its step 2
	letters uint64     // that came, as the clock of who types
	updates int        // that came
	saved   uint64     // of the updates that it has sent
	broken  error
	news    chan struct{} // closed at the next change
}

// counting counts what a connection brings.
type counting struct {
	net.Conn
	down *atomic.Int64
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.down.Add(int64(n))
	return n, err
}

// dial opens a record. Who wants to hear what is saved offers the subprotocol;
// others are stock clients.
func (s *server) dial(ctx context.Context, user, record string, hears bool) (*client, error) {
	c := &client{done: make(chan struct{}), news: make(chan struct{})}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return counting{conn, &c.down}, err
	}}
	protocols := []string{"auth." + s.Users[user].Token}
	if hears {
		protocols = append([]string{"civicpress.realtime.v1"}, protocols...)
	}
	var err error
	c.conn, _, err = websocket.Dial(ctx, s.Realtime+"/realtime/records/"+record, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: protocols,
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", record, err)
	}
	c.conn.SetReadLimit(-1)
	go c.read(ctx)
	return c, nil
}

// join opens a record and waits for the document: one message after the other,
// each when the server has said what it has to say, so that nothing is merged by
// chance. The document is there when it has the letters that were typed.
func (s *server) join(ctx context.Context, user, record string, hears bool, letters uint64) (*client, error) {
	c, err := s.dial(ctx, user, record, hears)
	if err != nil {
		return nil, err
	}
	if err := c.wait(ctx, func() bool { return c.asked }); err != nil {
		return nil, fmt.Errorf("open %s: %w", record, err)
	}
	if err := c.send(ctx, protocol.AppendSyncStep1(nil, []byte{0})); err != nil {
		return nil, err
	}
	if err := c.wait(ctx, func() bool { return c.synced && c.letters >= letters }); err != nil {
		return nil, fmt.Errorf("open %s: %w", record, err)
	}
	return c, c.send(ctx, protocol.AppendSyncStep2(nil, []byte{0, 0}))
}

func (c *client) send(ctx context.Context, frame []byte) error {
	return c.conn.Write(ctx, websocket.MessageBinary, frame)
}

// wait waits until f, called with the lock, is true.
func (c *client) wait(ctx context.Context, f func() bool) error {
	for {
		c.mu.Lock()
		ok, err, news := f(), c.broken, c.news
		c.mu.Unlock()
		switch {
		case ok:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *client) read(ctx context.Context) {
	defer close(c.done)
	for {
		kind, b, err := c.conn.Read(ctx)
		c.mu.Lock()
		if err == nil {
			err = c.hear(kind, b)
		}
		c.broken = err
		close(c.news)
		c.news = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// hear takes in a message. The lock is held.
func (c *client) hear(kind websocket.MessageType, b []byte) error {
	if kind == websocket.MessageText {
		var control struct {
			Event   string
			Updates uint64
		}
		if err := json.Unmarshal(b, &control); err != nil {
			return fmt.Errorf("control frame: %w", err)
		}
		if control.Event == "saved" {
			c.saved = control.Updates
		}
		return nil
	}
	m, err := protocol.Decode(b)
	if err != nil || m.Type != protocol.MessageSync {
		return err
	}
	switch m.Sync {
	case protocol.SyncStep1:
		c.asked = true
	case protocol.SyncStep2:
		c.synced = true
	case protocol.SyncUpdate:
		c.updates++
	}
	if m.Sync == protocol.SyncStep1 {
		return nil
	}
	_, next, err := yjs.UpdateMeta(m.Payload)
	c.letters = max(c.letters, next[typist])
	return err
}

func (c *client) close() {
	_ = c.conn.CloseNow()
	<-c.done
}

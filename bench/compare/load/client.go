package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// A Client is one socket in a room, with the goroutine that reads it.
type Client struct {
	target  Target
	socket  *socket
	hear    func(m protocol.Message, at time.Time) error // what comes after the join; may be nil
	pause   atomic.Pointer[chan struct{}]                // while set, nothing is read until it is closed
	asked   time.Time                                    // when the document was asked for
	synced  chan struct{}                                // closed when the document is here
	joined  time.Time                                    // and when that was; good once synced is closed
	state   []byte                                       // the document, if it was to be kept; good once synced is closed
	keep    bool
	there   bool
	reading sync.WaitGroup

	mu     sync.Mutex // guards broken
	broken error
	ended  chan struct{} // closed when nothing is read any more
}

// Options say what a client does with what it gets.
type Options struct {
	// KeepState keeps the document that the server answers with, for
	// Client.State.
	KeepState bool
	// Hear is called for every message but sync step 1, by the goroutine that
	// reads; the payload is good until it returns. An error ends the client.
	Hear func(m protocol.Message, at time.Time) error
}

// Connect opens a socket. The client asks for nothing until Ask or Join.
func Connect(ctx context.Context, t Target, o Options) (*Client, error) {
	s, err := dialSocket(ctx, t)
	if err != nil {
		return nil, err
	}
	c := &Client{target: t, socket: s, hear: o.Hear, keep: o.KeepState, synced: make(chan struct{}), ended: make(chan struct{})}
	c.reading.Go(c.read)
	return c, nil
}

// Join opens a socket and waits until the document is there.
func Join(ctx context.Context, t Target, o Options) (*Client, error) {
	c, err := Connect(ctx, t, o)
	if err != nil {
		return nil, err
	}
	if err := c.Ask(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if _, err := c.Synced(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Ask sends sync step 1 with an empty state vector, as a newcomer does.
func (c *Client) Ask() error {
	var frames []byte
	if m := c.target.auth(); m != nil {
		frames = appendFrame(frames, opBinary, m)
	}
	frames = append(frames, c.Frame(protocol.AppendSyncStep1(nil, []byte{0}))...)
	c.asked = time.Now()
	return c.socket.write(frames)
}

// Synced waits for the document and returns how long it took since Ask.
func (c *Client) Synced(ctx context.Context) (time.Duration, error) {
	select {
	case <-c.synced:
		return c.joined.Sub(c.asked), nil
	case <-c.ended:
		return 0, fmt.Errorf("the document did not come: %w", c.Err())
	case <-ctx.Done():
		return 0, fmt.Errorf("the document did not come: %w", ctx.Err())
	}
}

// State is the document as the server has sent it, if it was to be kept.
func (c *Client) State() []byte {
	<-c.synced
	return c.state
}

// Frame makes the bytes to send of a y-protocols frame. They are the same for
// every client of one target.
func (c *Client) Frame(frame []byte) []byte { return c.target.Frame(frame) }

// Frame is Client.Frame.
func (t Target) Frame(frame []byte) []byte { return appendFrame(nil, opBinary, t.wrap(frame)) }

// Send writes what Frame has made. It blocks while the server does not read.
func (c *Client) Send(frames []byte) error { return c.socket.write(frames) }

// Stall makes the client stop reading, after what it reads just now. It is
// undone by the function returned.
func (c *Client) Stall() (resume func()) {
	gate := make(chan struct{})
	c.pause.Store(&gate)
	return c.resume
}

// SendUpdate sends an update.
func (c *Client) SendUpdate(update []byte) error {
	return c.Send(c.Frame(protocol.AppendUpdate(nil, update)))
}

func (c *Client) resume() {
	if gate := c.pause.Swap(nil); gate != nil {
		close(*gate)
	}
}

// Err is why the client reads no more: nil while it does.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// Close closes the socket, without a word, and waits for the reader.
func (c *Client) Close() error {
	c.resume()
	err := c.socket.conn.Close()
	c.reading.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (c *Client) read() {
	defer close(c.ended)
	err := c.socket.frames(time.Now(), c.message)
	for err == nil {
		if gate := c.pause.Load(); gate != nil {
			<-*gate
		}
		err = c.socket.read(c.message)
	}
	c.mu.Lock()
	c.broken = err
	c.mu.Unlock()
}

func (c *Client) message(b []byte, at time.Time) error {
	frame, ok := c.target.unwrap(b)
	if !ok {
		return nil
	}
	m, err := protocol.Decode(frame)
	if err != nil {
		return fmt.Errorf("message of %d bytes: %w", len(frame), err)
	}
	if m.Type == protocol.MessageSync && m.Sync == protocol.SyncStep1 {
		return c.Send(c.Frame(protocol.AppendSyncStep2(nil, []byte{0, 0})))
	}
	if m.Type == protocol.MessageSync && m.Sync == protocol.SyncStep2 && !c.there {
		c.there, c.joined = true, at
		if c.keep {
			c.state = append([]byte(nil), m.Payload...)
		}
		close(c.synced)
	}
	if c.hear == nil {
		return nil
	}
	return c.hear(m, at)
}

package session

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// closeWait bounds the farewell to a peer that does not read.
const closeWait = 5 * time.Second

// Socket is an accepted WebSocket.
type Socket struct {
	ws   *websocket.Conn
	conn *conn
	ping atomic.Pointer[func(payload []byte)] // answers pings once a session runs
}

// Accept upgrades the request. On an error the response is written already.
// The origin is the caller's business.
//
// Nothing is read until a session serves the socket: what the client sends
// meanwhile waits in the kernel's buffer, bounded and not lost.
func Accept(w http.ResponseWriter, r *http.Request, q Request) (*Socket, error) {
	s := new(Socket)
	o := &websocket.AcceptOptions{
		InsecureSkipVerify: true, // checked before, with the configured list
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived: func(_ context.Context, payload []byte) bool {
			answer := s.ping.Load()
			if answer != nil {
				(*answer)(payload)
			}
			return answer == nil
		},
	}
	if q.Protocol != "" {
		o.Subprotocols = []string{q.Protocol}
	}
	h := &hijack{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, o)
	if err != nil {
		return nil, err
	}
	s.ws, s.conn = ws, h.conn
	return s, nil
}

// Send writes a frame now. It is for sockets without a session.
func (s *Socket) Send(f wire.Frame) error {
	if len(f) == 0 {
		return nil
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(closeWait))
	_, err := s.conn.writeFrames([]wire.Frame{f})
	return err
}

// sayClose sends the close frame. Nothing can be sent after it.
func (s *Socket) sayClose(c wire.Close) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(closeWait))
	_, err := s.conn.Write(wire.CloseFrame(c))
	return err
}

// refusedBytes is what is read of a refused peer while its answer to the close
// is awaited: that answer, and what it sent before it knew.
const refusedBytes = 64 << 10

// Refuse closes a socket without a session: it says why and waits for the peer's
// answer, for at most twice closeWait. A peer that goes on sending is cut off.
func (s *Socket) Refuse(c wire.Close) {
	s.conn.quota = refusedBytes
	_ = s.conn.SetWriteDeadline(time.Now().Add(closeWait))
	_ = s.ws.Close(websocket.StatusCode(c.Code), c.Reason)
}

// HungUp reports whether the peer is gone, as far as the system tells.
func (s *Socket) HungUp() bool { return s.conn.hungUp() }

// Kill ends the connection without a word, also while Close waits for an
// answer: CloseNow alone would wait with it.
func (s *Socket) Kill() {
	_ = s.conn.Conn.Close()
	_ = s.ws.CloseNow()
}

// closeCode is the code with which the connection ended, as far as the peer
// said one: 1006 if it just broke.
func closeCode(err error) int {
	if code := websocket.CloseStatus(err); code != -1 {
		return int(code)
	}
	return codeBroken
}

const codeBroken = 1006

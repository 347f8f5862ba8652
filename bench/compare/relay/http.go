package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// handler answers for sockets, and takes the states of rooms.
func (h *hub) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /blob/{room...}", func(w http.ResponseWriter, r *http.Request) {
		state, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.room("/" + r.PathValue("room")).setBlob(state)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		into := &hijacker{ResponseWriter: w}
		if h.drained {
			w = into
		}
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			return // it has been answered
		}
		ws.SetReadLimit(maxMessage)
		room := h.room(r.URL.Path)
		// Not in this goroutine: it holds the request and net/http's own.
		go h.member(ws, into.conn, room)
	})
	return mux
}

// maxMessage is the largest message taken, in bytes.
const maxMessage = 256 << 20

// hijacker gives the library small buffers, and us the connection to write
// whole frames to.
type hijacker struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	h.conn = &started{conn, bytes.Clone(early)}
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 512), bufio.NewWriterSize(h.conn, 256)), nil
}

// started is a connection of which something has been read already.
type started struct {
	net.Conn
	early []byte
}

func (s *started) Read(p []byte) (int, error) {
	if len(s.early) > 0 {
		n := copy(p, s.early)
		s.early = s.early[n:]
		return n, nil
	}
	return s.Conn.Read(p)
}

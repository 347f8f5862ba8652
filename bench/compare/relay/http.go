package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
)

const readBuffer = 4096

// serve answers one request: a WebSocket for a room, or its blob.
func (h *hub) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReaderSize(conn, readBuffer)
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	if name, ok := strings.CutPrefix(req.URL.Path, "/blob/"); ok && req.Method == http.MethodPost {
		state, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		h.room("/" + name).setBlob(state)
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		return
	}
	key := req.Header.Get("Sec-WebSocket-Key")
	if key == "" {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		return
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if _, err := io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n"); err != nil {
		return
	}
	path := req.URL.Path
	req = nil // not kept for as long as the socket
	h.member(conn, r, h.room(path))
}

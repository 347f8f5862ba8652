package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// The opcodes of WebSocket frames.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

const handshakeLimit = 30 * time.Second

// maxFrame is the largest message that a socket takes.
const maxFrame = 512 << 20

// A socket is a WebSocket of a client, as lean as it gets: no compression, the
// masking key is zero, and what is read is passed on in the read buffer.
type socket struct {
	conn net.Conn

	writing sync.Mutex // the reader answers pings

	buf        []byte
	start, end int
	parts      []byte // of a message in several frames
}

// dialSocket opens a WebSocket at ws://addr/path.
func dialSocket(ctx context.Context, t Target) (*socket, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	if t.ReceiveBuffer > 0 {
		if err := conn.(*net.TCPConn).SetReadBuffer(t.ReceiveBuffer); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	s := &socket{conn: conn, buf: make([]byte, 2048)}
	if err := s.handshake(t); err != nil {
		return nil, errors.Join(fmt.Errorf("open ws://%s%s: %w", t.Addr, t.Path, err), conn.Close())
	}
	return s, nil
}

func (s *socket) handshake(t Target) error {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n", t.Path, t.Addr)
	if t.Subprotocol != "" {
		fmt.Fprintf(&b, "Sec-WebSocket-Protocol: %s\r\n", t.Subprotocol)
	}
	b.WriteString("\r\n")
	if err := s.conn.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return err
	}
	if _, err := s.conn.Write([]byte(b.String())); err != nil {
		return err
	}
	for {
		if err := s.fill(); err != nil {
			return err
		}
		head, _, whole := bytes.Cut(s.buf[:s.end], []byte("\r\n\r\n"))
		if !whole {
			continue
		}
		status, _, _ := strings.Cut(string(head), "\r\n")
		if !strings.Contains(status, " 101 ") {
			return fmt.Errorf("the server answers %q", status)
		}
		s.start = len(head) + 4
		return s.conn.SetDeadline(time.Time{})
	}
}

// fill reads what there is, once.
func (s *socket) fill() error {
	if s.start == s.end {
		s.start, s.end = 0, 0
	}
	if s.end == len(s.buf) {
		if s.start > 0 && s.end-s.start <= len(s.buf)/2 {
			s.end = copy(s.buf, s.buf[s.start:s.end])
		} else {
			grown := make([]byte, 2*len(s.buf))
			s.end = copy(grown, s.buf[s.start:s.end])
			s.buf = grown
		}
		s.start = 0
	}
	n, err := s.conn.Read(s.buf[s.end:])
	s.end += n
	if n > 0 {
		return nil
	}
	return err
}

// A closed is what the server's close frame says.
type closed struct {
	code   int
	reason string
}

func (c closed) Error() string { return fmt.Sprintf("closed by the server: %d %s", c.code, c.reason) }

// read waits for bytes and passes each whole binary message to f, with the
// moment at which it was there. The message is good until f returns.
func (s *socket) read(f func(message []byte, at time.Time) error) error {
	if err := s.fill(); err != nil {
		return err
	}
	return s.frames(time.Now(), f)
}

// frames passes on what has been read.
func (s *socket) frames(at time.Time, f func([]byte, time.Time) error) error {
	for {
		b := s.buf[s.start:s.end]
		if len(b) < 2 {
			return nil
		}
		op, final := b[0]&0x0f, b[0]&0x80 != 0
		size, head := uint64(b[1]&0x7f), 2
		switch {
		case size == 126 && len(b) >= 4:
			size, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
		case size == 127 && len(b) >= 10:
			size, head = binary.BigEndian.Uint64(b[2:]), 10
		case size >= 126:
			return nil
		}
		if size > maxFrame {
			return fmt.Errorf("frame of %d bytes", size)
		}
		if uint64(len(b)-head) < size {
			s.room(head + int(size))
			return nil
		}
		payload := b[head : head+int(size)]
		s.start += head + int(size)
		if err := s.frame(op, final, payload, at, f); err != nil {
			return err
		}
	}
}

// room makes the buffer large enough for a frame at once.
func (s *socket) room(n int) {
	if n <= len(s.buf) {
		return
	}
	grown := make([]byte, n+n/8)
	s.end = copy(grown, s.buf[s.start:s.end])
	s.buf, s.start = grown, 0
}

func (s *socket) frame(op byte, final bool, payload []byte, at time.Time, f func([]byte, time.Time) error) error {
	switch op {
	case opPing:
		return s.write(appendFrame(nil, opPong, payload))
	case opPong, opText:
		return nil
	case opClose:
		c := closed{code: 1005}
		if len(payload) >= 2 {
			c.code, c.reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
		}
		return c
	case opBinary, opContinuation:
		if op == opBinary && final {
			return f(payload, at)
		}
		s.parts = append(s.parts, payload...)
		if !final {
			return nil
		}
		whole := s.parts
		s.parts = nil
		return f(whole, at)
	default:
		return fmt.Errorf("frame with opcode %d", op)
	}
}

// write sends whole frames.
func (s *socket) write(frames []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.conn.Write(frames)
	return err
}

// appendFrame appends a frame of a client, masked with zero.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	const mask = 0x80
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, mask|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, mask|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, mask|127), uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}

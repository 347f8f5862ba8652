package wire

import (
	"encoding/binary"
	"slices"

	"github.com/civicpress/realtimefx/yjs/protocol"
)

// Frame is one or more whole WebSocket frames, ready for the socket. It is
// never changed after it was made.
type Frame []byte

// The first byte of a WebSocket frame: FIN and the opcode.
const (
	finText   = 0x81
	finBinary = 0x82
	finClose  = 0x88
	finPing   = 0x89
	finPong   = 0x8a
)

// maxHeader is the longest header of an unmasked frame.
const maxHeader = 10

var (
	// Ping is a WebSocket ping without payload.
	Ping = Frame{finPing, 0}

	// KeepAlive is an awareness message about nobody. Stock y-websocket takes
	// a connection for dead when no message came for 30 s, and pings do not
	// count; to everybody else this says nothing.
	KeepAlive = Frame{finBinary, 3, protocol.MessageAwareness, 1, 0}

	// EmptyStep2 answers a step 1 that lacks nothing.
	EmptyStep2 = Frame{finBinary, 5, protocol.MessageSync, protocol.SyncStep2, 2, 0, 0}
)

func appendHeader(dst []byte, first byte, n int) []byte {
	switch {
	case n <= 125:
		return append(dst, first, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(n))
	}
}

// appendMessage appends one frame around the message head+payload, where
// payload is written with its length in front, as y-protocols do.
func appendMessage(dst Frame, payload []byte, head ...byte) Frame {
	var count [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(count[:], uint64(len(payload)))
	n := len(head) + k + len(payload)
	dst = slices.Grow(dst, maxHeader+n)
	dst = appendHeader(dst, finBinary, n)
	dst = append(dst, head...)
	dst = append(dst, count[:k]...)
	return append(dst, payload...)
}

// Step1 asks the client for what sv lacks.
func Step1(sv []byte) Frame {
	return appendMessage(nil, sv, protocol.MessageSync, protocol.SyncStep1)
}

// Step2 answers a client's step 1.
func Step2(update []byte) Frame {
	return appendMessage(nil, update, protocol.MessageSync, protocol.SyncStep2)
}

// AppendUpdate appends the frame that passes an update on.
func AppendUpdate(dst Frame, update []byte) Frame {
	return appendMessage(dst, update, protocol.MessageSync, protocol.SyncUpdate)
}

// Awareness passes presence states on.
func Awareness(update []byte) Frame {
	return appendMessage(nil, update, protocol.MessageAwareness)
}

// Text is a frame that holds JSON.
func Text(json []byte) Frame {
	dst := make(Frame, 0, maxHeader+len(json))
	return append(appendHeader(dst, finText, len(json)), json...)
}

// PingReply is the pong to a ping with this payload, at most 125 bytes.
func PingReply(payload []byte) Frame {
	payload = payload[:min(len(payload), 125)]
	return append(appendHeader(make(Frame, 0, 2+len(payload)), finPong, len(payload)), payload...)
}

// CloseFrame is the frame that says why; nothing may follow it.
func CloseFrame(c Close) Frame {
	if c.Code == NoStatus {
		return Frame{finClose, 0}
	}
	text := truncate(c.Reason, maxReason)
	dst := appendHeader(make(Frame, 0, 4+len(text)), finClose, 2+len(text))
	return append(binary.BigEndian.AppendUint16(dst, uint16(c.Code)), text...)
}

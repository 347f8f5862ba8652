package main

import "encoding/binary"

// frame is a message of a server as it goes over the wire.
type frame struct {
	bytes []byte
	head  int // bytes before the message
}

func (f frame) message() []byte { return f.bytes[f.head:] }

func newFrame(message []byte) frame {
	const binaryMessage, head = 0x82, 10
	b := append(make([]byte, 0, len(message)+head), binaryMessage)
	switch n := len(message); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return frame{append(b, message...), len(b)}
}

package session

const (
	opPing = 0x89
	opPong = 0x8a
)

// answerPings takes the pings and pongs off the front of what was read, as far
// as they are whole. The library would do that too, but then wait for the
// message that follows, in a goroutine that those who only answer our pings do
// not need.
func (s *Session) answerPings() {
	for {
		op, payload := s.sock.conn.control()
		if op == 0 {
			return
		}
		if op == opPing {
			s.pong(payload)
		}
	}
}

// control takes a ping or a pong off the front of what was read, if one is
// there as a whole and as it should be; everything else is for the library. The
// payload holds until the next read.
func (c *conn) control() (op byte, payload []byte) {
	const head = 6 // with the mask, which every frame of a client has
	n := min(c.unread(), frameHead)
	if n < head {
		return 0, nil
	}
	b, err := c.br.Peek(2) // does not read from the socket, as below: so much is there
	if err != nil || b[0] != opPing && b[0] != opPong || b[1]&0x80 == 0 {
		return 0, nil
	}
	op, size := b[0], head+int(b[1]&0x7f)
	if size > n {
		return 0, nil
	}
	if b, err = c.br.Peek(size); err != nil {
		return 0, nil
	}
	for i := head; i < size; i++ {
		b[i] ^= b[2+(i-head)&3]
	}
	_, _ = c.br.Discard(size)
	return op, b[head:]
}

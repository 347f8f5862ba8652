package realtime

import (
	"io"
	"net"
	"testing"
	"time"
)

// Of those who connect and do not say what they want, a bounded number is
// kept, the youngest. Whoever is quick comes in all the same.
func TestSilentConnectsAreBounded(t *testing.T) {
	const most = 5
	s := newStand(t, standOptions{server: Options{ConnectRate: -1, MaxStrangers: most, UpgradeTimeout: time.Hour}})
	var silent []net.Conn
	for i := range 4 * most {
		c, err := net.Dial("tcp", s.server.Addr().String())
		must(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "GET /realtime/rec")
		must(t, err)
		silent = append(silent, c)
		if i%3 == 0 {
			s.dial(dial{user: 1 + int64(i%4), room: "r1"}).sync().ws.CloseNow()
		}
	}
	for i, c := range silent[:3*most] { // the oldest are closed in any case
		must(t, c.SetReadDeadline(time.Now().Add(patience)))
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Fatalf("silent connection %d is still open: %v", i, err)
		}
	}
	last := silent[len(silent)-1]
	_, err := io.WriteString(last, "ords HTTP/1.1\r\nHost: x\r\n\r\n")
	must(t, err)
	must(t, last.SetReadDeadline(time.Now().Add(patience)))
	if _, err := last.Read(make([]byte, 1)); err != nil {
		t.Errorf("the youngest got no answer: %v", err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

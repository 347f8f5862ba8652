package integration_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// orders are what an attacker is to do. It gets them in its environment,
// because it is a process of its own: what it costs is not the server's.
type orders struct {
	Server  netip.AddrPort
	Rate    int // connects a second
	For     time.Duration
	Kinds   []string
	From    int // addresses of 127.1.0.0/16 that it comes from
	Token   string
	Record  string
	Waiting int // connects that it keeps open at a time, those that wait for an answer included
}

// spoils are what became of the connects.
type spoils struct {
	Tried   int
	Took    time.Duration
	Answers map[string]int
}

// The answers that a connect can get, besides the status of HTTP.
const (
	stormFull   = "queue full" // the system has not connected it
	stormReset  = "reset"
	stormClosed = "closed"
	stormSilent = "none" // until the attacker left
)

const ordersVariable = "STORM_ORDERS"

// TestAttack is the attacker when it is told to be one, and no test otherwise.
func TestAttack(t *testing.T) {
	text := os.Getenv(ordersVariable)
	if text == "" {
		t.Skip("not told to attack")
	}
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(o.attack())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nspoils %s\n", b)
}

// connect is a socket that waits for its answer.
type connect struct {
	fd   int
	kind string
}

// attack makes connects at an even pace from one thread, without waiting for
// any of them: it looks for the answer when the place in its ring is needed.
func (o orders) attack() spoils {
	s := spoils{Answers: make(map[string]int)}
	requests := o.requests()
	ring := make([]connect, max(o.Waiting, 1))
	began := time.Now()
	for ; time.Since(began) < o.For; s.Tried++ {
		for early := time.Duration(s.Tried)*time.Second/time.Duration(o.Rate) - time.Since(began); early > 0; early = 0 {
			time.Sleep(max(early, time.Millisecond)) // then some at once
		}
		place := &ring[s.Tried%len(ring)]
		place.settle(&s)
		kind := o.Kinds[s.Tried%len(o.Kinds)]
		n := s.Tried / len(o.Kinds) % o.From
		fd, err := dialFrom([4]byte{127, 1, byte(n >> 8), byte(n)}, o.Server)
		if err != nil {
			s.Answers[err.Error()]++
			continue
		}
		*place = connect{fd, kind}
		if request := requests[kind]; request == nil {
			place.settle(&s)
		} else if _, err := unix.Write(fd, numbered(request, s.Tried)); err != nil {
			s.Answers[errorAnswer(err)]++
			_ = unix.Close(fd)
			*place = connect{}
		}
	}
	s.Took = time.Since(began)
	for i := range ring {
		ring[i].settle(&s)
	}
	return s
}

// settle takes the answer, if there is one, and leaves with a reset.
func (c *connect) settle(s *spoils) {
	if c.kind == "" {
		return
	}
	var b [64]byte
	n, err := unix.Read(c.fd, b[:])
	answer := stormClosed
	if err != nil {
		answer = stormSilent
		if err != unix.EAGAIN {
			answer = errorAnswer(err)
		}
	} else if f := strings.Fields(string(b[:n])); len(f) > 1 {
		answer = f[1]
	}
	s.Answers[answer]++
	_ = unix.Close(c.fd)
	*c = connect{}
}

func errorAnswer(err error) string {
	switch err {
	case unix.EAGAIN:
		return stormFull
	case unix.ECONNRESET, unix.EPIPE:
		return stormReset
	default:
		return err.Error()
	}
}

// requests are what the kinds of attack send.
func (o orders) requests() map[string][]byte {
	upgrade := func(token, more string) []byte {
		return []byte("GET /realtime/records/" + o.Record + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + more + "Sec-WebSocket-Protocol: auth." + token + "\r\n\r\n")
	}
	return map[string][]byte{
		stormBare:   nil,
		stormToken:  upgrade("wrong-"+number, ""),
		stormOrigin: upgrade(o.Token, "Origin: https://evil.example\r\n"),
		stormHalf:   []byte("GET /realtime/records/" + o.Record + " HTT"),
		stormLimit:  upgrade(o.Token, ""),
	}
}

// number stands in a request for one that no other has.
const number = "00000000"

// numbered puts n where number was, in the request itself.
func numbered(request []byte, n int) []byte {
	if i := bytes.Index(request, []byte("wrong-")); i >= 0 {
		copy(request[i+len("wrong-"):], fmt.Sprintf("%0*d", len(number), n))
	}
	return request
}

// The kinds of attack.
const (
	stormBare   = "connect only"
	stormToken  = "wrong token"
	stormOrigin = "wrong origin"
	stormHalf   = "half a request"
	stormLimit  = "over the limit"
)

func dialFrom(from [4]byte, to netip.AddrPort) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, err
	}
	// A reset when it closes leaves nothing behind in the kernel.
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: from}); err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
	}
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

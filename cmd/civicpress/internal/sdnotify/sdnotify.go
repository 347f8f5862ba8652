// Package sdnotify tells systemd how a service of Type=notify is doing.
//
// Without systemd (no NOTIFY_SOCKET) everything here does nothing. Sending
// does not block: the socket is a datagram socket. [Watch] starts one
// goroutine, which ends with its context; the returned function waits for it.
package sdnotify

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// The states that services send.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	watchdog = "WATCHDOG=1"
)

// Notifier sends to the socket that systemd gave this process.
type Notifier struct {
	addr     string        // "" = nobody listens
	interval time.Duration // 0 = no watchdog
}

// FromEnvironment reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID through
// getenv (os.Getenv).
func FromEnvironment(getenv func(string) string) (Notifier, error) {
	n := Notifier{addr: getenv("NOTIFY_SOCKET")}
	if n.addr == "" {
		return n, nil
	}
	if rest, ok := strings.CutPrefix(n.addr, "@"); ok {
		n.addr = "\x00" + rest // a name in Linux' abstract namespace
	}
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return n, nil // meant for another process
	}
	text := getenv("WATCHDOG_USEC")
	if text == "" {
		return n, nil
	}
	usec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || usec <= 0 {
		return n, fmt.Errorf("WATCHDOG_USEC is %q, not a number of microseconds", text)
	}
	n.interval = time.Duration(usec) * time.Microsecond / 2
	return n, nil
}

// Send sends states, one a line, such as Ready and "STATUS=…".
func (n Notifier) Send(states ...string) error {
	if n.addr == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.addr, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(strings.Join(states, "\n"))); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// Watch tells systemd twice in each watchdog period that the service is
// alive, as long as alive says so; when it does not, systemd restarts the
// service. stop ends it and waits.
func (n Notifier) Watch(ctx context.Context, alive func(context.Context) bool) (stop func()) {
	if n.addr == "" || n.interval == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(n.interval)
		defer tick.Stop()
		for {
			if n.check(ctx, alive) {
				_ = n.Send(watchdog) // a lost datagram shows as a missed beat
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (n Notifier) check(ctx context.Context, alive func(context.Context) bool) bool {
	ctx, cancel := context.WithTimeout(ctx, n.interval)
	defer cancel()
	return alive(ctx)
}

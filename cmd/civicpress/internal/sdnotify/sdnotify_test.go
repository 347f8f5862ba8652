package sdnotify

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func environment(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// listen stands in for systemd: a real datagram socket.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 512)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestSend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn := listen(t, path)
	n, err := FromEnvironment(environment("NOTIFY_SOCKET", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Send(Ready, "STATUS=serving"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, conn); got != "READY=1\nSTATUS=serving" {
		t.Fatalf("got %q", got)
	}
}

func TestWatchBeatsOnlyWhileAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn := listen(t, path)
	n, err := FromEnvironment(environment("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "20000"))
	if err != nil {
		t.Fatal(err)
	}
	if n.interval != 10*time.Millisecond {
		t.Fatalf("interval %v", n.interval)
	}
	var asked atomic.Int64
	dead := make(chan struct{})
	stop := n.Watch(t.Context(), func(context.Context) bool {
		switch asked.Add(1) {
		case 1, 2:
			return true
		case 4: // dead at 3 already, so nothing may follow the second beat
			close(dead)
		}
		return false
	})
	for range 2 {
		if got := receive(t, conn); got != "WATCHDOG=1" {
			t.Fatalf("got %q", got)
		}
	}
	<-dead
	stop()
	if err := n.Send("END"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, conn); got != "END" {
		t.Fatalf("a beat came although the service said it is not alive: %q", got)
	}
}

func TestWithoutSystemd(t *testing.T) {
	n, err := FromEnvironment(environment())
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Send(Ready); err != nil {
		t.Fatal(err)
	}
	n.Watch(t.Context(), func(context.Context) bool { t.Error("asked"); return true })()
}

func TestWatchdogOfAnotherProcess(t *testing.T) {
	n, err := FromEnvironment(environment("NOTIFY_SOCKET", "/x", "WATCHDOG_USEC", "20000", "WATCHDOG_PID", "1"))
	if err != nil || n.interval != 0 {
		t.Fatalf("got %+v, %v", n, err)
	}
}

func TestBadEnvironment(t *testing.T) {
	_, err := FromEnvironment(environment("NOTIFY_SOCKET", "/x", "WATCHDOG_USEC", "soon"))
	if err == nil || !strings.Contains(err.Error(), "WATCHDOG_USEC") {
		t.Fatalf("got %v", err)
	}
	n, err := FromEnvironment(environment("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody")))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Send(Ready); err == nil || !strings.Contains(err.Error(), "notify systemd") {
		t.Fatalf("nobody listens: got %v", err)
	}
}

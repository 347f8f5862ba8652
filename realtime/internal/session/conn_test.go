package session

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/civicpress/realtimefx/realtime/internal/wire"
)

// pipe returns the two ends of a TCP connection on loopback.
func pipe(t testing.TB) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close(); there.Close() })
	return here, there
}

func TestConnReadsWhatComesAndKeepsNoBuffer(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, []byte("early "))
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	go func() {
		_, _ = there.Write(want)
		there.Close()
	}()
	got, small := []byte(nil), make([]byte, 7)
	for {
		n, err := c.Read(small)
		got = append(got, small[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if string(got) != "early "+string(want) {
		t.Errorf("%d bytes, want %d", len(got), len(want)+6)
	}
	if c.in != nil {
		t.Error("a buffer is held")
	}
}

func TestConnWritesFramesWhole(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, nil)
	var frames []wire.Frame
	var want []byte
	for i := range 500 {
		f := wire.Frame(bytes.Repeat([]byte{byte(i)}, (i*i)%70_000+1))
		frames, want = append(frames, f), append(want, f...)
	}
	go func() {
		if n, err := c.writeFrames(frames); err != nil || n != len(want) {
			t.Errorf("wrote %d of %d: %v", n, len(want), err)
		}
		c.Close()
	}()
	got, err := io.ReadAll(there)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
}

func TestNothingFollowsACloseFrame(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, nil)
	if _, err := c.Write([]byte{opClose, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.writeFrames([]wire.Frame{wire.Ping}); err == nil {
		t.Error("a frame after the close frame")
	}
	c.Close()
	if got, _ := io.ReadAll(there); !bytes.Equal(got, []byte{opClose, 0}) {
		t.Errorf("%x", got)
	}
}

func TestWritingAllocatesNothing(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, nil)
	go func() { _, _ = io.Copy(io.Discard, there) }()
	frames := make([]wire.Frame, 16)
	for i := range frames {
		frames[i] = wire.AppendUpdate(nil, make([]byte, 64))
	}
	if n := testing.AllocsPerRun(200, func() {
		if _, err := c.writeFrames(frames); err != nil {
			t.Fatal(err)
		}
	}); n > 0.5 {
		t.Errorf("%v allocations for a drain of 16 frames", n)
	}
}

// A peer that does not read takes what fits into the kernel's buffers; the rest
// waits for it elsewhere, whole and in order.
func TestConnWritesWithoutWaiting(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, nil)
	if c.raw == nil {
		t.Skip("sockets cannot be polled on this system")
	}
	var frames []wire.Frame
	var want []byte
	for i := range 300 {
		f := wire.Frame(bytes.Repeat([]byte{byte(i)}, (i*i)%90_000+1))
		frames, want = append(frames, f), append(want, f...)
	}
	n, left, err := c.tryFrames(frames) // nobody reads
	if err != nil || left == nil {
		t.Fatalf("%d of %d bytes fit into a socket that nobody reads: %v", n, len(want), err)
	}
	if c.writeMu.TryLock() {
		t.Fatal("somebody may write into the middle of a frame")
	}
	clear(frames) // the caller uses its slice again
	go func() {
		k, err := c.finish(left)
		if err != nil || n+k != len(want) {
			t.Errorf("wrote %d and %d of %d: %v", n, k, len(want), err)
		}
		if !c.writeMu.TryLock() {
			t.Error("the connection stays locked")
		}
		c.Close()
	}()
	got, err := io.ReadAll(there)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
}

// What fits is written at once, and nothing is left.
func TestConnWritesAtOnceWhatFits(t *testing.T) {
	here, there := pipe(t)
	c := newConn(here, nil)
	frames := []wire.Frame{wire.Ping, wire.KeepAlive, wire.Frame(bytes.Repeat([]byte{7}, 40_000))}
	n, left, err := c.tryFrames(frames)
	if err != nil || left != nil || n != len(wire.Ping)+len(wire.KeepAlive)+40_000 {
		t.Fatalf("%d bytes, left %v: %v", n, left, err)
	}
	c.Close()
	if got, err := io.ReadAll(there); err != nil || len(got) != n {
		t.Errorf("%d bytes arrived of %d: %v", len(got), n, err)
	}
}

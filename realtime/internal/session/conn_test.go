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
		here.Close()
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
	here.Close()
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

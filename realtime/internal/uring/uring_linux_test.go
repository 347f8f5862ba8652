package uring

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func newRing(t testing.TB, requests int, tell bool) *Ring {
	t.Helper()
	r, err := New(requests, tell)
	if err != nil {
		t.Skip("the system has no io_uring for us: ", err)
	}
	t.Cleanup(r.Close)
	return r
}

// pair is two ends of a socket that does not block.
func pair(t testing.TB) (from, to int) {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(ends[0]); unix.Close(ends[1]) })
	return ends[0], ends[1]
}

func received(t testing.TB, fd int) []byte {
	t.Helper()
	b := make([]byte, 1<<20)
	n, err := unix.Read(fd, b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func TestSendToMany(t *testing.T) {
	r := newRing(t, 16, false)
	var from, to [16]int
	for i := range from {
		from[i], to[i] = pair(t)
	}
	for round := range 100 { // around the end of the queues
		n := 1 + round%16
		for i := range n {
			r.Send(from[i], fmt.Appendf(nil, "letter %d for %d", round, i))
		}
		if round%30 == 0 {
			runtime.GC()
		}
		r.Submit()
		for i := range n {
			want := fmt.Sprintf("letter %d for %d", round, i)
			if k, err := r.Result(i); k != len(want) || err != nil {
				t.Fatalf("sent %d bytes of %q: %v", k, want, err)
			}
			if got := received(t, to[i]); string(got) != want {
				t.Fatalf("received %q, want %q", got, want)
			}
		}
	}
}

// One socket's trouble is not another's, and none of them is waited for.
func TestSendTellsOfEach(t *testing.T) {
	r := newRing(t, 4, false)
	from, to := pair(t)
	full, _ := pair(t)
	gone, other := pair(t)
	unix.Close(other)
	big := make([]byte, 8<<20)
	r.Send(full, big)
	r.Submit()
	if n, err := r.Result(0); n <= 0 || n >= len(big) || err != nil {
		t.Fatalf("a socket took %d of %d bytes: %v", n, len(big), err)
	}
	r.Send(full, []byte("x"))
	r.Send(gone, []byte("x"))
	r.Send(9999, []byte("x"))
	r.Send(from, []byte("hello"))
	r.Submit()
	for i, want := range []error{syscall.EAGAIN, syscall.EPIPE, syscall.EBADF, nil} {
		if _, err := r.Result(i); !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", i, err, want)
		}
	}
	if got := received(t, to); string(got) != "hello" {
		t.Errorf("received %q", got)
	}
	if r.Broken() {
		t.Error("the ring counts as broken")
	}
}

func TestWriteSync(t *testing.T) {
	for _, tell := range []bool{true, false} {
		t.Run(fmt.Sprint("tell ", tell), func(t *testing.T) {
			r := newRing(t, 2, tell)
			name := filepath.Join(t.TempDir(), "file")
			f, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var want []byte
			for i := range 100 {
				b := bytes.Repeat(fmt.Appendf(nil, "entry %d;", i), 1+i*i%977)
				r.WriteSync(int(f.Fd()), b, int64(len(want)))
				r.Submit()
				if n, err := r.Result(0); n != len(b) || err != nil {
					t.Fatalf("wrote %d of %d bytes: %v", n, len(b), err)
				}
				if _, err := r.Result(1); err != nil {
					t.Fatalf("sync: %v", err)
				}
				want = append(want, b...)
			}
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the file holds %d bytes, want %d, or others: %v", len(got), len(want), err)
			}
		})
	}
}

// What was not written is not synced.
func TestWriteSyncOnAFullDisk(t *testing.T) {
	r := newRing(t, 2, true)
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	r.WriteSync(int(f.Fd()), []byte("hello"), 0)
	r.Submit()
	if n, err := r.Result(0); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d bytes: %v", n, err)
	}
	if _, err := r.Result(1); !errors.Is(err, ErrNotTaken) {
		t.Errorf("sync: %v", err)
	}
	if r.Broken() {
		t.Error("the ring counts as broken")
	}
}

// However the wait ends, the kernel is done with the bytes when Submit returns.
func TestSubmitWaitsForTheKernel(t *testing.T) {
	r := newRing(t, 2, true)
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r.done.Close()
	r.WriteSync(int(f.Fd()), []byte("hello"), 0)
	r.Submit()
	if n, err := r.Result(0); n != 5 || err != nil {
		t.Errorf("wrote %d bytes: %v", n, err)
	}
	if _, err := r.Result(1); err != nil {
		t.Errorf("sync: %v", err)
	}
	if !r.Broken() {
		t.Error("a ring that tells of nothing does not count as broken")
	}
}

func TestNotTaken(t *testing.T) {
	from, to := pair(t)
	t.Run("by a ring that is gone", func(t *testing.T) {
		r := newRing(t, 2, false)
		fd := r.fd
		r.fd = -1
		r.Send(from, []byte("x"))
		r.Send(from, []byte("y"))
		r.Submit()
		for i := range 2 {
			if n, err := r.Result(i); n != 0 || !errors.Is(err, ErrNotTaken) {
				t.Errorf("request %d: sent %d, %v", i, n, err)
			}
		}
		if !r.Broken() {
			t.Error("it does not count as broken")
		}
		r.fd = fd
	})
	t.Run("by a kernel that cannot do it", func(t *testing.T) {
		r := newRing(t, 2, false)
		r.queue([]byte("x"), request{op: 0xff, fd: int32(from)})
		r.Send(from, []byte("y")) // not looked at after that
		r.Submit()
		for i := range 2 {
			if _, err := r.Result(i); !errors.Is(err, ErrNotTaken) {
				t.Errorf("request %d: %v", i, err)
			}
		}
		r.Send(from, []byte("hello")) // and the queue is in order
		r.Submit()
		if n, err := r.Result(0); n != 5 || err != nil {
			t.Errorf("sent %d bytes afterwards: %v", n, err)
		}
		if got := received(t, to); string(got) != "hello" {
			t.Errorf("received %q", got)
		}
	})
}

func TestCloseLeavesNothingOpen(t *testing.T) {
	open := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(all)
	}
	before := open()
	for range 20 {
		r, err := New(2, true)
		if err != nil {
			t.Skip(err)
		}
		r.Close()
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors are open, before it were %d", after, before)
	}
}

// BenchmarkSend is a letter to seven people, with one system call and with seven.
func BenchmarkSend(b *testing.B) {
	const people = 7
	var from, to [people]int
	for i := range from {
		from[i], to[i] = pair(b)
	}
	letter, got := make([]byte, 40), make([]byte, 100)
	read := func() {
		for i := range to {
			if _, err := unix.Read(to[i], got); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("ring", func(b *testing.B) {
		r := newRing(b, people, false)
		for b.Loop() {
			for i := range from {
				r.Send(from[i], letter)
			}
			r.Submit()
			read()
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			for i := range from {
				if _, err := unix.Write(from[i], letter); err != nil {
					b.Fatal(err)
				}
			}
			read()
		}
	})
}

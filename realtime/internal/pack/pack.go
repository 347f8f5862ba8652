// Package pack compresses encoded documents, for stores and for rooms that
// nobody edits. Its coders serve the whole process; every function may be called
// from any goroutine and returns bytes of the caller's own.
package pack

import (
	"bytes"
	"fmt"
	"sync"
	"weak"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxSize bounds what Unpack inflates, in bytes.
	maxSize = 1 << 30
	// keepBuffer is up to which size a buffer is kept.
	keepBuffer = 64 << 10
)

// coders are an encoder with the buffers that it works in, so that packing
// leaves nothing behind but the result, and a decoder. The fastest level has
// the smallest table, a quarter of a megabyte; it packs Markdown to 4 % more
// bytes than the next one, whose tables take more than a megabyte.
type coders struct {
	decoder *zstd.Decoder

	mu      sync.Mutex
	encoder *zstd.Encoder
	in, out []byte // guarded by mu
}

// now is what is in use: made when it is needed, and let go of by the first
// collection that finds nobody at it.
var now struct {
	mu     sync.Mutex
	coders weak.Pointer[coders]
}

func get() *coders {
	now.mu.Lock()
	defer now.mu.Unlock()
	if c := now.coders.Value(); c != nil {
		return c
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are constant
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSize))
	if err != nil {
		panic(err)
	}
	c := &coders{decoder: d, encoder: e}
	now.coders = weak.Make(c)
	return c
}

// Hold makes the coders and keeps them for as long as the result is reachable.
// They have channels: tests in a bubble of testing/synctest hold them outside.
func Hold() any {
	c := get()
	c.encoder.EncodeAll(nil, nil) // makes its channels
	return c
}

// Pack compresses the parts, one behind the other, as one zstd frame.
func Pack(parts ...[]byte) []byte {
	c := get()
	c.mu.Lock()
	defer c.mu.Unlock()
	in := c.in
	if len(parts) == 1 {
		in = parts[0]
	} else {
		for _, part := range parts {
			in = append(in, part...)
		}
		c.in = emptied(in)
	}
	out := c.encoder.EncodeAll(in, c.out)
	c.out = emptied(out)
	return bytes.Clone(out)
}

func emptied(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

// Unpack inflates what Pack made.
func Unpack(b []byte) ([]byte, error) {
	out, err := get().decoder.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return out, nil
}

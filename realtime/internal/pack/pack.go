// Package pack compresses encoded documents, for stores and for rooms that
// nobody edits. Its coders serve the whole process; every function may be called
// from any goroutine and returns bytes of the caller's own.
package pack

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// maxSize bounds what Unpack inflates, in bytes.
const maxSize = 1 << 30

// Coders are made at first use: a process that stores nothing pays nothing.
var (
	encoder = sync.OnceValue(func() *packer {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constant
		}
		return &packer{zstd: e}
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSize))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// packer is the encoder with the buffers that it works in, so that packing
// leaves nothing behind but the result.
type packer struct {
	mu      sync.Mutex
	zstd    *zstd.Encoder
	in, out []byte // guarded by mu
}

// keepBuffer is up to which size a buffer is kept.
const keepBuffer = 64 << 10

// Pack compresses the parts, one behind the other, as one zstd frame.
func Pack(parts ...[]byte) []byte {
	p := encoder()
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.in
	if len(parts) == 1 {
		in = parts[0]
	} else {
		for _, part := range parts {
			in = append(in, part...)
		}
		p.in = emptied(in)
	}
	out := p.zstd.EncodeAll(in, p.out)
	p.out = emptied(out)
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
	out, err := decoder().DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return out, nil
}

// Package pack compresses encoded documents, for stores and for rooms that
// nobody edits. Its coders serve the whole process; every function may be called
// from any goroutine and returns bytes of the caller's own.
package pack

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// maxSize bounds what Unpack inflates, in bytes.
const maxSize = 1 << 30

// Coders are made at first use: a process that stores nothing pays nothing.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constant
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSize))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// Pack compresses b as one zstd frame.
func Pack(b []byte) []byte { return encoder().EncodeAll(b, nil) }

// Unpack inflates what Pack made.
func Unpack(b []byte) ([]byte, error) {
	out, err := decoder().DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return out, nil
}

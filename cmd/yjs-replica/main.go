// Command yjs-replica hosts one document on standard input and output, for
// comparison with Yjs: requests and answers are length-prefixed frames, one
// answer for each request, in order. Operations: R reset, A apply, E encode,
// V state vector, J tree as JSON, G apply to a scratch document and measure,
// I info, S memory, M merge, D diff, F state vector of an update, X write.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	statusOK = iota
	statusError
	statusPanic
	statusUnsupported
)

const maxFrame = 1 << 30

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "yjs-replica:", err)
		os.Exit(1)
	}
}

// serve answers requests until the input ends.
func serve(in io.Reader, out io.Writer) error {
	r, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriterSize(out, 1<<16)
	host := newHost()
	for {
		op, payload, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return err
		}
		status, answer := host.handle(op, payload)
		if err := writeFrame(w, status, answer); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

func readFrame(r io.Reader) (op byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxFrame {
		return 0, nil, fmt.Errorf("request of %d bytes; must be 1 to %d", n, maxFrame)
	}
	payload = make([]byte, n-1)
	_, err = io.ReadFull(r, payload)
	return head[4], payload, err
}

func writeFrame(w io.Writer, status byte, payload []byte) error {
	var head [5]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(payload)+1))
	head[4] = status
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

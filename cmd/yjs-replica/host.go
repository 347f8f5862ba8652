package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/civicpress/realtimefx/yjs"
)

// A host holds the document and answers requests about it.
type host struct {
	doc  *yjs.Doc
	root string

	events, eventsV2 [][]byte // update events since they were last asked for, if watched
}

func newHost() *host {
	h := &host{}
	h.reset(nil)
	return h
}

var errUnsupported = errors.New("operation is not supported")

// handle answers one request. A panic of the engine would be a bug; it is
// reported as such and the replica stays usable.
func (h *host) handle(op byte, payload []byte) (status byte, answer []byte) {
	defer func() {
		if p := recover(); p != nil {
			status, answer = statusPanic, fmt.Appendf(nil, "panic: %v\n%s", p, debug.Stack())
		}
	}()
	answer, err := h.do(op, payload)
	switch {
	case errors.Is(err, errUnsupported):
		return statusUnsupported, nil
	case err != nil:
		return statusError, []byte(err.Error())
	}
	return statusOK, answer
}

func (h *host) do(op byte, p []byte) ([]byte, error) {
	switch op {
	case 'R':
		return nil, h.reset(p)
	case 'A':
		return nil, h.doc.ApplyUpdate(p, "remote")
	case 'E':
		return h.doc.EncodeStateAsUpdate(p)
	case 'V':
		return h.doc.EncodeStateVector(), nil
	case 'J':
		return tree(h.doc.XMLFragment(h.root))
	case 'G':
		return garbage(p)
	case 'I':
		return json.Marshal(map[string]any{
			"name": "civicpress", "version": "0", "attrs": "any", "embeds": true, "ops": "RAEVJGISX" + moreOps,
		})
	case 'S':
		return stats()
	case 'X':
		return h.exec(p)
	}
	return h.doMore(op, p)
}

func (h *host) reset(p []byte) error {
	o := struct {
		Root     string  `json:"root"`
		GC       *bool   `json:"gc"`
		ClientID float64 `json:"clientID"`
		Events   bool    `json:"events"`
	}{Root: "default"}
	if len(p) > 0 {
		if err := json.Unmarshal(p, &o); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
	}
	h.root = o.Root
	h.doc = yjs.NewDoc(yjs.Options{ClientID: uint64(o.ClientID), DisableGC: o.GC != nil && !*o.GC})
	if o.Events {
		h.watch()
	}
	return nil
}

// garbage applies bytes to a document of their own.
func garbage(p []byte) ([]byte, error) {
	answer := struct {
		Err   *string `json:"err"`
		Panic *string `json:"panic"`
		NS    int64   `json:"ns"`
		Alloc uint64  `json:"alloc"`
	}{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	func() {
		defer func() {
			if p := recover(); p != nil {
				s := fmt.Sprint(p)
				answer.Panic = &s
			}
		}()
		if err := yjs.NewDoc(yjs.Options{}).ApplyUpdate(p, nil); err != nil {
			s := err.Error()
			answer.Err = &s
		}
	}()
	answer.NS = time.Since(start).Nanoseconds()
	runtime.ReadMemStats(&after)
	answer.Alloc = after.TotalAlloc - before.TotalAlloc
	return json.Marshal(answer)
}

func stats() ([]byte, error) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return json.Marshal(map[string]uint64{"heap": m.HeapAlloc})
}

// parts splits a payload of length-prefixed parts.
func parts(p []byte, n int) ([][]byte, []byte, error) {
	out := make([][]byte, 0, min(n, 1024))
	for range n {
		if len(p) < 4 {
			return nil, nil, errors.New("payload is too short")
		}
		k := binary.BigEndian.Uint32(p)
		if p = p[4:]; uint64(k) > uint64(len(p)) {
			return nil, nil, errors.New("payload is too short")
		}
		out, p = append(out, p[:k:k]), p[k:]
	}
	return out, p, nil
}

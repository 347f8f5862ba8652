package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/civicpress/realtimefx/yjs"
	"github.com/reearth/ygo/crdt"
)

// A document is one of a Go engine.
type document interface {
	apply(update []byte) error
	encode() ([]byte, error)
}

type oursDoc struct{ *yjs.Doc }

func (d oursDoc) apply(u []byte) error    { return d.ApplyUpdate(u, nil) }
func (d oursDoc) encode() ([]byte, error) { return d.EncodeStateAsUpdate(nil) }

type ygoDoc struct{ *crdt.Doc }

func (d ygoDoc) apply(u []byte) error    { return crdt.ApplyUpdateV1(d.Doc, u, nil) }
func (d ygoDoc) encode() ([]byte, error) { return crdt.EncodeStateAsUpdateV1(d.Doc, nil), nil }

var makers = map[string]func() document{
	"ours": func() document { return oursDoc{yjs.NewDoc(yjs.Options{})} },
	"ygo":  func() document { return ygoDoc{crdt.New()} },
}

// A figure is what one process measures.
type figure struct {
	NS      float64 `json:"ns,omitempty"`
	Bytes   float64 `json:"bytes,omitempty"`
	Partial bool    `json:"partial,omitempty"` // stopped at the limit
	Error   string  `json:"error,omitempty"`
}

func (f figure) value() float64 { return max(f.NS, f.Bytes) }

// measure runs one workload of a Go engine and writes the figure as JSON. It does
// what integration_test/js/engine/bench/runner.mjs does for the others.
func measure(out io.Writer, dir string, one oneRun, limit time.Duration) error {
	newDoc, known := makers[one.engine]
	if !known {
		return fmt.Errorf("engine %q does not run in Go", one.engine)
	}
	base, err := os.ReadFile(filepath.Join(dir, one.set+".base"))
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(dir, one.set+".steps"))
	if err != nil {
		return err
	}
	m := measurer{newDoc: newDoc, base: base, limit: limit}
	for len(raw) >= 4 {
		n := 4 + binary.BigEndian.Uint32(raw)
		m.steps = append(m.steps, raw[4:n])
		raw = raw[n:]
	}
	if one.kind == "final" {
		state, err := m.final()
		if err != nil {
			return err
		}
		_, err = io.Copy(out, bytes.NewReader(state))
		return err
	}
	f, err := m.figure(one.kind)
	if err != nil {
		f.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(f)
}

type measurer struct {
	newDoc func() document
	base   []byte
	steps  [][]byte
	limit  time.Duration
}

func (m *measurer) loaded() (document, error) {
	d := m.newDoc()
	if len(m.base) <= 2 {
		return d, nil
	}
	return d, d.apply(m.base)
}

func (m *measurer) figure(kind string) (f figure, err error) {
	switch kind {
	case kindSteps:
		least, most := 3, 200
		if len(m.steps) > 10_000 {
			least, most = 2, 4
		}
		f.NS, err = m.best(least, most, func() (float64, error) { return m.applySteps(&f) })
	case kindLoad:
		f.NS, err = m.best(3, 200, func() (float64, error) {
			d := m.newDoc()
			start := time.Now()
			err := d.apply(m.base)
			return float64(time.Since(start)), err
		})
	case kindEncode:
		d, err := m.loaded()
		if err != nil {
			return f, err
		}
		f.NS, err = m.best(3, 200, func() (float64, error) {
			start := time.Now()
			_, err := d.encode()
			return float64(time.Since(start)), err
		})
		return f, err
	case kindMemory:
		f.Bytes, err = m.memory()
	default:
		err = fmt.Errorf("unknown kind %q", kind)
	}
	return f, err
}

// applySteps returns the nanoseconds of one small update.
func (m *measurer) applySteps(f *figure) (float64, error) {
	d, err := m.loaded()
	if err != nil {
		return 0, err
	}
	runtime.GC()
	start := time.Now()
	for i, u := range m.steps {
		if err := d.apply(u); err != nil {
			return 0, fmt.Errorf("update %d: %w", i, err)
		}
		if i&255 == 255 && time.Since(start) > m.limit {
			f.Partial = true
			return float64(time.Since(start)) / float64(i+1), nil
		}
	}
	return float64(time.Since(start)) / float64(len(m.steps)), nil
}

// best calls once for some seconds and returns the lowest figure: what else the
// machine does is left out.
func (m *measurer) best(least, most int, once func() (float64, error)) (float64, error) {
	const enough = 5 * time.Second
	start := time.Now()
	low := math.Inf(1)
	for i := 0; i < most && (i < least || time.Since(start) < enough); i++ {
		v, err := once()
		if err != nil {
			return 0, err
		}
		low = min(low, v)
		if time.Since(start) > m.limit {
			break
		}
	}
	return low, nil
}

func (m *measurer) memory() (float64, error) {
	const docs = 8
	if _, err := m.loaded(); err != nil {
		return 0, err
	}
	used := func() float64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	before := used()
	keep := make([]document, docs)
	for i := range keep {
		d, err := m.loaded()
		if err != nil {
			return 0, err
		}
		keep[i] = d
	}
	after := used()
	runtime.KeepAlive(keep)
	return (after - before) / docs, nil
}

// final returns the state after all steps.
func (m *measurer) final() ([]byte, error) {
	d, err := m.loaded()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	for i, u := range m.steps {
		if err := d.apply(u); err != nil {
			return nil, fmt.Errorf("update %d: %w", i, err)
		}
		if time.Since(start) > m.limit {
			return nil, fmt.Errorf("stopped after %d of %d updates, %v", i+1, len(m.steps), m.limit)
		}
	}
	return d.encode()
}

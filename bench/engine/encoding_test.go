package main

import (
	"bytes"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
	"github.com/reearth/ygo/encoding"
)

// Where ygo's encoding package, v1.0.0, differs from lib0. If one of these tests
// fails, a later version has become exact: read docs/decisions again.
func TestWhereYgoIsNotLib0(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
	}{
		{"undefined", lib0.Undefined},
		{"negative zero", func() float64 { z := 0.0; return -z }()},
		{"BigInt", lib0.BigInt(5)},
	} {
		want, err := lib0.AppendAny(nil, tc.value)
		if err != nil {
			t.Fatal(err)
		}
		v, err := encoding.NewDecoder(want).ReadAny()
		if err != nil {
			continue // does not read it at all
		}
		if got, err := ygoAny(v); err == nil && bytes.Equal(got, want) {
			t.Errorf("%s: ygo keeps % x", tc.name, want)
		}
	}
}

// ygoAny is what ygo writes; it panics on what it does not know.
func ygoAny(v any) (b []byte, err any) {
	defer func() { err = recover() }()
	e := encoding.NewEncoder()
	e.WriteAny(v)
	return e.Bytes(), nil
}

// sample is what a cursor, a link and a table cell hold.
var sample = lib0.Object{
	{Key: "href", Value: "https://example.org/records/bylaw-4"}, {Key: "title", Value: nil}, {Key: "level", Value: 2.0},
	{Key: "colwidth", Value: []any{120.0, 80.0}}, {Key: "checked", Value: true},
}

func BenchmarkReadVarUint(b *testing.B) {
	var buf []byte
	for i := range uint64(1000) {
		buf = lib0.AppendVarUint(buf, i*i*i)
	}
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			d := lib0.NewDecoder(buf)
			for d.Len() > 0 {
				if _, err := d.VarUint(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("ygo", func(b *testing.B) {
		for b.Loop() {
			d := encoding.NewDecoder(buf)
			for d.HasContent() {
				if _, err := d.ReadVarUint(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkReadString(b *testing.B) {
	var buf []byte
	for range 100 {
		buf = lib0.AppendString(buf, "the council has met on monday")
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := lib0.NewDecoder(buf)
			for d.Len() > 0 {
				if _, err := d.StringBytes(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("ygo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := encoding.NewDecoder(buf)
			for d.HasContent() {
				if _, err := d.ReadVarString(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkAny(b *testing.B) {
	buf, err := lib0.AppendAny(nil, sample)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("read/ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := lib0.NewDecoder(buf)
			if _, err := d.Any(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read/ygo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encoding.NewDecoder(buf).ReadAny(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("skip/ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := lib0.NewDecoder(buf)
			if _, err := d.SkipAny(); err != nil {
				b.Fatal(err)
			}
		}
	})
	plain := sample.Map()
	b.Run("write/ours", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]byte, 0, 256)
		for b.Loop() {
			if _, err := lib0.AppendAny(dst, sample); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write/ygo", func(b *testing.B) {
		b.ReportAllocs()
		e := encoding.NewEncoder()
		for b.Loop() {
			e.Reset()
			e.WriteAny(plain)
		}
	})
}

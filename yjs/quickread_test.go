package yjs

import (
	"reflect"
	"testing"

	"github.com/civicpress/realtimefx/yjs/lib0"
)

// sameRead reads the structs of an update in both ways, from every place where
// one begins, and compares.
func sameRead(t *testing.T, update []byte) (quick int) {
	t.Helper()
	r, err := newBlockReader(update, false)
	if err != nil {
		return 0
	}
	for {
		if ok, err := r.nextGroup(); !ok || err != nil {
			return quick
		}
		for r.structs > 0 {
			pos, clock := r.dec.Pos(), r.clock
			var want block
			_, err := r.next(&want)
			for _, checked := range []bool{false, true} {
				got := block{id: ID{1, 2}, data: []byte("of the struct before")}
				q := quickReader{buf: update, pos: pos}
				if checked && err != nil {
					continue // such a struct is never read a second time
				}
				if !got.quick(&q, r.client, clock, checked) {
					if q.pos != pos || q.bad {
						t.Fatalf("struct %d:%d: left the reader at %d instead of %d", r.client, clock, q.pos, pos)
					}
					continue
				}
				quick++
				if err != nil {
					t.Fatalf("struct %d:%d is wrong (%v) and was read", r.client, clock, err)
				}
				if q.pos != r.dec.Pos() || !reflect.DeepEqual(got, want) {
					t.Fatalf("struct %d:%d, checked %v: read %+v up to %d, want %+v up to %d", r.client, clock, checked, got, q.pos, want, r.dec.Pos())
				}
			}
			if err != nil {
				return quick
			}
		}
	}
}

func TestQuickReadsWhatReadReads(t *testing.T) {
	for _, v := range vectors(t) {
		for _, u := range append(v.updates(t), unhex(t, v.State)) {
			sameRead(t, u)
		}
	}
	for name, u := range hostileUpdates(t) {
		t.Run(name, func(t *testing.T) { sameRead(t, u) })
	}
	for name, make := range attacks {
		t.Run(name, func(t *testing.T) { sameRead(t, make(100)) })
	}
	if n := sameRead(t, blocks()); n < 10_000 {
		t.Errorf("%d structs were read quickly", n)
	}
}

// What is wrong, or not as JavaScript writes it, is left to read.
func TestQuickLeavesTheRestToRead(t *testing.T) {
	named := text(1, 0, "x").root("")
	named.rootName = []byte("\xff")
	for name, b := range map[string]block{
		"root name":     named,
		"key":           text(1, 0, "x").root("\xff"),
		"text":          text(1, 0, "a\xff").root(""),
		"element":       block{id: ID{1, 0}, info: kindType, typeRef: typeXMLElement, len: 1, data: []byte("\xff")}.root(""),
		"mark":          block{id: ID{1, 0}, info: kindFormat, len: 1, key: []byte("\xff"), data: []byte("true")}.root(""),
		"mark's value":  block{id: ID{1, 0}, info: kindFormat, len: 1, key: []byte("b"), data: []byte("1.0")}.root(""),
		"embed":         block{id: ID{1, 0}, info: kindEmbed, len: 1, data: []byte("{ }")}.root(""),
		"value":         block{id: ID{1, 0}, info: kindAny, len: 1, data: []byte{123, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0}}.root(""),
		"large integer": text(1, 0, "x").after(lib0.MaxSafeInteger+1, 0),
	} {
		t.Run(name, func(t *testing.T) {
			if n := sameRead(t, update([]block{b}, nil)); n > 0 {
				t.Error("was read quickly")
			}
		})
	}
}

func FuzzQuickRead(f *testing.F) {
	for _, v := range vectors(f) {
		for _, u := range v.updates(f) {
			f.Add(u)
		}
	}
	for _, make := range attacks {
		f.Add(make(3))
	}
	f.Fuzz(func(t *testing.T, update []byte) { sameRead(t, update) })
}
